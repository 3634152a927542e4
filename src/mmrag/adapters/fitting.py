"""Whether a model fits into memory, and in which form, before anything of it is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mmrag.adapters.hub import HubModel
from mmrag.adapters.prepared import Quantize
from mmrag.errors import ModelMissingError, SettingsError

if TYPE_CHECKING:
    import torch

ROOM: Final = 1.2
"""What a model takes beside its weights while it looks at one picture, as a share of them."""
BASE_BYTES: Final = 300_000_000
MOST_PICTURES: Final = 8
_BYTES: Final = {"float32": 4.0, "bfloat16": 2.0, "float16": 2.0}
_GPU_QUANTIZED: Final[dict[Quantize, float]] = {"int8": 1.1, "4bit": 0.7}
_CPU_INT8: Final = 2.0
"""Bytes for each parameter: loaded in 16 bits, then brought to 8 layer by layer, so that the load is the most it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """``device`` as torch calls it, ``dtype`` the number format that is fast on it, ``free`` bytes of its memory."""

    device: str
    dtype: str
    free: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a model is loaded. ``batch`` is how many pictures it looks at together."""

    device: str
    dtype: str
    quantize: Quantize
    batch: int


def this_machine() -> Machine:
    """Loads torch."""
    import psutil
    import torch

    if torch.cuda.is_available():
        free, _ = torch.cuda.mem_get_info()
        return Machine(device="cuda", dtype="bfloat16" if torch.cuda.is_bf16_supported() else "float16", free=int(free))
    memory = int(psutil.virtual_memory().available)
    if torch.backends.mps.is_available():
        return Machine(device="mps", dtype="float16", free=memory)
    return Machine(device="cpu", dtype="float32", free=memory)


def form_for(model: HubModel, quantize: Quantize, machine: Machine) -> Form:
    """The form in which ``model`` is loaded. Pure.

    Raises ``ModelMissingError`` with advice when it would not fit, ``SettingsError`` for 4 bits without a GPU.
    """
    if quantize == "4bit" and machine.device != "cuda":
        raise SettingsError("models.quantize: 4bit needs an NVIDIA GPU; set it to int8.")
    dtype = "bfloat16" if quantize == "int8" and machine.device == "cpu" else machine.dtype
    each = _bytes_each(quantize, machine)
    needed = _needed(model, each)
    if needed > machine.free:
        raise ModelMissingError(
            f"{model.name} needs about {needed / 1e9:.1f} GB of memory and {machine.free / 1e9:.1f} GB are free:"
            f" {_advice(model, quantize, machine)}."
        )
    spare = machine.free - needed
    picture = max(1, int(model.weights.parameters * each * (ROOM - 1)))
    return Form(
        device=machine.device, dtype=dtype, quantize=quantize, batch=max(1, min(MOST_PICTURES, 1 + spare // picture))
    )


def loaded(architecture: Any, model: HubModel, form: Form) -> Any:
    """``architecture.from_pretrained`` in that form, ready to be asked. Safetensors only, nothing is downloaded.

    No type fits all models. Raises ``ModelMissingError`` when the folder is of another architecture or a package is missing.
    """
    import torch

    extra: dict[str, object] = {}
    if form.device == "cuda" and form.quantize != "none":
        extra = {"quantization_config": _bits_and_bytes(form), "device_map": "cuda"}
    try:
        made = architecture.from_pretrained(
            model.weights.folder, local_files_only=True, use_safetensors=True, dtype=getattr(torch, form.dtype), **extra
        )
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
        raise ModelMissingError(f"{model.name} cannot be loaded: {' '.join(str(error).split())[:200]}") from error
    if form.device == "cpu" and form.quantize == "int8":
        _to_int8(made)
    elif not extra:
        made = made.to(form.device)
    return made.eval()


def _bytes_each(quantize: Quantize, machine: Machine) -> float:
    if quantize == "none":
        return _BYTES[machine.dtype]
    return _GPU_QUANTIZED[quantize] if machine.device == "cuda" else _CPU_INT8


def _needed(model: HubModel, each: float) -> int:
    return int(model.weights.parameters * each * ROOM) + BASE_BYTES


def _advice(model: HubModel, quantize: Quantize, machine: Machine) -> str:
    """What would fit: fewer bits where they are enough, else a smaller model."""
    choices: tuple[Quantize, ...] = ("int8", "4bit") if machine.device == "cuda" else ("int8",)
    for choice in choices[choices.index(quantize) + 1 if quantize in choices else 0 :]:
        if _needed(model, _bytes_each(choice, machine)) <= machine.free:
            return f"set models.quantize to {choice}, or name a smaller model"
    least = min(_bytes_each(choice, machine) for choice in choices)
    billions = max(0.0, (machine.free - BASE_BYTES) / ROOM / least / 1e9)
    return f"name a model of at most {billions:.1f} billion parameters and set models.quantize to {choices[-1]}"


def _bits_and_bytes(form: Form) -> object:
    import importlib.util

    if importlib.util.find_spec("bitsandbytes") is None:
        raise ModelMissingError("models.quantize on a GPU needs a package: pip install bitsandbytes")
    import torch
    from transformers import BitsAndBytesConfig

    configuration: Any = BitsAndBytesConfig
    if form.quantize == "4bit":
        return configuration(load_in_4bit=True, bnb_4bit_compute_dtype=getattr(torch, form.dtype))
    return configuration(load_in_8bit=True)


def _to_int8(model: torch.nn.Module) -> None:
    """Replace every linear layer by one with 8-bit weights, one at a time; all other numbers become 32 bits again."""
    import torch
    from torch.ao.nn.quantized.dynamic import Linear
    from torch.ao.quantization import default_dynamic_qconfig

    quantized: Any = Linear  # ships no types
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is torch.nn.Linear:
                vars(child.float())["qconfig"] = default_dynamic_qconfig
                setattr(parent, name, quantized.from_float(child))
            elif not list(child.children()):
                child.float()
    for module in model.modules():
        for key, parameter in list(module.named_parameters(recurse=False)):
            if parameter.dtype == torch.bfloat16:
                setattr(module, key, torch.nn.Parameter(parameter.detach().float(), requires_grad=False))
