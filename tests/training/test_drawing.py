"""The generator: the same seed draws the same, every kind is drawn, and captions say what is on the picture."""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from training.drawing import bars, charts, covers, pages, photos, receipts, slides
from training.drawing.captions import CHARTS, NAMES, Caption, captions, stated
from training.drawing.lexicon import NUMBERS
from training.drawing.pen import Drawn
from training.drawing.samples import SIDE, drawing, sample
from training.drawing.scanner import scan


def test_a_seed_draws_the_same_picture_and_captions_again() -> None:
    for seed in (1, 7, 23):
        first, again = sample(seed), sample(seed)
        assert np.array_equal(first.pixels, again.pixels)
        assert first.captions == again.captions
        assert first.facts == again.facts
    assert not np.array_equal(sample(1).pixels, sample(2).pixels)


def test_samples_are_squares_of_colour_with_the_shape_they_had_before() -> None:
    found = sample(11)
    assert found.pixels.shape == (SIDE, SIDE, 3)
    assert found.pixels.dtype == np.uint8
    assert found.shape == drawing(11)[0].image.size


def test_many_kinds_are_drawn() -> None:
    counts = Counter(drawing(seed)[0].kind for seed in range(250))
    assert counts.keys() <= NAMES.keys()
    assert len(counts) >= 24
    assert max(counts.values()) < 250 / 4


def test_every_fact_a_caption_states_holds_of_its_picture() -> None:
    for seed in range(60):
        found = sample(seed)
        assert len(found.captions) >= 8
        for caption in found.captions:
            assert caption.facts <= found.facts, caption.text


def _number_before(text: str, noun: str) -> int | None:
    words = text.replace(",", "").split()
    for number, word in pairwise(words):
        if word.rstrip("s") == noun.rstrip("s") and (number.isdigit() or number in NUMBERS):
            return int(number) if number.isdigit() else NUMBERS.index(number)
    return None


def _detailed(drawn: Drawn) -> list[Caption]:
    return [caption for caption in captions(random.Random(0), drawn) if caption.form == "detailed"]


@pytest.mark.parametrize(
    ("drawn", "name"),
    [
        (receipts.receipt(random.Random(3)), "items"),
        (bars.bars(random.Random(5)), "bars"),
        (charts.pie(random.Random(8)), "slices"),
        (bars.lying_bars(random.Random(2)), "bars"),
    ],
)
def test_a_detailed_caption_counts_what_was_drawn(drawn: Drawn, name: str) -> None:
    for caption in _detailed(drawn):
        assert _number_before(caption.text, name) == int(drawn.facts[name])


def _tall_runs(column: NDArray[np.bool_], least: int = 6) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], column, [False]]).astype(int)))
    return int((edges[1::2] - edges[::2] >= least).sum())


def test_bars_of_one_colour_are_as_many_as_the_facts_say() -> None:
    checked = 0
    for seed in range(60):
        drawn = bars.lying_bars(random.Random(seed), (400, 500))
        if drawn.facts.get("series") or drawn.facts.get("colour", "grey") == "grey" or "background" in drawn.facts:
            continue
        pixels = np.asarray(drawn.image).astype(int)
        coloured = pixels.max(axis=2) - pixels.min(axis=2) > 25
        tint = Counter(map(tuple, pixels[coloured])).most_common(1)[0][0]
        same = (pixels == tint).all(axis=2)
        checked += 1
        assert max(_tall_runs(same[:, column]) for column in range(400)) == int(drawn.facts["bars"])
    assert checked >= 5


def test_a_template_is_true_of_every_picture_of_its_kind() -> None:
    one, other = sample(3), sample(4)
    template = next(caption for caption in one.captions if caption.form == "template")
    assert template.facts <= one.facts
    assert (template.facts <= other.facts) == (one.kind == other.kind)


def test_the_scanner_says_that_a_page_is_skewed_only_when_it_turned_it() -> None:
    said = 0
    for seed in range(40):
        page = pages.letter(random.Random(seed))
        scanned = scan(random.Random(seed), page)
        said += "skewed" in scanned.facts
        assert "skewed" not in page.facts
        assert scanned.facts.items() >= page.facts.items()
    assert 2 <= said <= 20


def test_photos_are_colourful_and_blank_pages_are_not() -> None:
    photo = np.asarray(photos.photo(random.Random(1)).image.convert("L"))
    blank = np.asarray(covers.blank(random.Random(1)).image.convert("L"))
    assert photo.std() > 3 * blank.std()


def test_charts_and_slides_belong_to_their_groups() -> None:
    assert "group=chart" in stated(charts.lines(random.Random(0)))
    assert "group=slide" in stated(slides.slide(random.Random(0)))
    assert not any(fact.startswith("group=") for fact in stated(covers.blank(random.Random(0))))
    assert {charts.chart(random.Random(seed)).kind for seed in range(60)} <= set(CHARTS)


def test_a_chart_inside_a_page_has_the_size_asked_for() -> None:
    image = charts.chart_inside(random.Random(0), 90, 60)
    assert isinstance(image, Image.Image)
    assert image.size == (90, 60)
