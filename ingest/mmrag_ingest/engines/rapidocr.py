"""RapidOCR (PP-OCR weights from its wheel, ONNX on the CPU) with a driver of our own.

The package's own call classifies every line's direction, resizes every crop twice and rounds word boxes to CJK characters.
Here its models and its detector are used as they are; what lies between them is ours: direction is asked of a sample of
lines, lines of like length are read together, and every character keeps its place, so that words can be cut anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from mmrag_ingest.engines.arena import share_arena
from mmrag_ingest.engines.lines import Glyph, OcrLine

Picture = NDArray[np.uint8]
Quad = NDArray[np.float32]

DETECT_LONG = 1472
DETECT_SHORT = 736
DETECT_AREA = DETECT_LONG * 1152
"""Pixels of the sides at which lines are looked for: the longer at most, the shorter at least where that agrees, and in all
no more than an A4 page has: the detector's memory grows with them. Smaller than the detector's own 2000, which finds no more
words on receipts and forms, takes twice the memory and a third more time."""
MOST_ENLARGED = 3.0

_HEIGHT = 48
"""Pixels: the height of a line as the recogniser was trained on it."""
_MIN_RATIO = 3.0
"""Width to height of the narrowest batch; shorter lines are padded. Training padded to 6.7: slower, no better."""
_BATCH_COLUMNS = 1400
"""Pixels of width in one batch: more only takes memory."""
_SPACE_EVIDENCE = 0.05
"""A space is written between two characters when the recogniser gave it at least this probability in between."""
_DIRECTION_SAMPLE = 8
_BOTH_WAYS = 8
"""Lines that run up or down an upright page and are read both ways, at most."""
_LEAST_CONTRAST = 12
"""Of 255: nothing on a page with less between its lightest and darkest point can be read."""


class _Directions(Protocol):
    cls_res: list[tuple[str, float]]


class _Detector(Protocol):
    def session(self, batch: NDArray[np.float32]) -> NDArray[np.float32]: ...

    def postprocess_op(self, heat: NDArray[np.float32], shape: tuple[int, int]) -> tuple[NDArray[np.float32], list[float]]:
        """Boxes in the pixels of a picture of ``shape`` (height, width), corners clockwise, and their scores."""
        ...


class _Classifier(Protocol):
    cls_thresh: float

    def __call__(self, images: list[Picture]) -> _Directions: ...


class _Decoder(Protocol):
    character: list[str]


class _Recogniser(Protocol):
    postprocess_op: _Decoder

    def session(self, batch: NDArray[np.float32]) -> NDArray[np.float32]: ...


class _Models(Protocol):
    """The part of ``rapidocr.RapidOCR`` that is used here: it makes each model on first use."""

    def _load_det_model(self) -> _Detector: ...

    def _load_cls_model(self) -> _Classifier: ...

    def _load_rec_model(self) -> _Recogniser: ...


@dataclass(slots=True, eq=False)
class _Crop:
    """A line cut out of the page. ``turns`` are quarter turns counter-clockwise that brought it upright."""

    image: Picture
    quad: Quad
    turns: int = 0

    def turn(self, quarters: int) -> None:
        """Turn the picture of the line counter-clockwise."""
        self.image, self.turns = np.ascontiguousarray(np.rot90(self.image, quarters)), (self.turns + quarters) % 4

    def upright_quad(self) -> tuple[tuple[float, float], ...]:
        # Turning the picture counter-clockwise by 90 degrees makes its right edge the top.
        rolled = np.roll(self.quad, -self.turns, axis=0)
        return tuple((float(x), float(y)) for x, y in rolled)


class RapidOcrEngine:
    """Made once a process; models load on first use. ``threads`` are those of one model run."""

    def __init__(self, threads: int = 1) -> None:
        self._threads = threads

    @property
    def identity(self) -> str:
        from importlib.metadata import version

        return f"rapidocr-{version('rapidocr')}-PP-OCRv6-small"

    @cached_property
    def _models(self) -> _Models:
        from rapidocr import RapidOCR

        share_arena()
        params = {
            "Global.log_level": "error",
            "EngineConfig.onnxruntime.intra_op_num_threads": self._threads,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
        return cast(_Models, RapidOCR(params=params))

    @cached_property
    def _characters(self) -> list[str]:
        return list(self._models._load_rec_model().postprocess_op.character)

    def read(self, picture: Picture) -> tuple[OcrLine, ...]:
        """Find and read all lines of an RGB picture, shape ``(h, w, 3)``; none on a blank page."""
        if int(picture.max()) - int(picture.min()) < _LEAST_CONTRAST:
            return ()
        picture = np.ascontiguousarray(picture)
        quads = self._detect(picture)
        if not len(quads):
            return ()
        crops = [_cut(picture, quad) for quad in quads]
        doubtful = self._turn_upright(crops)
        lines = self._lines(crops)
        # A line that seems to stand on its head among upright ones: the better reading decides.
        for crop in doubtful:
            crop.turn(2)
        for crop, line in zip(doubtful, self._lines(doubtful), strict=True):
            at = crops.index(crop)
            if line.confidence > lines[at].confidence:
                lines[at] = line
        return tuple(lines)

    def read_at(self, picture: Picture, lines: Sequence[OcrLine]) -> tuple[OcrLine, ...]:
        """Read the places of ``lines`` on another picture of the same shape. One line for each, in their order."""
        picture = np.ascontiguousarray(picture)
        return tuple(self._lines([_cut(picture, np.array(line.quad, dtype=np.float32)) for line in lines]))

    def _lines(self, crops: Sequence[_Crop]) -> list[OcrLine]:
        texts = self._recognise([crop.image for crop in crops])
        return [OcrLine(quad=crop.upright_quad(), glyphs=glyphs) for crop, glyphs in zip(crops, texts, strict=True)]

    def read_strips(self, strips: Sequence[Picture]) -> tuple[str, ...]:
        """Read pictures that each hold one line already, RGB. One text a strip."""
        images = [np.ascontiguousarray(strip[:, :, ::-1]) for strip in strips]
        return tuple("".join(glyph.text for glyph in glyphs) for glyphs in self._recognise(images))

    def _detect(self, picture: Picture) -> NDArray[np.float32]:
        """Boxes of lines in the pixels of ``picture``, shape ``(n, 4, 2)``. Lines are looked for on a smaller copy."""
        tensor, shape = _detector_input(picture)
        detector = self._models._load_det_model()
        quads, _ = detector.postprocess_op(detector.session(tensor), shape)
        if not len(quads):
            return np.zeros((0, 4, 2), dtype=np.float32)
        height, width = picture.shape[:2]
        return np.clip(np.asarray(quads, dtype=np.float32), 0, (width - 1, height - 1)).astype(np.float32)

    def _turn_upright(self, crops: list[_Crop]) -> list[_Crop]:
        """Turn lines that run down the page, and all of them when a sample says that they stand on their heads.

        Returns the lines that alone seem to do so, not turned. The classifier errs on one line in five, so a page is
        judged by many lines and a line by its reading.
        """
        tall = [crop for crop in crops if crop.image.shape[0] >= 1.5 * crop.image.shape[1]]
        side = float(np.median([min(crop.image.shape[:2]) for crop in crops]))
        sideways = len(tall) > 0.5 * len(crops)
        for crop in tall:
            # A single digit or letter is tall as well, but no longer than a line is high.
            if sideways or crop.image.shape[0] > 2.2 * side:
                crop.turn(1)
        turned = [crop for crop in crops if crop.turns]
        ways = (turned, [crop for crop in crops if not crop.turns]) if sideways else (crops,)
        doubtful = [crop for way in ways for crop in self._heads_up(way, always=bool(turned))]
        if not sideways:
            # A line up the side of a page, an axis title, is judged by itself alone: both of its readings decide.
            doubtful += [crop for crop in turned[:_BOTH_WAYS] if not any(crop is other for other in doubtful)]
        return doubtful

    def _heads_up(self, crops: Sequence[_Crop], *, always: bool) -> list[_Crop]:
        """Turn lines of one direction by 180 degrees when most of the longest stand on their heads. Returns the doubtful.

        ``always`` asks about all lines, else only when one of a sample is upside down.
        """
        by_length = sorted(crops, key=lambda crop: -crop.image.shape[1] / max(1, crop.image.shape[0]))
        sample = by_length[:_DIRECTION_SAMPLE]
        verdicts = self._upside_down([crop.image for crop in sample])
        if not any(verdicts) and not always:
            return []
        more = by_length[_DIRECTION_SAMPLE:]
        verdicts += self._upside_down([crop.image for crop in more])
        voters = verdicts[: 3 * _DIRECTION_SAMPLE]
        on_head = sum(voters) > 0.5 * len(voters)
        if on_head:
            for crop in crops:
                crop.turn(2)
        return [crop for crop, flipped in zip(by_length, verdicts, strict=True) if flipped != on_head]

    def _upside_down(self, images: list[Picture]) -> list[bool]:
        if not images:
            return []
        classifier = self._models._load_cls_model()
        return [label == "180" and score > classifier.cls_thresh for label, score in classifier(images).cls_res]

    def _recognise(self, images: list[Picture]) -> list[tuple[Glyph, ...]]:
        """Read lines in batches of like length. The order of the result is that of ``images``."""
        recogniser = self._models._load_rec_model()
        ratios = [image.shape[1] / max(1, image.shape[0]) for image in images]
        order = sorted(range(len(images)), key=ratios.__getitem__)
        results: list[tuple[Glyph, ...]] = [()] * len(images)
        while order:
            batch, order = _next_batch(order, ratios)
            width = int(_HEIGHT * max(_MIN_RATIO, *(ratios[i] for i in batch)))
            tensor, filled = _tensor([images[i] for i in batch], width)
            predictions = recogniser.session(tensor)
            for row, index in enumerate(batch):
                results[index] = _decode(predictions[row], self._characters, filled[row] / width)
        return results


def _next_batch(order: list[int], ratios: list[float]) -> tuple[list[int], list[int]]:
    """Take the narrowest lines as long as padding them to one width wastes little."""
    taken: list[int] = []
    first = max(_MIN_RATIO, ratios[order[0]])
    for index in order:
        ratio = max(_MIN_RATIO, ratios[index])
        if taken and (ratio > 1.25 * first or (len(taken) + 1) * ratio * _HEIGHT > _BATCH_COLUMNS):
            break
        taken.append(index)
    return taken, order[len(taken) :]


def _tensor(images: list[Picture], width: int) -> tuple[NDArray[np.float32], list[int]]:
    """Lines scaled to 48 pixels of height, values in [-1, 1], padded with 0 to ``width``: shape ``(n, 3, 48, width)``."""
    import cv2

    tensor = np.zeros((len(images), 3, _HEIGHT, width), dtype=np.float32)
    filled: list[int] = []
    for row, image in enumerate(images):
        height, wide = image.shape[:2]
        target = max(1, min(width, math.ceil(_HEIGHT * wide / max(1, height))))
        scaled = cv2.resize(image, (target, _HEIGHT))
        tensor[row, :, :, :target] = scaled.transpose(2, 0, 1) * np.float32(2 / 255) - np.float32(1)
        filled.append(target)
    return tensor, filled


def _decode(steps: NDArray[np.float32], characters: list[str], filled: float) -> tuple[Glyph, ...]:
    """Greedy CTC decoding (Graves et al., 2006) of shape ``(steps, classes)`` with the place of each character kept.

    ``filled`` is the share of the width that holds the line; the rest is padding. Class 0 is the blank. A space that came
    second between two characters is written when it came close: lines are recognised with their spaces lost more often
    than with spaces made up.
    """
    best = steps.argmax(axis=1)
    chosen = np.flatnonzero((best != 0) & np.concatenate(([True], best[1:] != best[:-1])))
    count = len(steps) * filled
    space = steps[:, len(characters) - 1]
    glyphs: list[Glyph] = []
    last = -1
    for step in chosen:
        at = min(1.0, (float(step) + 0.5) / count)
        text = characters[best[step]]
        if glyphs and not text.isspace() and not glyphs[-1].text.isspace() and step - last > 1:
            doubt = float(space[last + 1 : step].max())
            if doubt >= _SPACE_EVIDENCE:
                glyphs.append(Glyph(" ", (glyphs[-1].at + at) / 2, doubt))
        glyphs.append(Glyph(text, at, float(steps[step, best[step]])))
        last = int(step)
    return tuple(glyphs)


def _detector_input(image: Picture) -> tuple[NDArray[np.float32], tuple[int, int]]:
    """A copy of an RGB picture for the detector, BGR of shape ``(1, 3, h, w)``, and the (height, width) it stands for.

    Small pictures are enlarged, since letters must be some ten pixels high, large ones reduced. Sides are made multiples of
    32, as the network wants them, by adding paper on the right and below.
    """
    import cv2

    height, width = image.shape[:2]
    wanted = max(1.0, DETECT_SHORT / min(height, width))
    scale = min(DETECT_LONG / max(height, width), math.sqrt(DETECT_AREA / (height * width)), wanted, MOST_ENLARGED)
    new_h, new_w = max(1, round(height * scale)), max(1, round(width * scale))
    if scale != 1.0:
        way = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
        image = cast(Picture, cv2.resize(image, (new_w, new_h), interpolation=way))
    full_h, full_w = -(-new_h // 32) * 32, -(-new_w // 32) * 32
    image = cast(Picture, cv2.copyMakeBorder(image, 0, full_h - new_h, 0, full_w - new_w, cv2.BORDER_REPLICATE))
    tensor = image.transpose(2, 0, 1)[np.newaxis, ::-1].astype(np.float32, order="C")
    tensor *= np.float32(2 / 255)
    tensor -= np.float32(1)
    return tensor, (round(full_h * height / new_h), round(full_w * width / new_w))


def _cut(picture: Picture, quad: Quad) -> _Crop:
    """Straighten the line inside ``quad`` (clockwise from the top left) of an RGB picture. Cut out, it is BGR."""
    import cv2

    width = max(1, int(max(np.linalg.norm(quad[0] - quad[1]), np.linalg.norm(quad[2] - quad[3]))))
    height = max(1, int(max(np.linalg.norm(quad[0] - quad[3]), np.linalg.norm(quad[1] - quad[2]))))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(quad, target)
    cut = cv2.warpPerspective(picture, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return _Crop(image=np.ascontiguousarray(cut[:, :, ::-1]), quad=quad)
