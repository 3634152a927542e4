"""Long documents with evidence pages and boxes: MMLongBench-Doc, CiteVQA, DocScope."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from mmrag.evaluation.datasets.files import Row, needed, pages_in, parse
from mmrag.evaluation.questions import Dataset, Frame, LabelledQuestion, TrueBox

Corners = tuple[float, float, float, float]


class _LongRow(Row):
    doc_id: str
    doc_type: str = ""
    question: str
    answer: str
    evidence_pages: str = "[]"
    evidence_sources: str = "[]"
    answer_format: str = ""


def read_mmlongbench(folder: Path) -> Dataset:
    """MMLongBench-Doc (Ma et al., NeurIPS 2024): ``data/samples.json`` and ``data/documents/*.pdf``.

    Layout read in mayubo2333/MMLongBench-Doc's README: lists are written as text; pages count from 1; the answer
    ``Not answerable`` means that there is none.
    """
    file = needed(folder, ["samples.json", "data/samples.json"], "MMLongBench-Doc")
    base = file.parent.relative_to(folder).as_posix()
    questions = []
    for n, row in enumerate(parse(file, tuple[_LongRow, ...])):
        fields = {"document type": row.doc_type, "sources": row.evidence_sources, "format": row.answer_format}
        questions.append(
            LabelledQuestion(
                id=f"{row.doc_id}/{n}",
                question=row.question,
                corpus_question=None,
                file=f"{base}/documents/{row.doc_id}".removeprefix("./"),
                answers=() if row.answer.strip().lower() == "not answerable" else (row.answer,),
                kind="pdf",
                pages=pages_in(row.evidence_pages),
                fields={k: v for k, v in fields.items() if v},
            )
        )
    licence = "MMLongBench-Doc: data under CC BY-NC 4.0, for research only; not shipped."
    return Dataset(name="MMLongBench-Doc", folder=str(folder), questions=tuple(questions), licence=licence)


class _CiteEvidence(Row):
    bbox: Corners
    source_page_id: int = Field(ge=1)
    source_pdf_name: str
    necessity: str = ""
    type: str = ""


class _CiteRow(Row):
    index: str
    question: str = Field(alias="Question")
    answer: str = Field(alias="Standard_Answer")
    question_type: str = Field(default="", alias="Question_Type")
    dataset_type: str = ""
    language: str = ""
    description: str = ""
    evidence: tuple[_CiteEvidence, ...] = Field(default=(), alias="Evidence")


def read_citevqa(folder: Path) -> Dataset:
    """CiteVQA (arXiv 2605.12882): ``data/validation/CiteVQA.json`` and ``data/pdf/*.pdf``.

    Layout read in opendatalab/CiteVQA's README, its data card and ``eval/run.py``: boxes in thousandths of the page, pages
    from 1. Where evidence is marked by ``necessity``, only the crucial elements count as true, as in its *Recall*.
    """
    file = needed(folder, ["data/validation/CiteVQA.json", "CiteVQA.json"], "CiteVQA")
    pdfs = "data/pdf" if (folder / "data").is_dir() else "pdf"
    questions = []
    for row in parse(file, tuple[_CiteRow, ...]):
        crucial = [e for e in row.evidence if e.necessity.lower() in ("crucial", "necessary", "essential")]
        evidence = crucial or list(row.evidence)
        boxes = tuple(
            TrueBox(
                page=e.source_page_id,
                corners=e.bbox,
                frame=Frame.THOUSANDTHS,
                file=f"{pdfs}/{Path(e.source_pdf_name).stem}.pdf",
            )
            for e in evidence
        )
        files = tuple(dict.fromkeys(b.file for b in boxes if b.file))
        fields = {"question type": row.question_type, "setting": row.dataset_type, "language": row.language}
        questions.append(
            LabelledQuestion(
                id=row.index,
                question=row.question,
                corpus_question=row.question if row.dataset_type.startswith("Multi") else None,
                file=files[0] if files else None,
                files=files,
                answers=(row.answer,),
                kind="pdf",
                pages=tuple(dict.fromkeys(b.page for b in boxes if b.file == files[0])),
                boxes=boxes,
                fields={k: v for k, v in fields.items() if v},
            )
        )
    licence = "CiteVQA: academic and non-commercial use only; the PDFs belong to their publishers and are not shipped."
    return Dataset(name="CiteVQA", folder=str(folder), questions=tuple(questions), licence=licence)


class _ScopePdf(Row):
    doc_id_str: str


class _ScopeAnswer(Row):
    answer_text: str = ""
    is_answerable: bool = True


class _ScopeEvidence(Row):
    page: int = Field(ge=1)
    bbox: Corners
    element_type: str = ""


class _ScopeRow(Row):
    id: str
    split: str = ""
    pdf: _ScopePdf
    question: str
    answer: _ScopeAnswer
    evidences: tuple[_ScopeEvidence, ...] = ()
    extract_class: str | None = None


def read_docscope(folder: Path) -> Dataset:
    """DocScope (arXiv 2605.08888): ``benchmark.json`` and ``pdfs/<doc id>.pdf``.

    Layout read in MiliLab/DocScope, ``code/infer/benchmark_io.py`` and ``code/eval/render_eval_page.py``: pages from 1, true
    boxes in pixels of the page drawn at 144 dots per inch.
    """
    rows = parse(needed(folder, ["benchmark.json"], "DocScope"), tuple[_ScopeRow, ...])
    questions = tuple(
        LabelledQuestion(
            id=row.id,
            question=row.question,
            corpus_question=None,
            file=f"pdfs/{row.pdf.doc_id_str}.pdf",
            answers=(row.answer.answer_text,) if row.answer.is_answerable else (),
            kind="pdf",
            pages=tuple(dict.fromkeys(e.page for e in row.evidences)),
            boxes=tuple(TrueBox(page=e.page, corners=e.bbox, frame=Frame.DOTS_144) for e in row.evidences),
            fields={k: v for k, v in {"split": row.split, "class": row.extract_class or ""}.items() if v},
        )
        for row in rows
    )
    return Dataset(name="DocScope", folder=str(folder), questions=questions, licence=DOCSCOPE_LICENCE)


DOCSCOPE_LICENCE = "DocScope: its repository states no licence for the PDFs; not shipped."
