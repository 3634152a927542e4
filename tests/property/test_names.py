"""Laws of names: what a name keeps, and what makes it another."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mmrag.domain.documents import Word
from mmrag.domain.geometry import BBox, Polygon
from mmrag.retrieval.naming import Showing, how_named
from mmrag.retrieval.spelling import is_same, letters

_BOX = Polygon.from_bbox(BBox.clamped(0.1, 0.1, 0.2, 0.12))
_SYLLABLES = ("ba", "do", "fen", "gri", "hul", "ka", "lom", "mer", "ni", "pes", "quo", "ru", "sta", "tol", "vin", "wex")
WORDS = st.lists(st.sampled_from(_SYLLABLES), min_size=2, max_size=4).map("".join).map(str.capitalize)
NAMES = st.lists(WORDS, min_size=1, max_size=4, unique_by=lambda word: letters(word))


def printed(texts: list[str], confidence: float) -> list[Word]:
    return [Word(index=n, line=n // 4, text=text, polygon=_BOX, confidence=confidence) for n, text in enumerate(texts)]


@given(
    name=NAMES, before=st.lists(WORDS, max_size=5), behind=st.lists(WORDS, max_size=5), how=st.sampled_from(["", "u", "l"])
)
def test_a_name_that_is_printed_is_shown(name: list[str], before: list[str], behind: list[str], how: str) -> None:
    cased = [word.upper() if how == "u" else word.lower() if how == "l" else word for word in name]
    page = printed([*before, *cased, *behind], 0.99)
    assert how_named(" ".join(name), page).showing is Showing.SHOWN
    assert how_named(" ".join(reversed(name)), page).showing is Showing.SHOWN
    assert how_named(" ".join([*name, "Ltd"]), page).showing is Showing.SHOWN


@given(name=NAMES, at=st.integers(0, 3), other=WORDS, others=st.lists(WORDS, max_size=5))
def test_one_word_replaced_on_a_page_that_is_read_well_is_never_shown(
    name: list[str], at: int, other: str, others: list[str]
) -> None:
    at %= len(name)
    asked = [*name[:at], other, *name[at + 1 :]]
    if any(is_same(other, word, 1.0) or letters(other) in letters("".join(name)) for word in (*name, *others)):
        return
    page = printed([*name, *others], 0.99)
    assert how_named(" ".join(asked), page).showing is Showing.ANOTHER


@given(first=WORDS, second=WORDS, low=st.floats(0, 1), high=st.floats(0, 1))
def test_what_is_the_same_when_read_well_is_the_same_when_read_badly(
    first: str, second: str, low: float, high: float
) -> None:
    low, high = sorted((low, high))
    assert is_same(first, first, high)
    assert is_same(first, second, low) or not is_same(first, second, high)
