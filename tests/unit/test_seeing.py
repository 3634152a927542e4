"""Seeing: views and the way back to the page, when they are tried and when they are kept, and turned pages."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from layout_support import understood
from mmrag_ingest.engines.lines import Glyph, OcrLine
from mmrag_ingest.engines.rapidocr import RapidOcrEngine
from mmrag_ingest.pages import Rendered
from mmrag_ingest.seeing.agreeing import agreed
from mmrag_ingest.seeing.effort import SHARE, Effort
from mmrag_ingest.seeing.judging import quality, slant_of, sure_letters, turn_of
from mmrag_ingest.seeing.light import light_of
from mmrag_ingest.seeing.second import second_look
from mmrag_ingest.seeing.see import see
from mmrag_ingest.seeing.views import Picture, View
from mmrag_ingest.words import find_words
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mmrag.domain.documents import ElementKind

TEXT = ("Invoice number 48213", "Customer: Harbour Works", "Total amount: 1,204.50", "Payable within 30 days")


def line(
    text: str, at: tuple[float, float] = (20, 20), size: tuple[float, float] = (200, 30), sure: float = 0.95, turn: int = 0
) -> OcrLine:
    (x, y), (w, h) = at, size
    quad = ((x, y), (x + w, y), (x + w, y + h), (x, y + h))
    glyphs = tuple(Glyph(c, (i + 0.5) / len(text), sure) for i, c in enumerate(text))
    return OcrLine(quad=quad[turn:] + quad[:turn], glyphs=glyphs)


def sheet(shade: int = 250, shape: tuple[int, int] = (400, 300)) -> Picture:
    return np.full((*shape, 3), shade, dtype=np.uint8)


def printed(size: tuple[int, int] = (900, 600), ink: int = 0, paper: int = 255) -> Image.Image:
    image = Image.new("RGB", size, (paper,) * 3)
    for number, row in enumerate(TEXT):
        ImageDraw.Draw(image).text((60, 60 + 90 * number), row, fill=(ink,) * 3, font=ImageFont.load_default(40))
    return image


@dataclass
class Scripted:
    """Reads what ``answer`` says of a picture; counts how often it was asked."""

    answer: Callable[[Picture], tuple[OcrLine, ...]]
    again: Sequence[OcrLine] = ()
    pictures: list[Picture] = field(default_factory=list)

    @property
    def identity(self) -> str:
        return "scripted"

    def read(self, picture: Picture) -> tuple[OcrLine, ...]:
        self.pictures.append(picture)
        return self.answer(picture)

    def read_at(self, picture: Picture, lines: Sequence[OcrLine]) -> tuple[OcrLine, ...]:
        return tuple(self.again[: len(lines)])

    def read_strips(self, strips: Sequence[Picture]) -> tuple[str, ...]:
        return ("",) * len(strips)


@pytest.fixture(scope="module")
def engine() -> RapidOcrEngine:
    return RapidOcrEngine(1)


VIEWS: list[Callable[[View], View]] = [
    lambda v: v.turned(1),
    lambda v: v.turned(2),
    lambda v: v.turned(3),
    lambda v: v.straightened(7.0),
    lambda v: v.straightened(-4.0),
    lambda v: v.enlarged(1.5),
    lambda v: v.turned(1).straightened(3.0).enlarged(2.0),
    lambda v: v.evened(),
    lambda v: v.smoothed(),
    lambda v: v.equalised(),
]


@pytest.mark.parametrize("change", VIEWS)
def test_what_lies_on_a_view_is_found_at_its_place_on_the_page(change: Callable[[View], View]) -> None:
    picture = sheet()
    picture[100:116, 200:216] = 0
    view = change(View.as_displayed(picture))
    ys, xs = np.nonzero(view.picture[:, :, 1] < 100)
    x, y = float(xs.mean()) + 0.5, float(ys.mean()) + 0.5
    (back,) = view.on_page([OcrLine(quad=((x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)), glyphs=())])
    assert back.quad[0] == pytest.approx((208, 108), abs=0.8)


def test_evening_takes_a_shadow_away_and_keeps_the_ink() -> None:
    picture = (np.asarray(printed(), dtype=np.float32) * np.linspace(0.25, 1, 900)[None, :, None]).astype(np.uint8)
    assert light_of(picture).is_uneven
    even = View.as_displayed(picture).evened().picture
    assert not light_of(even).is_uneven
    ink = np.asarray(printed())[:, :, 0] < 60
    assert even[:, :, 0][ink].mean() < 60
    assert even[:, :, 0][~ink].mean() > 240


def test_light_tells_faint_print_from_good_and_from_bare_paper() -> None:
    assert not light_of(np.asarray(printed())).is_faint
    assert light_of(np.asarray(printed(ink=200, paper=240))).is_faint
    assert not light_of(sheet()).is_faint
    assert not light_of(sheet(shape=(7, 5))).is_faint


def test_lines_say_how_the_page_lies() -> None:
    assert [turn_of([line("a long text", turn=t)]) for t in range(4)] == [0, 1, 2, 3]
    assert turn_of([line("a long text"), line("1", turn=2), line("2", turn=2)]) == 0
    assert turn_of([]) == 0
    slope = math.tan(math.radians(5))
    leaning = OcrLine(quad=((0, 0), (200, 200 * slope), (200, 200 * slope + 20), (0, 20)), glyphs=line("abc").glyphs)
    assert slant_of([leaning, line("I", size=(10, 30))]) == pytest.approx(5.0)
    assert slant_of([]) == 0.0


def test_sure_letters_are_counted_on_lines_that_were_read() -> None:
    lines = [line("ab c"), line("doubt", sure=0.6), line("noise", sure=0.3)]
    assert sure_letters(lines) == 3
    assert quality(lines) == pytest.approx(3 / 13)
    assert quality([]) == 1.0


def test_a_good_page_is_read_once() -> None:
    scripted = Scripted(lambda p: (line("good print on good paper"),))
    seen = see(np.asarray(printed()), scripted)
    assert len(scripted.pictures) == 1
    assert (seen.turn, seen.notes, len(seen.lines)) == (0, (), 1)


def test_a_few_doubtful_letters_as_on_a_photo_cost_no_further_reading() -> None:
    photo = np.linspace(20, 250, 300, dtype=np.uint8)[None, :, None].repeat(400, axis=0).repeat(3, axis=2)
    assert light_of(photo).is_uneven
    scripted = Scripted(lambda p: (line("EXlT?", sure=0.55),))
    see(photo, scripted)
    assert len(scripted.pictures) == 1
    heap = Scripted(lambda p: (line("letters that are doubtful all over the page", sure=0.75),))
    see(photo, heap)
    assert len(heap.pictures) > 1


def test_another_view_is_kept_only_when_it_reads_more() -> None:
    faint = np.asarray(printed(ink=200, paper=240))

    def better(picture: NDArray[np.uint8]) -> tuple[OcrLine, ...]:
        return (line("clear", sure=0.99),) if picture.min() < 100 else (line("dim"),)

    assert see(faint, Scripted(better)).lines[0].text == "clear"
    same = Scripted(lambda p: (line("clear" if p.min() < 100 else "first"),))
    assert see(faint, same).lines[0].text == "first"
    assert len(same.pictures) > 1


@pytest.mark.parametrize(("seconds", "readings"), [(1.0, 4), (3.0, 3), (4.0, 2), (7.0, 1), (100.0, 1)])
def test_a_page_keeps_its_best_reading_when_there_is_no_time_for_more(seconds: float, readings: int) -> None:
    """A faint page has four readings; a slow machine, or a huge page, gets as many as fit into the limit of a page."""
    now = [0.0]
    faint = np.asarray(printed(ink=200, paper=240))

    def slowly(picture: NDArray[np.uint8]) -> tuple[OcrLine, ...]:
        now[0] += seconds
        return (line("clear", size=(200, 40)) if picture.min() < 100 else line("dim", size=(200, 40)),)

    scripted = Scripted(slowly)
    effort = Effort(most_s=SHARE * 18.0, clock=lambda: now[0])
    seen = see(faint, scripted, effort)
    assert len(scripted.pictures) == readings
    assert now[0] == seconds * readings
    assert readings == 1 or now[0] <= effort.most_s
    assert seen.lines[0].text == ("dim" if readings == 1 else "clear")
    assert ["ingest.page_timeout_s" in note for note in seen.notes] == ([] if readings == 4 else [True])


def test_two_readings_that_agree_are_believed_against_a_third() -> None:
    read = (line("1S55218"), line("15", at=(20, 80), size=(30, 30)))
    one, two = line("LS55218", at=(22, 21), sure=0.93), line("LS55218", at=(19, 18), sure=0.94)
    (first, second) = agreed(read, [[one], [two, line("16", at=(20, 80), size=(30, 30))]])
    assert (first.text, first.confidence) == ("LS55218", pytest.approx(0.94))
    assert second.text == "15", "one alone changes nothing"


@pytest.mark.parametrize(
    "others",
    [
        (line("LS55218"), line("1S55218")),  # one of them agrees with what was read
        (line("LS55218", sure=0.85), line("LS55218", sure=0.99)),  # one is not sure
        (line("LS552"), line("LS552")),  # both see less of it
        (line("LS55218", at=(20, 60)), line("LS55218", at=(20, 60))),  # another line
    ],
)
def test_readings_that_do_not_agree_change_nothing(others: tuple[OcrLine, OcrLine]) -> None:
    (kept,) = agreed([line("1S55218")], [[other] for other in others])
    assert kept.text == "1S55218"


def test_the_blocks_of_a_strong_jpeg_are_measured_and_read_in_three_views() -> None:
    grain = np.random.default_rng(3).normal(0, 12, (600, 900, 1))
    page = np.clip(np.asarray(printed(paper=225), np.float64) + grain, 0, 255).astype(np.uint8)
    kept: dict[int, NDArray[np.uint8]] = {}
    for strength in (10, 95):
        data = io.BytesIO()
        Image.fromarray(page).save(data, format="JPEG", quality=strength)
        kept[strength] = np.asarray(Image.open(data))
    assert (light_of(kept[10]).is_blocky, light_of(kept[95]).is_blocky) == (True, False)
    assert not light_of(page[:5, :7]).is_blocky
    scripted = Scripted(lambda p: (line("print in blocks"),))
    see(kept[10], scripted)
    assert len(scripted.pictures) == 3


def test_what_stays_unread_is_kept_apart() -> None:
    seen = see(sheet(), Scripted(lambda p: (line("good text here"), line("?", at=(20, 100), sure=0.1))))
    assert [found.text for found in seen.lines] == ["good text here"]
    assert [found.quad[0] for found in seen.unread] == [(20, 100)]


def test_a_second_look_replaces_a_weak_line_by_a_surer_one() -> None:
    weak, good = line("w?ak", sure=0.4), line("good", at=(20, 100))
    scripted = Scripted(lambda p: (), again=(line("weak", at=(1, 1), sure=0.9),))
    first, second = second_look(sheet(), (weak, good), scripted)
    assert (first.text, second) == ("weak", good)
    unsure = Scripted(lambda p: (), again=(line("worse", sure=0.42),))
    assert second_look(sheet(), (weak,), unsure) == (weak,)


def test_print_too_small_to_be_read_is_said() -> None:
    tiny = Scripted(lambda p: (line("tiny print", size=(60, 8)),))
    assert "too small" in see(sheet(), tiny).notes[0]
    assert "too few" in see(sheet(shape=(60, 90)), Scripted(lambda p: ())).notes[0]
    assert see(sheet(), Scripted(lambda p: ())).notes == ()


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_page_has_the_elements_of_the_upright_one(engine: RapidOcrEngine, quarters: int) -> None:
    picture = np.ascontiguousarray(np.rot90(np.asarray(printed()), quarters))
    raw = find_words(Rendered(picture=picture), engine)
    assert raw.turn == -quarters % 4
    page = understood(raw)
    assert page.text.split("\n") == list(TEXT)
    pairs = {(e.label, e.value) for e in page.elements if e.kind is ElementKind.KEY_VALUE}
    assert ("Total amount", "1,204.50") in pairs
    assert (page.width, page.height) == (picture.shape[1], picture.shape[0])
    ink = picture[:, :, 0] < 128
    for box in [w.bbox for w in page.words] + [e.bbox for e in page.elements]:
        x0, y0, x1, y1 = (round(v) for v in box.to_pixels(page.width, page.height))
        assert ink[y0:y1, x0:x1].mean() > 0.05


def test_a_leaning_page_has_its_words_where_they_are_shown(engine: RapidOcrEngine) -> None:
    image = printed(size=(1200, 800)).rotate(6, fillcolor="white", resample=Image.Resampling.BICUBIC)
    raw = find_words(Rendered(picture=np.asarray(image)), engine)
    assert sorted(" ".join(TEXT).split()) == sorted(w.text for w in raw.words)
    ink = np.asarray(image)[:, :, 0] < 128
    covered = np.zeros_like(ink)
    for word in raw.words:
        box = word.polygon.bbox.grown(0.006, 0.006).to_pixels(image.width, image.height)
        x0, y0, x1, y1 = (int(v) for v in box)
        covered[y0:y1, x0:x1] = True
    assert (ink & covered).sum() > 0.98 * ink.sum()
