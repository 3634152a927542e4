"""A drawn set in memory: pictures mapped from disk, captions as numbers, and which caption is true of which picture."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from training.drawing.samples import SIDE
from training.models import IMAGE_SIZE


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A caption with the facts it states; `form` is template, short or detailed."""

    text: str
    facts: frozenset[str]
    form: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What is known of a picture."""

    kind: str
    facts: frozenset[str]
    texts: tuple[Text, ...]


class DrawnSet:
    """A folder of shards. Pictures are read when asked for."""

    def __init__(self, folder: Path, limit: int | None = None) -> None:
        self.items: list[Item] = []
        self._shards: list[npt.NDArray[np.uint8]] = []
        self._places: list[tuple[int, int]] = []
        for place in sorted(folder.glob("*.npy")):
            shard: npt.NDArray[np.uint8] = np.load(place, mmap_mode="r")
            lines = place.with_suffix(".jsonl").read_text(encoding="utf-8").splitlines()
            for index, line in enumerate(lines):
                self.items.append(_item(json.loads(line)))
                self._places.append((len(self._shards), index))
            self._shards.append(shard)
            if limit is not None and len(self.items) >= limit:
                break
        if not self.items:
            raise FileNotFoundError(f"no drawn samples in {folder}: run python -m training.draw --out {folder}")
        self.items, self._places = self.items[:limit], self._places[:limit]

    def __len__(self) -> int:
        return len(self.items)

    def pixels(self, indices: list[int]) -> torch.Tensor:
        """uint8, (pictures, 3, 208, 208)."""
        found = [self._shards[self._places[index][0]][self._places[index][1]] for index in indices]
        return torch.from_numpy(np.stack(found)).permute(0, 3, 1, 2)

    def captions(self) -> list[str]:
        """Every caption of the set."""
        return [text.text for item in self.items for text in item.texts]

    def labels(self, least: float = 0.002, leave_out: tuple[str, ...] = ()) -> list[str]:
        """Facts that hold of at least this share of the pictures, but those of the names in `leave_out`."""
        counts = Counter(
            fact
            for item in self.items
            for fact in item.facts
            if not fact.startswith(tuple(f"{name}=" for name in leave_out))
        )
        return sorted(fact for fact, count in counts.items() if count >= max(2, least * len(self)))


def _item(record: dict[str, object]) -> Item:
    texts = record["captions"]
    facts = record["facts"]
    if not isinstance(texts, list) or not isinstance(facts, list):
        raise ValueError("not a record of a drawn set")
    found = tuple(Text(text=str(text["text"]), facts=frozenset(text["facts"]), form=str(text["form"])) for text in texts)
    return Item(kind=str(record["kind"]), facts=frozenset(str(fact) for fact in facts), texts=found)


def truth(texts: list[Text], items: list[Item]) -> torch.Tensor:
    """Float (texts, items): 1 where the caption is true of the picture, that is, states nothing that does not hold of it."""
    return torch.tensor([[float(text.facts <= item.facts) for item in items] for text in texts])


def normalised(pixels: torch.Tensor) -> torch.Tensor:
    """uint8 to float -1..1, as the processors of the models do it."""
    return pixels.float().div_(127.5).sub_(1.0)


def centred(pixels: torch.Tensor) -> torch.Tensor:
    """The whole pictures at the size of the models, unchanged."""
    resized = functional.interpolate(
        pixels.float(), size=(IMAGE_SIZE, IMAGE_SIZE), mode="bilinear", antialias=True, align_corners=False
    )
    return normalised(resized)


def augmented(pixels: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """A random cut of the batch at a random scale, and light and colour changed picture by picture."""
    count = pixels.shape[0]
    side = int(torch.randint(IMAGE_SIZE - 16, SIDE + 1, (1,), generator=generator))
    top, left = (int(torch.randint(0, SIDE - side + 1, (1,), generator=generator)) for _ in range(2))
    cut = pixels[:, :, top : top + side, left : left + side].float()
    if side != IMAGE_SIZE:
        cut = functional.interpolate(
            cut, size=(IMAGE_SIZE, IMAGE_SIZE), mode="bilinear", antialias=side > IMAGE_SIZE, align_corners=False
        )
    images = normalised(cut)
    gain = 0.8 + 0.4 * torch.rand((count, 1, 1, 1), generator=generator)
    cast = 0.94 + 0.12 * torch.rand((count, 3, 1, 1), generator=generator)
    shift = 0.2 * torch.rand((count, 1, 1, 1), generator=generator) - 0.1
    gain, cast, shift = (value.to(pixels.device) for value in (gain, cast, shift))
    return (images * gain * cast + shift).clamp_(-1, 1)
