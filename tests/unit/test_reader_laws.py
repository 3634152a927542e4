"""What the reader looks up quickly is what looking at everything finds: laws over pages of any shape."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from hypothesis import given, settings
from hypothesis import strategies as st

from mmrag.agent.reading.labels import _RUN, LabelIndex, _first_and_last
from mmrag.agent.reading.laid_out import LaidOutPages
from mmrag.agent.reading.layout import Layout, Run, same_level
from mmrag.agent.reading.text import Token, blurred, fold, phrases, stem, tokens, words
from mmrag.domain.documents import Page, TextSource, Word
from mmrag.domain.geometry import Polygon

TEXTS = st.one_of(
    st.sampled_from(
        [
            "Total",
            "Invoice",
            "No.:",
            "RM12.50",
            "(Jan",
            "2019)",
            "a|b",
            "GST",
            "6%",
            "#",
            "École",
            "naïve",
            ";",
            "x",
            "H.",
            "&",
        ]
    ),
    st.text(min_size=1, max_size=8).filter(str.strip),
)
TOKEN = re.compile(r"[^\W\d_]+(?:['’´`][^\W\d_]+)*|\d+(?:[.,/:-]\d+)*|#|%")


@st.composite
def pages(draw: st.DrawFn, *, number: int = 1) -> Page:
    """Words on a rough grid, some tilted, some high, some of them over one another; corners in any order."""
    found: list[Word] = []
    for index in range(draw(st.integers(1, 40))):
        x, y = draw(st.integers(0, 9)) / 10, draw(st.integers(0, 12)) / 14
        width, height = draw(st.integers(0, 30)) / 300, draw(st.sampled_from([0.0, 0.012, 0.02, 0.021, 0.06]))
        x, y = min(x, 1 - width), min(y + draw(st.sampled_from([0.0, 0.004])), 1 - height)
        corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
        if draw(st.booleans()):
            corners = draw(st.permutations(corners))
        if draw(st.integers(0, 9)) == 0:
            corners = [*corners, (x, y)]
        line = draw(st.integers(0, 12))
        found.append(Word(index=index, line=line, text=draw(TEXTS), polygon=Polygon(tuple(corners)), confidence=0.9))
    return Page(
        document_id="doc-1",
        number=number,
        width=700,
        height=1000,
        source=TextSource.OCR,
        confidence=0.9,
        engine="test",
        words=tuple(found),
    )


def plain_rows(layout: Layout) -> tuple[tuple[Run, ...], ...]:
    def fit(row: list[Run], run: Run) -> float:
        nearest = min(row, key=lambda o: max(o.x0 - run.x1, run.x0 - o.x1, 0.0))
        if min(nearest.x1, run.x1) - max(nearest.x0, run.x0) > 0.3 * min(nearest.x1 - nearest.x0, run.x1 - run.x0):
            return 0.0
        return same_level(nearest, run)

    rows: list[list[Run]] = []
    for run in sorted(layout.runs, key=lambda r: r.cy):
        best = max(rows[-6:], key=lambda row: fit(row, run), default=None)
        if best is not None and fit(best, run) >= 0.55:
            best.append(run)
        else:
            rows.append([run])
    ordered = [tuple(sorted(row, key=lambda r: r.x0)) for row in rows]
    return tuple(sorted(ordered, key=lambda row: min(r.cy for r in row)))


@given(pages())
@settings(max_examples=40, deadline=None)
def test_rows_are_those_of_comparing_every_run_with_every_row(page: Page) -> None:
    layout = Layout(page)
    assert layout.rows == plain_rows(layout)


Piece = list[tuple[Word, tuple[float, float, float, float]]]


def plain_runs(page: Page) -> list[tuple[list[int], tuple[float, float, float, float]]]:
    """The words and the box of each run, cut out of its line word by word."""
    lines: dict[int, Piece] = {}
    for word in page.words:
        xs, ys = [x * page.width for x, _ in word.polygon.points], [y * page.height for _, y in word.polygon.points]
        lines.setdefault(word.line, []).append((word, (min(xs), min(ys), max(xs), max(ys))))
    ordered = [sorted(line, key=lambda p: p[1][0]) for line in lines.values()]
    slope = plain_slope(page, ordered)
    level = [
        [(w, (x0, y0 - slope * (x0 + x1) / 2, x1, y1 - slope * (x0 + x1) / 2)) for w, (x0, y0, x1, y1) in p] for p in ordered
    ]
    pieces = [piece for line in level for piece in cut(line, lambda _: False)]
    unit = median([b[3] - b[1] for piece in pieces for _, b in piece])
    starts = [(piece[0][1][0], (piece[0][1][1] + piece[0][1][3]) / 2) for piece in pieces]

    def begins_column(box: tuple[float, float, float, float]) -> bool:
        away = [abs(y - (box[1] + box[3]) / 2) for x, y in starts if box[0] - 0.3 * unit <= x <= box[0] + 0.3 * unit]
        return sum(0.5 * unit < y < 10 * unit for y in away) >= 2

    parts = [part for piece in pieces for part in cut(piece, begins_column)]
    parts.sort(key=lambda p: (p[0][1][1], p[0][1][0]))
    return [
        (
            [w.index for w, _ in part],
            (part[0][1][0], median([b[1] for _, b in part]), max(b[2] for _, b in part), median([b[3] for _, b in part])),
        )
        for part in parts
    ]


def plain_slope(page: Page, lines: list[Piece]) -> float:
    slopes = []
    for line in lines:
        (left0, top0, right0, bottom0), (left1, top1, right1, bottom1) = line[0][1], line[-1][1]
        dx = (left1 + right1 - left0 - right0) / 2
        if dx > 0.15 * page.width:
            slopes.append((top1 + bottom1 - top0 - bottom0) / 2 / dx)
    tilt = median(slopes) if len(slopes) >= 3 else 0.0
    return tilt if abs(tilt) < 0.3 else 0.0


def cut(line: Piece, begins_column: Callable[[tuple[float, float, float, float]], bool]) -> list[Piece]:
    height = median([b[3] - b[1] for _, b in line])
    pieces = [[line[0]]]
    for word, box in line[1:]:
        before, last = pieces[-1][-1]
        gap = box[0] - last[2]
        hangs = word.text.startswith("&") or before.text.endswith("&") or re.fullmatch(r"[A-Z]\.", before.text) is not None
        if gap > 1.15 * height or (gap > 0.42 * height and not hangs and begins_column(box)):
            pieces.append([])
        pieces[-1].append((word, box))
    return pieces


@given(pages())
@settings(max_examples=100, deadline=None)
def test_runs_are_those_of_cutting_each_line_word_by_word(page: Page) -> None:
    found = [([w.index for w in r.words], (r.x0, r.y0, r.x1, r.y1)) for r in Layout(page).runs]
    assert found == plain_runs(page)


@given(pages(), st.floats(0.0, 500.0))
@settings(max_examples=40, deadline=None)
def test_neighbours_are_those_of_looking_at_every_run(page: Page, reach: float) -> None:
    layout = Layout(page)
    for run in layout.runs:
        others = [o for o in layout.runs if o is not run]
        level = [o for o in others if o.y0 < run.y1 and o.y1 > run.y0 and same_level(run, o) >= 0.5]
        least = run.x0 + 0.6 * (run.x1 - run.x0)
        right = [o for o in level if o.x0 > least and o.x0 >= run.x1 - layout.unit]
        assert layout.right_of(run) == sorted(right, key=lambda o: o.x0)
        assert layout.left_of(run) == sorted([o for o in level if o.x1 <= run.x0 + layout.unit], key=lambda o: -o.x1)
        apart = [o for o in others if same_level(run, o) < 0.5 and within(o, run.x0, run.x1)]
        under = [o for o in apart if run.cy + 0.5 * min(run.height, o.height) < o.cy <= run.cy + reach]
        over = [o for o in apart if run.cy - reach <= o.cy < run.cy - 0.5 * min(run.height, o.height)]
        assert layout.below(run, run.x0, run.x1, reach) == sorted(under, key=lambda o: (o.cy, o.x0))
        assert layout.above(run, run.x0, run.x1, reach) == sorted(over, key=lambda o: (-o.cy, o.x0))


def within(run: Run, x0: float, x1: float) -> bool:
    return min(run.x1, x1) - max(run.x0, x0) > 0.5 * min(run.x1 - run.x0, x1 - x0)


@given(pages())
@settings(max_examples=40, deadline=None)
def test_boxes_texts_and_stems_of_runs_are_those_of_their_words(page: Page) -> None:
    layout = Layout(page)
    assert Counter(w.index for r in layout.runs for w in r.words) == Counter(w.index for w in page.words)
    for run, stems in zip(layout.runs, layout.stems, strict=True):
        xs = [x * page.width for w in run.words for x, _ in w.polygon.points]
        assert (run.x0, run.x1) == (min(xs), max(xs))
        assert run.text == " ".join(w.text for w in run.words)
        assert stems == {stem(w) for w in words(run.text)}
    assert dict(layout.runs_with) == Counter(s for stems in layout.stems for s in stems)


@given(pages())
@settings(max_examples=40, deadline=None)
def test_windows_are_the_stretches_of_words_without_a_sign_between(page: Page) -> None:
    index = LabelIndex(Layout(page))
    found = {
        (key, place >> _RUN, *_first_and_last(place))
        for key, places in index._places.items()
        for place in ([places] if isinstance(places, int) else places)
    }
    expected = set()
    for run in index.layout.runs:
        parts = tokens(run.text)
        for first, token in enumerate(parts):
            before = run.text[parts[first - 1].end : token.start] if first else ""
            starts = len(parts) <= 8 or first <= 2 or set(before) & set(":;|/([•") or not parts[first - 1].text[0].isalpha()
            if token.text[0].isalpha() and starts:
                for last in range(first, min(first + 6, len(parts))):
                    between = [
                        run.text[a.end : b.start] for a, b in zip(parts[first:last], parts[first + 1 :], strict=False)
                    ]
                    key = "".join(p.key for p in parts[first : last + 1])
                    if len(key) >= 2 and not any(set(b) & set(":;|") for b in between):
                        expected.add((key, run.index, first, last))
    assert found == expected
    assert index._blurred[: len(index._keys)] == [blurred(k) for k in index._keys]


@given(st.lists(st.sampled_from(["Sdn", "bhd", "Jalan", "No. 3", "co-op", "&"]), max_size=9), st.integers(1, 4))
def test_phrases_are_all_short_stretches_of_words(parts: list[str], longest: int) -> None:
    text = " ".join(parts)
    inside = f" {' '.join(words(text))} "
    found = phrases(text, longest)
    assert all(f" {phrase} " in inside and 1 <= len(phrase.split()) <= longest for phrase in found)
    assert len(found) == len(
        {" ".join(words(text)[a : a + n]) for n in range(1, longest + 1) for a in range(len(words(text)) - n + 1)}
    )


@given(st.text(max_size=30))
def test_words_are_folded_as_unicode_says(text: str) -> None:
    plain = unicodedata.normalize("NFKD", text).casefold()
    assert fold(text) == "".join(c for c in plain if c.isalnum() or c in "#%")
    expected = tuple(Token(m.group(), m.start(), m.end(), fold(m.group())) for m in TOKEN.finditer(text))
    assert tokens(text) == expected
    camel = re.sub(r"(?<=[a-zà-ÿ])(?=[A-Z])", " ", text)
    assert words(text) == tuple(t.key for t in tokens(camel) if t.key)


@given(st.lists(pages(), min_size=1, max_size=6), st.integers(1, 60))
@settings(max_examples=30, deadline=None)
def test_kept_pages_are_laid_out_as_new_ones_and_bounded(read: list[Page], room: int) -> None:
    kept = LaidOutPages(words=room)
    for page in [*read, *read]:
        index = kept.of(page)
        assert index.layout.page == page
        assert index._places == LabelIndex(Layout(page))._places
        assert kept._held == sum(len(i.layout.page.words) + 1 for i in kept._pages.values())
        assert kept._held <= room or len(kept._pages) == 1


def test_threads_share_kept_pages() -> None:
    word = Word(index=0, line=0, text="Total", polygon=Polygon(((0, 0), (0.1, 0), (0.1, 0.1))), confidence=1.0)
    read = [
        Page(
            document_id=f"d{n % 7}",
            number=1 + n % 3,
            width=9,
            height=9,
            source=TextSource.OCR,
            confidence=1.0,
            engine="t",
            words=(word,),
        )
        for n in range(400)
    ]
    kept = LaidOutPages(words=20)
    with ThreadPoolExecutor(4) as pool:
        indexes = list(pool.map(kept.of, read))
    assert [i.layout.page for i in indexes] == read
    assert kept._held == 2 * len(kept._pages) <= 20
