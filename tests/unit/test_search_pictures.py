"""The image leg and the captions in search: they find pictures, and leave questions about text as they were."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from store_support import make_document, make_page

from mmrag.agent.cite import cite
from mmrag.agent.plan import make_plan
from mmrag.agent.verify import verify
from mmrag.domain.answers import Claim, Span, VerdictKind
from mmrag.domain.documents import Element, ElementKind, Page, element_id
from mmrag.domain.evidence import Leg
from mmrag.domain.geometry import BBox
from mmrag.domain.pictures import Caption, PageKind, Picture, picture_id
from mmrag.domain.plans import Reading
from mmrag.errors import ModelMissingError, UsageError
from mmrag.ports import PageRef, PageScored, PictureRecord, VectorRecord
from mmrag.retrieval.by_image import search_by_image
from mmrag.retrieval.kinds import own_sorter, page_sorter
from mmrag.retrieval.search import SearchParts, search
from mmrag.retrieval.visual import DESCRIBED, MENTIONED, wish_of
from mmrag.testing import ColourEmbedder, HashEmbedder, MemoryCatalog, MemoryVectors

WHOLE = BBox(0.0, 0.0, 1.0, 1.0)
PAGES = {
    "invoice": ("invoice from lightroom gallery", "total amount 39.80"),
    "letter": ("dear madam", "the total of your order is enclosed"),
    "sky": (),
    "rose": (),
}
COLOURS = {"invoice": (250, 250, 250), "letter": (250, 250, 250), "sky": (20, 40, 230), "rose": (230, 20, 30)}
KINDS = {"invoice": PageKind.INVOICE, "letter": PageKind.LETTER, "sky": PageKind.PHOTO, "rose": PageKind.PHOTO}
CAPTIONS = {
    "invoice": "a scan of an invoice with a total",
    "letter": "a scan of a letter",
    "sky": "blue sky above the sea",
    "rose": "a red rose in a garden",
}


class NoLexical:
    """BM25 over words that the texts share with the query."""

    def __init__(self, catalog: MemoryCatalog) -> None:
        self._catalog = catalog

    async def search_elements(self, query: str, k: int, *, documents: object = None) -> tuple[object, ...]:
        return ()

    async def search_pages(self, query: str, k: int, *, documents: object = None) -> tuple[PageScored, ...]:
        wanted = set(query.lower().split())
        found = []
        for document in await self._catalog.documents():
            page = await self._catalog.page(PageRef(document_id=document.id, page=1))
            shared = 0 if page is None else len(wanted & set(page.text.lower().split()))
            if shared and (documents is None or document.id in documents):  # type: ignore[operator]  # ids or None
                found.append(PageScored(ref=PageRef(document_id=document.id, page=1), score=float(shared)))
        return tuple(sorted(found, key=lambda p: -p.score)[:k])

    async def search_names(self, name: str, k: int, *, documents: object = None) -> tuple[PageScored, ...]:
        return ()

    async def search_values(self, normals: object, **_: object) -> tuple[object, ...]:
        return ()


def caption_of(page: Page, text: str) -> Element:
    return Element(
        id=element_id(page.document_id, 1, len(page.elements), ElementKind.CAPTION, text),
        document_id=page.document_id,
        page=1,
        ordinal=len(page.elements),
        kind=ElementKind.CAPTION,
        bbox=WHOLE,
        text=text,
        author="captioner@1",
        caption=Caption(short=text),
    )


@dataclass(slots=True)
class World:
    parts: SearchParts
    catalog: MemoryCatalog
    without: SearchParts


@pytest.fixture
async def world() -> World:
    """Two pages of text and two photos, each with a caption; and the same store without captions and image vectors."""
    embedder, eye = HashEmbedder(), ColourEmbedder()
    made = []
    for with_looks in (True, False):
        catalog, vectors, pictures = MemoryCatalog(), MemoryVectors(), MemoryVectors()
        for name, lines in PAGES.items():
            page = replace(make_page(f"doc-{name}", 1, *lines), kind=KINDS[name], kind_probability=0.9)
            if with_looks:
                page = replace(page, elements=(*page.elements, caption_of(page, CAPTIONS[name])))
            rows = await embedder.embed([e.text for e in page.elements])
            records = [
                VectorRecord(element_id=e.id, document_id=e.document_id, page=1, kind=e.kind.value, vector=row.tolist())
                for e, row in zip(page.elements, rows, strict=True)
            ]
            (seen,) = await eye.embed_images([np.full((10, 10, 3), COLOURS[name], np.uint8)])
            id_ = picture_id(page.document_id, 1, WHOLE)
            picture = Picture(id=id_, document_id=page.document_id, page=1, bbox=WHOLE)
            record = PictureRecord(picture=picture, kind="page", vector=seen.tolist())
            looks = [record] if with_looks else []
            await catalog.stage_page(page, recipe="r1", vectors=records, values=(), pictures=looks)
            await catalog.publish(make_document(page.document_id, pages=1))
            await vectors.upsert(records)
            if with_looks:
                vector = VectorRecord(
                    element_id=id_, document_id=page.document_id, page=1, kind="page", vector=seen.tolist()
                )
                await pictures.upsert([vector])
        lexical = NoLexical(catalog)
        parts = SearchParts(catalog=catalog, lexical=lexical, vectors=vectors, embedder=embedder)  # type: ignore[arg-type]
        made.append((replace(parts, pictures=pictures, image_embedder=eye) if with_looks else parts, catalog))
    return World(parts=made[0][0], catalog=made[0][1], without=made[1][0])


async def documents(world: World, question: str, **more: object) -> list[str]:
    hits = (await search(make_plan(question), world.parts, k=10, **more)).hits  # type: ignore[arg-type]
    return list(dict.fromkeys(hit.document.removeprefix("doc-").removesuffix(".pdf") for hit in hits))


async def test_a_described_picture_is_found_by_its_look_and_its_caption(world: World) -> None:
    assert (await documents(world, "Which photo matches this description: 'a very blue sky and the blue sea' ?"))[0] == "sky"
    hits = (await search(make_plan("a photo of something red"), world.parts, k=3)).hits
    assert hits[0].document == "doc-rose.pdf"
    assert hits[0].legs[Leg.IMAGE] == 1
    assert hits[0].element.kind is ElementKind.CAPTION


async def test_a_caption_alone_leads_to_a_picture_when_no_text_comes_near(world: World) -> None:
    assert (await documents(world, "red rose garden"))[0] == "rose"


async def test_questions_about_text_are_answered_from_text_as_without_pictures(world: World) -> None:
    for question in ("What is the total amount on the invoice?", "dear madam the total of your order"):
        plan = make_plan(question)
        seen, plain = [await search(plan, parts, k=20) for parts in (world.parts, world.without)]
        printed = [hit.element.id for hit in seen.hits if not hit.element.kind.is_generated]
        assert printed == [hit.element.id for hit in plain.hits]
        assert not seen.hits[0].element.kind.is_generated
        assert all(Leg.IMAGE not in hit.legs for hit in seen.hits)


async def test_only_pages_of_a_kind(world: World) -> None:
    assert set(await documents(world, "blue total", kinds=[PageKind.PHOTO])) <= {"sky", "rose"}
    assert await documents(world, "total", kinds=[PageKind.INVOICE]) == ["invoice"]
    assert await documents(world, "total", kinds=[PageKind.MAP]) == []


async def test_a_picture_finds_what_looks_like_it(world: World) -> None:
    blue = np.full((30, 20, 3), (10, 10, 250), np.uint8)
    first, *_ = await search_by_image(blue, world.parts, k=2)
    assert (first.document, first.legs, first.element.text) == ("doc-sky.pdf", {Leg.IMAGE: 1}, CAPTIONS["sky"])
    assert first.score == pytest.approx(1, abs=1e-3)
    (both,) = await search_by_image(blue, world.parts, k=1, text="red red", kinds=[PageKind.PHOTO])
    assert both.document in ("doc-sky.pdf", "doc-rose.pdf")
    with pytest.raises(ModelMissingError, match="no image model"):
        await search_by_image(blue, world.without, k=1)


@pytest.mark.parametrize(
    ("question", "weight", "kinds"),
    [
        ("What is the total on the receipt from X?", 0.0, ()),
        ("In the chart labelled 'Net income': what was the income in 2019?", MENTIONED, (PageKind.CHART,)),
        ("Show me a photo of two dogs", DESCRIBED, (PageKind.PHOTO,)),
        ('Which photo matches: "A man in black walks beside a police sign ."', DESCRIBED, (PageKind.PHOTO,)),
        ('In the slide deck "Digital crisis": how many tweets?', MENTIONED, (PageKind.PRESENTATION,)),
        ("Who wrote to 'The Picture Company'?", 0.0, ()),
    ],
)
def test_what_a_question_wants_to_see(question: str, weight: float, kinds: tuple[PageKind, ...]) -> None:
    wish = wish_of(make_plan(question))
    assert (wish.weight, wish.kinds) == (weight, kinds)


async def test_sorting_by_kind_and_by_own_labels() -> None:
    eye = ColourEmbedder()
    red, blue = (np.full((8, 8, 3), colour, np.uint8) for colour in ((240, 10, 10), (10, 10, 240)))
    sorter = own_sorter(eye, ["blue", "red", " red "])
    guesses = await sorter.of_pictures([red, blue])
    assert [row[0].label for row in guesses] == ["red", "blue"]
    assert all(sum(guess.probability for guess in row) == pytest.approx(1) for row in guesses)
    (kinds,) = await page_sorter(eye).of_pictures([red])
    assert {guess.label for guess in kinds} == {kind.value for kind in PageKind}
    with pytest.raises(UsageError, match="2 to"):
        own_sorter(eye, ["one", "one"])


def test_a_claim_is_never_supported_by_a_caption() -> None:
    page = make_page("doc-a", 1, "total 39.80")
    words = page.elements[0].words
    said = replace(caption_of(page, "total 39.80"), words=words)  # even if it pointed at printed words
    page = replace(page, elements=(*page.elements, said))
    reading = Reading(document=make_document("doc-a", pages=1), page=page, match=1.0, relevance=1.0)
    plan = make_plan("What is the total?")
    for element, kind in ((page.elements[0], VerdictKind.SUPPORTED), (said, VerdictKind.UNSUPPORTED)):
        claim = Claim(text="39.80", spans=(Span(element_id=element.id, words=(1,), quote="39.80"),))
        (verdict,) = verify(plan, [claim], [reading])
        assert verdict.kind is kind
        (cited,) = cite([verdict], [reading])
        assert bool(cited.citations) is (kind is VerdictKind.SUPPORTED)


def test_the_command_line_sorts_and_searches_by_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from mmrag.cli.main import run

    (tmp_path / "text.png").write_text("not a picture")
    assert run(["search", "--store", str(tmp_path / "none"), ""]) == 2
    assert run(["classify", str(tmp_path / "text.png"), "--labels", "a,b"]) in (1, 2)
    assert json.dumps(capsys.readouterr().err).count("\\n") == 2
