"""A name that stands on many pages counts for the document that the rest of the question means."""

from __future__ import annotations

from pathlib import Path

import pytest
from store_support import make_document, make_page, open_parts, put

from mmrag.domain.plans import Constraint, ConstraintKind
from mmrag.retrieval.matching import match_constraints

FIRM = Constraint(kind=ConstraintKind.NAME, text="Harbour Works Ltd")
PERSON = Constraint(kind=ConstraintKind.NAME, text="Marigold Lantern")
MEANT = 37


@pytest.mark.parametrize("asked", [(FIRM, PERSON), (PERSON, FIRM)])
async def test_of_many_documents_of_a_firm_the_one_meant_shows_its_name_too(
    tmp_path: Path, asked: tuple[Constraint, ...]
) -> None:
    with open_parts(tmp_path) as parts:
        for number in range(40):
            name = f"doc-{number:02d}"
            to = "Delivered to Marigold Lantern" if number == MEANT else "Delivered to our own yard"
            await put(
                parts.writer, make_document(name, pages=1), [make_page(name, 1, "HARBOUR WORKS LTD", to, f"Sheet {number}")]
            )
        assert parts.lexical is not None
        matches = await match_constraints(asked, parts.lexical, parts.catalog)
    best = max(matches.documents, key=lambda document: matches.documents[document])
    assert (best, matches.documents[best]) == (f"doc-{MEANT}", pytest.approx(1.0))
    assert matches.unmatched([best]) == ()
