"""Image and text vectors by a CLIP or SigLIP model of the hub, through transformers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import anyio.to_thread

from mmrag.adapters.fitting import Form, loaded
from mmrag.adapters.hub import HubModel
from mmrag.adapters.hub_port import HubPort
from mmrag.adapters.memory import in_batches

if TYPE_CHECKING:
    from mmrag.ports import Pixels, Vectors

_TEXTS: Final = 32


class HubClip(HubPort):
    """``ImageEmbedder`` with any dual encoder that transformers knows by ``get_image_features`` and ``get_text_features``.

    See ``HubPort`` for what it raises.
    """

    @cached_property
    def dimension(self) -> int:
        return int(self._texts(("x",)).shape[1])

    @cached_property
    def logit_scale(self) -> float:
        return float(self._loaded.network.logit_scale.detach().exp())

    async def embed_images(self, images: Sequence[Pixels]) -> Vectors:
        return await anyio.to_thread.run_sync(self._images, tuple(images), limiter=self._limiter)

    async def embed_texts(self, texts: Sequence[str]) -> Vectors:
        return await anyio.to_thread.run_sync(self._texts, tuple(texts), limiter=self._limiter)

    def _images(self, images: tuple[Pixels, ...]) -> Vectors:
        from PIL import Image

        def some(part: Sequence[Pixels]) -> list[Vectors]:
            taken = self._loaded.processor(images=[Image.fromarray(pixels) for pixels in part], return_tensors="pt")
            return [self._run("get_image_features", {"pixel_values": taken["pixel_values"]})]

        return _joined(in_batches(images, self._loaded.form.batch, some))

    def _texts(self, texts: tuple[str, ...]) -> Vectors:
        def some(part: Sequence[str]) -> list[Vectors]:
            # SigLIP was trained on texts padded to its full length (Zhai et al. 2023) and takes no mask.
            padding = "max_length" if self._loaded.model_type.startswith("siglip") else True
            taken = self._loaded.processor(text=list(part), padding=padding, truncation=True, return_tensors="pt")
            return [self._run("get_text_features", {k: taken[k] for k in ("input_ids", "attention_mask") if k in taken})]

        return _joined(in_batches(texts, _TEXTS, some))

    def _run(self, method: str, inputs: dict[str, Any]) -> Vectors:
        import numpy as np
        import torch

        loaded = self._loaded
        placed = {
            k: v.to(loaded.form.device, loaded.network.dtype if v.is_floating_point() else v.dtype)
            for k, v in inputs.items()
        }
        with torch.inference_mode():
            found = getattr(loaded.network, method)(**placed)
        rows = getattr(found, "pooler_output", found)
        vectors: Vectors = torch.nn.functional.normalize(rows.float(), dim=-1).cpu().numpy().astype(np.float32)
        return vectors

    @cached_property
    def _loaded(self) -> _Loaded:
        return _Loaded(self._model, self._form())


class _Loaded:
    """A network and its processor. No type fits them all."""

    def __init__(self, model: HubModel, form: Form) -> None:
        from transformers import AutoModel, AutoProcessor

        processors: Any = AutoProcessor
        self.form = form
        self.model_type = model.model_type()
        self.network: Any = loaded(AutoModel, model, form)
        self.processor: Any = processors.from_pretrained(model.weights.folder, local_files_only=True)


def _joined(parts: Sequence[Vectors]) -> Vectors:
    import numpy as np

    return np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)
