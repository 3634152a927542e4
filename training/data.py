"""A drawn set in memory: pictures mapped from disk, captions as numbers, and which caption is true of which picture."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch

from training.models import IMAGE_SIZE

Pixels = npt.NDArray[np.uint8]
Picture = tuple[Pixels, tuple[int, int]]
"""Squashed to (208, 208, 3) uint8, and the (width, height) it had before."""


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
    shape: tuple[int, int]
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

    def pictures(self, indices: list[int]) -> list[Picture]:
        """Pictures by their places in the set."""
        places = (self._places[index] for index in indices)
        return [
            (self._shards[shard][row], self.items[index].shape) for index, (shard, row) in zip(indices, places, strict=True)
        ]

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
    shape = record["shape"]
    if not isinstance(texts, list) or not isinstance(facts, list) or not isinstance(shape, list):
        raise ValueError("not a record of a drawn set")
    found = tuple(Text(text=str(text["text"]), facts=frozenset(text["facts"]), form=str(text["form"])) for text in texts)
    width, height = shape
    return Item(
        kind=str(record["kind"]), shape=(int(width), int(height)), facts=frozenset(str(fact) for fact in facts), texts=found
    )


def truth(texts: list[Text], items: list[Item]) -> torch.Tensor:
    """Float (texts, items): 1 where the caption is true of the picture, that is, states nothing that does not hold of it."""
    return torch.tensor([[float(text.facts <= item.facts) for item in items] for text in texts])


def normalised(pixels: torch.Tensor) -> torch.Tensor:
    """uint8 to float -1..1, as the processors of the models do it."""
    return pixels.float().div_(127.5).sub_(1.0)


def _fitted(pixels: Pixels, shape: tuple[float, float]) -> Pixels:
    """A picture in its own proportions (width, height), as large as fits into the square of the models."""
    wide, tall = (max(1, min(IMAGE_SIZE, round(IMAGE_SIZE * side / max(shape)))) for side in shape)
    return np.asarray(cv2.resize(pixels, (wide, tall), interpolation=cv2.INTER_AREA), np.uint8)


def _boxed(pixels: Pixels) -> Pixels:
    """The picture in the middle of the square, black beside it."""
    square = np.zeros((IMAGE_SIZE, IMAGE_SIZE, 3), np.uint8)
    tall, wide = pixels.shape[:2]
    left, top = (IMAGE_SIZE - wide) // 2, (IMAGE_SIZE - tall) // 2
    square[top : top + tall, left : left + wide] = pixels
    return square


def _tensor(pictures: list[Pixels]) -> torch.Tensor:
    return normalised(torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous())


def centred(pictures: list[Picture]) -> torch.Tensor:
    """The whole pictures at the size of the models, unchanged, in -1..1."""
    return _tensor([_boxed(_fitted(pixels, shape)) for pixels, shape in pictures])


_SOME = 0.35
"""The share of pictures whose sharpness changes, of those that get grain, and of those whose light and colour stay."""


def _one(pixels: Pixels, shape: tuple[int, int], rng: np.random.Generator) -> Pixels:
    """One picture cut and stretched a little at the size of the models; its light, colour, sharpness and grain changed."""
    side = pixels.shape[0]
    wide, tall = (rng.uniform(0.86, 1.0, 2) if rng.random() < 0.8 else np.ones(2)) * side
    left, top = rng.uniform(0, side - wide), rng.uniform(0, side - tall)
    cut = pixels[int(top) : int(top + tall), int(left) : int(left + wide)]
    stretch = np.exp(rng.normal(0, 0.08))
    result = _fitted(cut, (shape[0] * wide * stretch, shape[1] * tall / stretch))
    if rng.random() < 0.5:
        colourful = rng.choice((0.0, rng.uniform(0.3, 1.5)))
        mixing = np.full((3, 3), (1 - colourful) / 3) + np.eye(3) * colourful
        result = cv2.transform(result, mixing).astype(np.uint8, copy=False)
    if rng.random() < _SOME:
        amount = rng.uniform(-0.9, 1.2)
        sharper = cv2.addWeighted(result, 1 + amount, cv2.blur(result, (3, 3)), -amount, 0)
        result = sharper.astype(np.uint8, copy=False)
    if rng.random() < _SOME:
        grain = rng.integers(-20, 21, (*result.shape[:2], 1), dtype=np.int16) * rng.uniform(0.1, 0.7)
        result = np.clip(result + grain, 0, 255).astype(np.uint8)
    if rng.random() < _SOME:
        return _boxed(np.asarray(result, np.uint8))
    curve = np.linspace(0, 1, 256) ** np.exp(rng.uniform(-0.5, 0.5)) * rng.uniform(0.85, 1.1) + rng.uniform(-0.06, 0.08)
    table = curve[:, None] * rng.uniform(0.97, 1.03, 3)
    return _boxed(np.asarray(cv2.LUT(result, (255 * table).clip(0, 255).astype(np.uint8)[None]), np.uint8))


def augmented(pictures: list[Picture], generator: torch.Generator) -> torch.Tensor:
    """Squashed pictures with their shapes, each changed of its own: float (pictures, 3, 192, 192) in -1..1."""
    rng = np.random.default_rng(int(torch.randint(2**62, (1,), generator=generator)))
    return _tensor([_one(pixels, shape, rng) for pixels, shape in pictures])
