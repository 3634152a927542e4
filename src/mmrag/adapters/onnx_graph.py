"""Transformer parts as ONNX nodes, filled with the tensors of ``model.safetensors``.

What is written here runs on onnxruntime alone: neither torch nor transformers is loaded, which would take five seconds and
some 350 MB. Shapes are (batch, tokens, width) unless said otherwise; numbers are float32.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from mmrag.errors import ModelMissingError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import ModelProto, NodeProto, TensorProto

    Weights: TypeAlias = Mapping[str, NDArray[np.float32]]

WEIGHTS_FILE: Final = "model.safetensors"


def read_weights(folder: Path) -> dict[str, NDArray[np.float32]]:
    """The tensors of ``model.safetensors`` in ``folder`` as float32. Raises ``ModelMissingError`` when it cannot be read."""
    import numpy as np
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return {name: np.asarray(tensor, np.float32) for name, tensor in load_file(folder / WEIGHTS_FILE).items()}
    except (OSError, SafetensorError) as error:
        raise ModelMissingError(f"The weights in {folder} cannot be read ({error}).") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder:
    """The sizes of a stack of pre-normalised transformer layers. ``source`` is the prefix of its weights."""

    source: str
    layers: int
    heads: int
    width: int
    activation: str
    epsilon: float


class Graph:
    """Nodes and constants of one model, collected in order."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self._known: set[str] = set()

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        import numpy as np
        from onnx import numpy_helper

        if name not in self._known:
            self._known.add(name)
            self.constants.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def ints(self, *values: int) -> str:
        import numpy as np

        return self.constant(f"ints {values}", np.array(values, np.int64))

    def floats(self, value: float) -> str:
        import numpy as np

        return self.constant(f"float {value}", np.array(value, np.float32))

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: object) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))  # type: ignore[arg-type]  # by name
        return output

    def dense(self, x: str, source: str, output: str, *, scale: float = 1.0) -> str:
        """``x W^T + b`` times ``scale``; torch keeps W as (out, in). Without a bias where the weights have none."""
        import numpy as np

        factor = np.float32(scale)
        weight = self.constant(f"{output}.w", self.weights[f"{source}.weight"].T * factor)
        product = self.node("MatMul", [x, weight], f"{output}.xw")
        if f"{source}.bias" not in self.weights:
            return product
        return self.node("Add", [product, self.constant(f"{output}.b", self.weights[f"{source}.bias"] * factor)], output)

    def normalised(self, x: str, source: str, output: str, epsilon: float) -> str:
        scale = self.constant(f"{output}.g", self.weights[f"{source}.weight"])
        bias = self.constant(f"{output}.b", self.weights[f"{source}.bias"])
        return self.node("LayerNormalization", [x, scale, bias], output, epsilon=epsilon, axis=-1)

    def activated(self, x: str, kind: str, output: str) -> str:
        """Raises ``ModelMissingError`` for an activation that there is no node for."""
        if kind == "quick_gelu":  # x * sigmoid(1.702 x), Hendrycks and Gimpel 2016
            inner = self.node("Sigmoid", [self.node("Mul", [x, self.floats(1.702)], f"{output}.in")], f"{output}.s")
            return self.node("Mul", [x, inner], output)
        if kind in ("gelu_new", "gelu_pytorch_tanh", "gelu_fast"):
            return self.node("Gelu", [x], output, approximate="tanh")
        if kind == "gelu":
            return self.node("Gelu", [x], output)
        if kind == "relu":
            return self.node("Relu", [x], output)
        raise ModelMissingError(
            f"The image model uses {kind!r}, which the embedded form cannot run: set models.profile to hub."
        )

    def split_heads(self, x: str, heads: int, size: int, *, is_key: bool = False) -> str:
        """To (batch, heads, tokens, size); keys come turned, as (batch, heads, size, tokens)."""
        shaped = self.node("Reshape", [x, self.ints(0, 0, heads, size)], f"{x}.split")
        return self.node("Transpose", [shaped], f"{x}.heads", perm=[0, 2, 3, 1] if is_key else [0, 2, 1, 3])

    def attended(self, query: str, key: str, value: str, width: int, output: str, *, mask: str | None = None) -> str:
        """Scaled dot-product attention over heads, joined again. The scale is in the queries; ``mask`` is added."""
        scores = self.node("MatMul", [query, key], f"{output}.scores")
        if mask is not None:
            scores = self.node("Add", [scores, mask], f"{output}.allowed")
        shares = self.node("Softmax", [scores], f"{output}.shares", axis=-1)
        mixed = self.node("MatMul", [shares, value], f"{output}.mixed")
        ordered = self.node("Transpose", [mixed], f"{output}.ordered", perm=[0, 2, 1, 3])
        return self.node("Reshape", [ordered, self.ints(0, 0, width)], output)

    def encoded(self, x: str, encoder: Encoder, *, mask: str | None = None) -> str:
        """All layers of ``encoder``: ``x + attention(norm(x))``, then ``x + mlp(norm(x))``."""
        size = encoder.width // encoder.heads
        for number in range(encoder.layers):
            source, at = f"{encoder.source}.layers.{number}", f"{encoder.source}.{number}"
            inner = self.normalised(x, f"{source}.layer_norm1", f"{at}.norm1", encoder.epsilon)
            flat = {
                name: self.dense(
                    inner, f"{source}.self_attn.{name}_proj", f"{at}.{name}", scale=size**-0.5 if name == "q" else 1
                )
                for name in "qkv"
            }
            q, k, v = (self.split_heads(flat[n], encoder.heads, size, is_key=n == "k") for n in "qkv")
            context = self.attended(q, k, v, encoder.width, f"{at}.context", mask=mask)
            x = self.node("Add", [x, self.dense(context, f"{source}.self_attn.out_proj", f"{at}.out")], f"{at}.middle")
            inner = self.normalised(x, f"{source}.layer_norm2", f"{at}.norm2", encoder.epsilon)
            wide = self.activated(self.dense(inner, f"{source}.mlp.fc1", f"{at}.fc1"), encoder.activation, f"{at}.act")
            x = self.node("Add", [x, self.dense(wide, f"{source}.mlp.fc2", f"{at}.fc2")], f"{at}.x")
        return x

    def patches(
        self, pixels: str, source: str, *, patch: int, width: int, mean: Sequence[float], std: Sequence[float]
    ) -> str:
        """``pixels`` (batch, side, side, 3) uint8 to (batch, 1 + patches, width): class token first, positions added."""
        import numpy as np
        from onnx import TensorProto

        weights = self.weights
        plane = self.node("Transpose", [pixels], "plane", perm=[0, 3, 1, 2])
        numbers = self.node("Cast", [plane], "numbers", to=TensorProto.FLOAT)
        shift = self.constant("mean", 255 * np.array(mean, np.float32).reshape(1, 3, 1, 1))
        scale = self.constant("std", 255 * np.array(std, np.float32).reshape(1, 3, 1, 1))
        normal = self.node("Div", [self.node("Sub", [numbers, shift], "shifted"), scale], "normal")
        conv = [normal, self.constant("patch.w", weights[f"{source}.patch_embedding.weight"])]
        if f"{source}.patch_embedding.bias" in weights:
            conv.append(self.constant("patch.b", weights[f"{source}.patch_embedding.bias"]))
        grid = self.node("Conv", conv, "grid", kernel_shape=[patch, patch], strides=[patch, patch])
        flat = self.node(
            "Transpose", [self.node("Reshape", [grid, self.ints(0, width, -1)], "flat")], "tokens", perm=[0, 2, 1]
        )
        batch = self.node("Shape", [pixels], "batch", start=0, end=1)
        many = self.node("Concat", [batch, self.ints(1, width)], "class.shape", axis=0)
        token = self.constant("class", weights[f"{source}.class_embedding"].reshape(1, 1, width))
        joined = self.node("Concat", [self.node("Expand", [token, many], "classes"), flat], "joined", axis=1)
        return self.node("Add", [joined, self.constant("positions", self._positions(source, width))], "embedded")

    def _positions(self, source: str, width: int) -> NDArray[np.float32]:
        """CLIP keeps them as an embedding's weight, BLIP as a parameter."""
        name = f"{source}.position_embedding"
        return self.weights[f"{name}.weight" if f"{name}.weight" in self.weights else name].reshape(1, -1, width)

    def model(self, name: str, inputs: Sequence[tuple[str, int, Sequence[str | int]]], outputs: Sequence[str]) -> ModelProto:
        """The whole, checked by nobody but onnxruntime. ``inputs`` are names, ONNX types and shapes."""
        from onnx import TensorProto, helper

        taken = [helper.make_tensor_value_info(n, kind, list(shape)) for n, kind, shape in inputs]
        given = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in outputs]
        whole = helper.make_graph(self.nodes, name, taken, given, self.constants)
        return helper.make_model(whole, opset_imports=[helper.make_opsetid("", 20)], ir_version=9, producer_name="mmrag")
