"""Records made from columns are those that calling their class makes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrag.domain.columns import from_columns
from mmrag.domain.documents import Word
from mmrag.domain.geometry import Polygon

ROWS = st.lists(st.tuples(st.integers(), st.integers(), st.text(max_size=4), st.floats(0, 1)), max_size=8)
SQUARE = Polygon(((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)))


@given(ROWS)
def test_each_row_is_what_the_class_makes_of_it(rows: list[tuple[int, int, str, float]]) -> None:
    index, line, text, confidence = ([row[at] for row in rows] for at in range(4))
    made = from_columns(Word, index=index, line=line, text=text, confidence=confidence, polygon=[SQUARE] * len(rows))
    assert made == [Word(index=i, line=n, text=t, confidence=c, polygon=SQUARE) for i, n, t, c in rows]
    assert [hash(word) for word in made] == [hash(Word(**{f: getattr(word, f) for f in Word.__slots__})) for word in made]


def test_columns_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="Word"):
        from_columns(Word, index=[1], line=[1], text=["a"], confidence=[1.0])
    with pytest.raises(ValueError, match="Polygon"):
        from_columns(Polygon, points=[], size=[])
    with pytest.raises(ValueError, match="Word"):
        from_columns(Word, index=[1], line=[1], text=["a", "b"], confidence=[1.0], polygon=[SQUARE])
