"""What the reader looks up quickly is what looking at everything finds: laws over pages of any shape."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given, settings
from hypothesis import strategies as st

from mmrag.agent.reading.labels import _RUN, LabelIndex, _first_and_last
from mmrag.agent.reading.laid_out import LaidOutPages
from mmrag.agent.reading.layout import Layout, Run, same_level
from mmrag.agent.reading.text import Token, blurred, fold, stem, tokens, words
from mmrag.domain.documents import Page, TextSource, Word
from mmrag.domain.geometry import Polygon

TEXTS = st.one_of(
    st.sampled_from(
        ["Total", "Invoice", "No.:", "RM12.50", "(Jan", "2019)", "a|b", "GST", "6%", "#", "École", "naïve", ";", "x"]
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
