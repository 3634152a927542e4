"""A CLIP model (Radford et al. 2021) as two ONNX graphs, from the folder that ``CLIPModel.save_pretrained`` writes.

``vision``: ``pixels`` uint8 (pictures, side, side, 3) to ``vector`` float32 (pictures, dimension). ``text``: ``ids`` int64
(texts, tokens), padded on the right, to the same. Vectors have length 1.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from mmrag.adapters.onnx_graph import Encoder, Graph
from mmrag.errors import ModelMissingError

if TYPE_CHECKING:
    from onnx import ModelProto

    from mmrag.adapters.onnx_graph import Weights
    from mmrag.adapters.picture_size import PictureSize

GRAPH_VERSION: Final = 1
"""Counted up when the graphs change, so that no older file is taken for them."""


class TowerConfig(BaseModel):
    """What ``config.json`` says of a tower. Its defaults are those of transformers."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    hidden_act: str = "quick_gelu"
    layer_norm_eps: float = 1e-5
    image_size: int = 224
    patch_size: int = 32
    eos_token_id: int = 49407
    max_position_embeddings: int = 77

    def encoder(self, source: str) -> Encoder:
        return Encoder(
            source=source,
            layers=self.num_hidden_layers,
            heads=self.num_attention_heads,
            width=self.hidden_size,
            activation=self.hidden_act,
            epsilon=self.layer_norm_eps,
        )


class ClipConfig(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    projection_dim: int = 512
    text_config: TowerConfig
    vision_config: TowerConfig


def read_clip_config(folder: Path) -> ClipConfig:
    """Raises ``ModelMissingError`` when ``folder`` holds no CLIP model."""
    try:
        return ClipConfig.model_validate(json.loads((folder / "config.json").read_bytes()))
    except (OSError, ValueError, ValidationError) as error:
        raise ModelMissingError(f"{folder} holds no CLIP model: {' '.join(str(error).split())[:200]}") from error


def vision_graph(weights: Weights, config: ClipConfig, size: PictureSize) -> ModelProto:
    import numpy as np
    from onnx import TensorProto

    tower = config.vision_config
    graph = Graph(weights)
    x = graph.patches(
        "pixels", "vision_model.embeddings", patch=tower.patch_size, width=tower.hidden_size, mean=size.mean, std=size.std
    )
    x = graph.normalised(x, "vision_model.pre_layrnorm", "pre", tower.layer_norm_eps)
    x = graph.encoded(x, tower.encoder("vision_model.encoder"))
    first = graph.node("Gather", [x, graph.constant("first", np.array(0, np.int64))], "first.token", axis=1)
    pooled = graph.normalised(first, "vision_model.post_layernorm", "pooled", tower.layer_norm_eps)
    projected = graph.dense(pooled, "visual_projection", "projected")
    graph.node("LpNormalization", [projected], "vector", axis=-1, p=2)
    side = tower.image_size
    return graph.model("clip-vision", [("pixels", TensorProto.UINT8, ["pictures", side, side, 3])], ["vector"])


def text_graph(weights: Weights, config: ClipConfig) -> ModelProto:
    import numpy as np
    from onnx import TensorProto

    tower = config.text_config
    source = "text_model.embeddings"
    graph = Graph(weights)
    length = graph.node("Shape", ["ids"], "length", start=1, end=2)
    words = graph.node("Gather", [graph.constant("words", weights[f"{source}.token_embedding.weight"]), "ids"], "word")
    places = graph.constant("places", weights[f"{source}.position_embedding.weight"])
    place = graph.node("Slice", [places, graph.ints(0), length, graph.ints(0)], "place")
    x = graph.node("Add", [words, place], "x")
    most = tower.max_position_embeddings
    causal = graph.constant("causal", np.triu(np.full((most, most), -1e9, np.float32), 1))
    both = graph.node("Concat", [length, length], "square", axis=0)
    mask = graph.node("Slice", [causal, graph.ints(0, 0), both, graph.ints(0, 1)], "mask")
    x = graph.encoded(x, tower.encoder("text_model.encoder"), mask=mask)
    x = graph.normalised(x, "text_model.final_layer_norm", "final", tower.layer_norm_eps)
    # Models published before transformers 4.31 say 2 and mean the highest id of the row; see CLIPTextModel.
    marked = "ids"
    if tower.eos_token_id != 2:
        is_end = graph.node("Equal", ["ids", graph.ints(tower.eos_token_id)], "is.end")
        marked = graph.node("Cast", [is_end], "end.mark", to=TensorProto.INT64)
    end = graph.node("ArgMax", [marked], "end", axis=1, keepdims=0)
    chosen = graph.node("OneHot", [end, length, graph.constant("off, on", np.array([0, 1], np.float32))], "chosen", axis=-1)
    kept = graph.node("Mul", [x, graph.node("Unsqueeze", [chosen, graph.ints(2)], "chosen.wide")], "kept")
    pooled = graph.node("ReduceSum", [kept, graph.ints(1)], "pooled", keepdims=0)
    graph.node("LpNormalization", [graph.dense(pooled, "text_projection", "projected")], "vector", axis=-1, p=2)
    return graph.model("clip-text", [("ids", TensorProto.INT64, ["texts", "tokens"])], ["vector"])
