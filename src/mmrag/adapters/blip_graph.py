"""A BLIP captioner (Li et al. 2022) as two ONNX graphs, from what ``BlipForConditionalGeneration.save_pretrained`` writes.

``vision``: ``pixels`` uint8 (pictures, side, side, 3) to ``cross``, the keys and values that every layer of the decoder
attends to: float32 (2 layers, pictures, heads, places, size). They depend on the picture alone, so they are made once.

``step``: one more word of every caption. ``ids`` int64 (pictures, 1), ``past`` float32 (2 layers, pictures, heads, words so
far, size) and ``cross``, to ``logits`` (pictures, 1, vocabulary) and ``present``, the ``past`` of the next step. In ``past``
and ``cross`` each layer's keys stand before its values.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from mmrag.adapters.clip_graph import TowerConfig
from mmrag.adapters.onnx_graph import Graph
from mmrag.errors import ModelMissingError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import ModelProto

    from mmrag.adapters.onnx_graph import Weights
    from mmrag.adapters.picture_size import PictureSize

GRAPH_VERSION: Final = 1
_BERT: Final = "text_decoder.bert"
_HEAD: Final = "text_decoder.cls.predictions"


class DecoderConfig(BaseModel):
    """What ``config.json`` says of the decoder. Its defaults are those of transformers."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    hidden_size: int = 768
    num_hidden_layers: int = 12
    num_attention_heads: int = 8
    hidden_act: str = "gelu"
    layer_norm_eps: float = 1e-12
    max_position_embeddings: int = 512
    bos_token_id: int = 30522
    sep_token_id: int = 102
    vocab_size: int = 30524

    @property
    def head_size(self) -> int:
        return self.hidden_size // self.num_attention_heads


class BlipConfig(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    text_config: DecoderConfig
    vision_config: TowerConfig


def read_blip_config(folder: Path) -> BlipConfig:
    """Raises ``ModelMissingError`` when ``folder`` holds no BLIP captioner."""
    try:
        return BlipConfig.model_validate(json.loads((folder / "config.json").read_bytes()))
    except (OSError, ValueError, ValidationError) as error:
        raise ModelMissingError(f"{folder} holds no BLIP captioner: {' '.join(str(error).split())[:200]}") from error


def vision_graph(weights: Weights, config: BlipConfig, size: PictureSize) -> ModelProto:
    from onnx import TensorProto

    tower, decoder = config.vision_config, config.text_config
    graph = Graph(_with_parted_attention(weights, tower))
    x = graph.patches(
        "pixels", "vision_model.embeddings", patch=tower.patch_size, width=tower.hidden_size, mean=size.mean, std=size.std
    )
    x = graph.encoded(x, tower.encoder("vision_model.encoder"))
    x = graph.normalised(x, "vision_model.post_layernorm", "seen", tower.layer_norm_eps)
    parts = []
    for layer in range(decoder.num_hidden_layers):
        for name in ("key", "value"):
            source = f"{_BERT}.encoder.layer.{layer}.crossattention.self.{name}"
            flat = graph.dense(x, source, f"cross.{layer}.{name}")
            parts.append(graph.split_heads(flat, decoder.num_attention_heads, decoder.head_size))
    _stacked(graph, parts, "cross")
    side = tower.image_size
    return graph.model("blip-vision", [("pixels", TensorProto.UINT8, ["pictures", side, side, 3])], ["cross"])


def step_graph(weights: Weights, config: BlipConfig) -> ModelProto:
    import numpy as np
    from onnx import TensorProto

    decoder = config.text_config
    source = f"{_BERT}.embeddings"
    graph = Graph(weights)
    words = graph.constant("words", weights[f"{source}.word_embeddings.weight"])
    places = graph.constant("places", weights[f"{source}.position_embeddings.weight"])
    so_far = graph.node("Shape", ["past"], "so.far", start=3, end=4)
    word = graph.node("Gather", [words, "ids"], "word")
    x = graph.node("Add", [word, graph.node("Gather", [places, so_far], "place")], "x")
    x = graph.normalised(x, f"{source}.LayerNorm", "embedded", decoder.layer_norm_eps)
    kept: list[str] = []
    for layer in range(decoder.num_hidden_layers):
        x = _decoder_layer(graph, x, decoder, layer, kept)
    _stacked(graph, kept, "present")
    turned = graph.activated(graph.dense(x, f"{_HEAD}.transform.dense", "head"), decoder.hidden_act, "head.act")
    normal = graph.normalised(turned, f"{_HEAD}.transform.LayerNorm", "head.norm", decoder.layer_norm_eps)
    # Output and input words are the same numbers unless the folder says otherwise.
    out = weights.get(f"{_HEAD}.decoder.weight", weights[f"{source}.word_embeddings.weight"])
    bias = weights[f"{_HEAD}.bias"] if f"{_HEAD}.bias" in weights else weights[f"{_HEAD}.decoder.bias"]
    product = graph.node("MatMul", [normal, graph.constant("out.w", out.T)], "out.xw")
    graph.node("Add", [product, graph.constant("out.b", np.asarray(bias))], "logits")
    shape: list[str | int] = [2 * decoder.num_hidden_layers, "pictures", decoder.num_attention_heads]
    inputs: list[tuple[str, int, Sequence[str | int]]] = [
        ("ids", TensorProto.INT64, ["pictures", 1]),
        ("past", TensorProto.FLOAT, [*shape, "words", decoder.head_size]),
        ("cross", TensorProto.FLOAT, [*shape, "places", decoder.head_size]),
    ]
    return graph.model("blip-step", inputs, ["logits", "present"])


def _decoder_layer(graph: Graph, x: str, decoder: DecoderConfig, layer: int, kept: list[str]) -> str:
    """One layer of BERT with cross-attention, normalised after each part. Its keys and values are added to ``kept``."""
    source = f"{_BERT}.encoder.layer.{layer}"
    keys, values = (_remembered(graph, x, decoder, layer, i, name) for i, name in enumerate(("key", "value")))
    kept += [keys, values]
    x = _attended(graph, x, decoder, f"{source}.attention", f"self.{layer}", keys, values)
    cross = [graph.node("Gather", ["cross", _index(graph, 2 * layer + i)], f"cross.{layer}.{i}", axis=0) for i in (0, 1)]
    x = _attended(graph, x, decoder, f"{source}.crossattention", f"cross.{layer}", *cross)
    wide = graph.dense(x, f"{source}.intermediate.dense", f"wide.{layer}")
    narrow = graph.dense(
        graph.activated(wide, decoder.hidden_act, f"act.{layer}"), f"{source}.output.dense", f"narrow.{layer}"
    )
    total = graph.node("Add", [narrow, x], f"sum.{layer}")
    return graph.normalised(total, f"{source}.output.LayerNorm", f"out.{layer}", decoder.layer_norm_eps)


def _remembered(graph: Graph, x: str, decoder: DecoderConfig, layer: int, part: int, name: str) -> str:
    """The keys or values of this word behind those of the words before it."""
    flat = graph.dense(x, f"{_BERT}.encoder.layer.{layer}.attention.self.{name}", f"{name}.{layer}")
    new = graph.split_heads(flat, decoder.num_attention_heads, decoder.head_size)
    old = graph.node("Gather", ["past", _index(graph, 2 * layer + part)], f"past.{layer}.{name}", axis=0)
    return graph.node("Concat", [old, new], f"all.{layer}.{name}", axis=2)


def _attended(graph: Graph, x: str, decoder: DecoderConfig, source: str, at: str, keys: str, values: str) -> str:
    flat = graph.dense(x, f"{source}.self.query", f"{at}.query", scale=decoder.head_size**-0.5)
    query = graph.split_heads(flat, decoder.num_attention_heads, decoder.head_size)
    turned = graph.node("Transpose", [keys], f"{at}.keys", perm=[0, 1, 3, 2])
    context = graph.attended(query, turned, values, decoder.hidden_size, f"{at}.context")
    total = graph.node("Add", [graph.dense(context, f"{source}.output.dense", f"{at}.dense"), x], f"{at}.sum")
    return graph.normalised(total, f"{source}.output.LayerNorm", f"{at}.out", decoder.layer_norm_eps)


def _stacked(graph: Graph, parts: Sequence[str], output: str) -> None:
    wide = [graph.node("Unsqueeze", [part, graph.ints(0)], f"{output} of {part}") for part in parts]
    graph.node("Concat", wide, output, axis=0)


def _index(graph: Graph, number: int) -> str:
    import numpy as np

    return graph.constant(f"index {number}", np.array(number, np.int64))


def _with_parted_attention(weights: Weights, tower: TowerConfig) -> dict[str, NDArray[np.float32]]:
    """BLIP keeps the weights of queries, keys and values in one; here they have the names that CLIP gives them."""
    parted = dict(weights)
    width = tower.hidden_size
    for layer in range(tower.num_hidden_layers):
        source = f"vision_model.encoder.layers.{layer}.self_attn"
        for kind in ("weight", "bias"):
            for i, name in enumerate("qkv"):
                parted[f"{source}.{name}_proj.{kind}"] = weights[f"{source}.qkv.{kind}"][i * width : (i + 1) * width]
            parted[f"{source}.out_proj.{kind}"] = weights[f"{source}.projection.{kind}"]
    return parted
