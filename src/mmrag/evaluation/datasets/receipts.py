"""Receipts and forms whose fields are labelled: SROIE, CORD, FUNSD. The fields are made into questions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from mmrag.evaluation.datasets.files import Row, first_of, parse
from mmrag.evaluation.questions import Dataset, LabelledQuestion, PageTruth, TrueBox

Corners = tuple[float, float, float, float]

_SROIE_QUESTIONS = {
    "company": "Which company issued this receipt?",
    "date": "What is the date on this receipt?",
    "address": "What is the address on this receipt?",
    "total": "What is the total amount on this receipt?",
}
_CORD_QUESTIONS = {
    "total.total_price": "What is the total price on this receipt?",
    "sub_total.subtotal_price": "What is the subtotal on this receipt?",
    "sub_total.tax_price": "What is the tax on this receipt?",
    "total.cashprice": "How much cash was paid?",
    "total.changeprice": "How much change was given?",
}


def read_sroie(folder: Path) -> Dataset:
    """SROIE (Huang et al., ICDAR 2019): ``img/*.jpg``, ``key/*.json`` and ``box/*.csv`` (or ``.txt``), the same stem in
    each.

    Layout read in zzzDavid/ICDAR-2019-SROIE, ``data/``: a key file holds company, date, address, total; a box file has a
    line of eight corner coordinates in pixels and the text, separated by commas: together they are the true text.
    """
    questions, pages = [], []
    for key in sorted((folder / "key").glob("*.json")):
        values = parse(key, dict[str, str])
        picture = first_of(folder / "img", [f"{key.stem}.*"])
        lines = _sroie_lines(first_of(folder / "box", [f"{key.stem}.csv", f"{key.stem}.txt"]))
        file = f"img/{picture.name if picture else f'{key.stem}.jpg'}"
        if lines:
            pages.append(PageTruth(file=file, text="\n".join(t for t, _ in lines)))
        for field, text in _SROIE_QUESTIONS.items():
            value = values.get(field, "").strip()
            if value:
                box = next((b for t, b in lines if value.lower() in t.lower()), None)
                questions.append(_question(f"{key.stem}/{field}", file, text, value, field, "receipt", box))
    return Dataset(name="SROIE", folder=str(folder), questions=tuple(questions), licence=SROIE_LICENCE, pages=tuple(pages))


SROIE_LICENCE = "SROIE: the competition's own terms hold; the files may be used for research and may not be passed on."


def _sroie_lines(file: Path | None) -> list[tuple[str, Corners]]:
    found: list[tuple[str, Corners]] = []
    if file is None:
        return found
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        parts = line.split(",", 8)
        if len(parts) == 9 and all(p.strip().isdigit() for p in parts[:8]):
            xs, ys = [float(p) for p in parts[0:8:2]], [float(p) for p in parts[1:8:2]]
            found.append((parts[8].strip(), (min(xs), min(ys), max(xs), max(ys))))
    return found


class _Quad(Row):
    x1: float
    y1: float
    x2: float
    y2: float
    x3: float
    y3: float
    x4: float
    y4: float


class _CordWord(Row):
    text: str
    quad: _Quad
    is_key: int = 0


class _CordLine(Row):
    words: tuple[_CordWord, ...]
    category: str


class _CordFile(Row):
    valid_line: tuple[_CordLine, ...]


def read_cord(folder: Path) -> Dataset:
    """CORD (Park et al., NeurIPS 2019 workshop): ``json/*.json`` beside ``image/*.png``, in a split's folder or in
    ``folder``.

    Layout read in clovaai/cord and in docTR's reader of it: ``valid_line`` holds lines with ``category`` such as
    ``total.total_price`` and ``words`` with ``quad`` in pixels and ``is_key``; they are the true text too. CC BY 4.0.
    """
    questions, pages = [], []
    for file in sorted([*folder.glob("json/*.json"), *folder.glob("*/json/*.json")]):
        base = file.parent.parent
        inside = base.relative_to(folder).as_posix()
        picture = first_of(base / "image", [f"{file.stem}.*"])
        name = f"image/{picture.name if picture else f'{file.stem}.png'}"
        path = name if inside == "." else f"{inside}/{name}"
        lines = parse(file, _CordFile).valid_line
        pages.append(PageTruth(file=path, text="\n".join(" ".join(w.text for w in line.words) for line in lines)))
        for line in lines:
            values = [w for w in line.words if not w.is_key]
            if line.category in _CORD_QUESTIONS and values:
                text, asked = " ".join(w.text for w in values), _CORD_QUESTIONS[line.category]
                ident = f"{inside}/{file.stem}/{line.category}"
                questions.append(_question(ident, path, asked, text, line.category, "receipt", _around(values)))
    once = {q.id: q for q in questions}
    return Dataset(name="CORD", folder=str(folder), questions=tuple(once.values()), pages=tuple(dict.fromkeys(pages)))


def _around(words: Sequence[_CordWord]) -> Corners:
    xs = [x for w in words for x in (w.quad.x1, w.quad.x2, w.quad.x3, w.quad.x4)]
    ys = [y for w in words for y in (w.quad.y1, w.quad.y2, w.quad.y3, w.quad.y4)]
    return min(xs), min(ys), max(xs), max(ys)


class _FunsdEntity(Row):
    id: int
    text: str
    box: Corners
    label: str
    linking: tuple[tuple[int, int], ...] = ()


class _FunsdFile(Row):
    form: tuple[_FunsdEntity, ...] = Field(default=())


def read_funsd(folder: Path) -> Dataset:
    """FUNSD (Jaume, Ekenel, Thiran, ICDAR-OST 2019): ``annotations/*.json`` beside ``images/*.png``, per split or in
    ``folder``.

    Layout read on guillaumejaume.github.io/FUNSD and in docTR's reader of it: ``form`` holds entities with ``label``,
    ``box`` in pixels and ``linking`` from a question's id to its answer's. Each linked pair is a question here; the
    entities in order are the true text.
    """
    questions, pages = [], []
    for file in sorted(folder.glob("**/annotations/*.json")):
        base = file.parent.parent.relative_to(folder).as_posix()
        entities = {e.id: e for e in parse(file, _FunsdFile).form}
        name = f"images/{file.stem}.png"
        path = name if base == "." else f"{base}/{name}"
        pages.append(PageTruth(file=path, text="\n".join(e.text for e in entities.values())))
        for entity in entities.values():
            answers = [entities[b] for a, b in entity.linking if a == entity.id and b in entities]
            given = [a for a in answers if a.label == "answer" and a.text.strip()]
            if entity.label == "question" and entity.text.strip() and len(given) == 1:
                asked = f"What is entered for {entity.text.strip().rstrip(':')!r}?"
                ident = f"{file.stem}/{entity.id}"
                questions.append(_question(ident, path, asked, given[0].text.strip(), "pair", "form", given[0].box))
    return Dataset(name="FUNSD", folder=str(folder), questions=tuple(questions), licence=FUNSD_LICENCE, pages=tuple(pages))


FUNSD_LICENCE = "FUNSD: for non-commercial, research and educational use only; the files may not be passed on."


def _question(ident: str, file: str, asked: str, value: str, field: str, kind: str, box: Corners | None) -> LabelledQuestion:
    return LabelledQuestion(
        id=ident,
        question=asked,
        corpus_question=None,
        file=file,
        answers=(value,),
        kind=kind,
        pages=(1,),
        boxes=() if box is None else (TrueBox(page=1, corners=box),),
        fields={"field": field},
    )
