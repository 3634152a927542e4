"""Pages made of text at given places, for the tests of layout."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from mmrag_ingest.elements import understand
from mmrag_ingest.records import RawPage, RawWord

from mmrag.domain.documents import Element, ElementKind, Page, TextSource
from mmrag.domain.geometry import Polygon

WIDTH, HEIGHT = 1000, 1400


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A run of words as an engine gives it: its left edge, its middle line and its letter height, in pixels."""

    text: str
    x: float
    y: float
    height: float = 20.0

    @property
    def width(self) -> float:
        return 0.5 * self.height * len(self.text)


def ending_at(text: str, x: float, y: float, height: float = 20.0) -> Text:
    """Text whose right edge is at ``x``, as amounts are set."""
    return Text(text=text, x=x - 0.5 * height * len(text), y=y, height=height)


def raw_page(texts: Iterable[Text], *, degrees: float = 0.0, bend: float = 0.0, confidence: float = 0.99) -> RawPage:
    """The words of ``texts`` on a page turned by ``degrees`` about its centre.

    ``bend`` makes lines lean more the further down they stand, as on paper that does not lie flat: it is the slope at the
    foot of the page, the opposite of that at its head.
    """
    words = []
    for line, text in enumerate(texts):
        x = text.x
        for part in text.text.split():
            width = 0.5 * text.height * len(part)
            corners = [(x, -1), (x + width, -1), (x + width, 1), (x, 1)]
            points = [_placed(cx, text.y + side * text.height / 2, degrees, bend) for cx, side in corners]
            words.append(RawWord(text=part, polygon=Polygon(tuple(points)), confidence=confidence, line=line))
            x += width + 0.5 * text.height
    return RawPage(
        width=WIDTH, height=HEIGHT, source=TextSource.OCR, engine="made", confidence=confidence, words=tuple(words)
    )


def _placed(x: float, y: float, degrees: float, bend: float) -> tuple[float, float]:
    dx, dy = x - WIDTH / 2, y - HEIGHT / 2
    dy += bend * (dy / (HEIGHT / 2)) * dx
    angle = math.radians(degrees)
    turned = dx * math.cos(angle) - dy * math.sin(angle), dx * math.sin(angle) + dy * math.cos(angle)
    fractions = (turned[0] + WIDTH / 2) / WIDTH, (turned[1] + HEIGHT / 2) / HEIGHT
    return min(1.0, max(0.0, fractions[0])), min(1.0, max(0.0, fractions[1]))


def on_one_line(raw: RawPage, texts: Iterable[str]) -> RawPage:
    """The same page when the engine read the words ``texts`` as one line."""
    chosen = set(texts)
    words = tuple(replace(w, line=10_000) if w.text in chosen else w for w in raw.words)
    return replace(raw, words=words)


def understood(raw: RawPage) -> Page:
    return understand(raw, None, document_id="doc-test", number=1, image=None)


def page_of(texts: Iterable[Text], *, degrees: float = 0.0, bend: float = 0.0, confidence: float = 0.99) -> Page:
    return understood(raw_page(texts, degrees=degrees, bend=bend, confidence=confidence))


def shuffled(raw: RawPage, order: list[int]) -> RawPage:
    return replace(raw, words=tuple(raw.words[i] for i in order))


def printed_lines(page: Page) -> list[str]:
    """The page's printed lines, in order."""
    return page.text.split("\n")


def pairs(page: Page) -> dict[str, str]:
    return {str(e.label): str(e.value) for e in page.elements if e.kind is ElementKind.KEY_VALUE}


def of_kind(page: Page, kind: ElementKind) -> list[Element]:
    return [e for e in page.elements if e.kind is kind]


ARTICLES = (
    ("Pos", "Article", "Qty", "Price"),
    ("1", "Rope", "4", "12.00"),
    ("2", "Anchor", "1", "310.00"),
    ("3", "Chain", "2", "88.50"),
)


def table(*xs: float, y: float = 300) -> list[Text]:
    """``ARTICLES`` with the columns' left edges at ``xs``."""
    return [Text(text=cell, x=x, y=y + 36 * i) for i, row in enumerate(ARTICLES) for x, cell in zip(xs, row, strict=True)]


def receipt() -> list[Text]:
    """A receipt: labels left, amounts far right."""
    rows = [
        ("2 x Nasi Lemak", "13.00"),
        ("1 x Teh Tarik", "2.50"),
        ("Subtotal", "15.50"),
        ("Service Charge", "1.55"),
        ("Rounding Adj", "0.00"),
        ("TOTAL", "17.05"),
        ("CASH", "20.00"),
        ("CHANGE", "2.95"),
    ]
    texts = [
        Text(text="KEDAI KOPI MAJU SDN BHD", x=385, y=100),
        Text(text="12, JALAN BESAR, 50000 KUALA LUMPUR", x=325, y=130),
        Text(text="Receipt No: A-20931", x=200, y=190),
        Text(text="Date: 04/03/2018", x=200, y=220),
        ending_at("Cashier: MEI", 800, 220),
    ]
    for i, (label, amount) in enumerate(rows):
        y = 280 + 32 * i
        texts += [Text(text=label, x=200, y=y), ending_at(amount, 800, y)]
    return [*texts, Text(text="Thank you, please come again", x=360, y=600)]


LOREM = (
    "the harbour was rebuilt after the great storm and",
    "the stones were brought by rail from the quarries",
    "while the town council argued over who should pay",
    "for the new lighthouse that stands on the eastern",
    "mole and can be seen from twenty miles at sea",
)


def columns(left: float = 60, right: float = 540, top: float = 200, lines: int = 10, offset: float = 0.0) -> list[Text]:
    """Two columns of running text; the right one ``offset`` pixels lower."""
    texts = []
    for i in range(lines):
        y = top + 26 * i
        texts.append(Text(text=f"{LOREM[i % 5]}", x=left, y=y, height=16))
        texts.append(Text(text=f"{LOREM[(i + 2) % 5]}", x=right, y=y + offset, height=16))
    return texts
