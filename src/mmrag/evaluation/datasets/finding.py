"""Data sets for finding: ViDoRe, and OHR-Bench."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import Field

from mmrag.errors import UsageError
from mmrag.evaluation.datasets.files import Row, first_of, needed, parse, parse_lines
from mmrag.evaluation.questions import Dataset, LabelledQuestion

_T = TypeVar("_T", bound=Row)


class _Query(Row):
    query_id: str = Field(alias="query-id")
    query: str
    language: str = ""


class _Relevance(Row):
    query_id: str = Field(alias="query-id")
    corpus_id: str = Field(alias="corpus-id")
    score: float = 1.0


def read_vidore(folder: Path) -> Dataset:
    """ViDoRe in its BEIR form (Faysse et al., ICLR 2025): ``queries``, ``qrels`` and ``corpus``.

    Layout read on the data cards of vidore's ``*_beir`` sets: rows with query-id and query; query-id, corpus-id and score;
    corpus-id and image. The tables are Parquet, which is read when ``pyarrow`` is installed, else JSON Lines of the same
    rows; page pictures are ``corpus/<corpus-id>.png`` (or ``.jpg``). No answers come with it: each question is about
    finding only.
    """
    queries = _table(folder, "queries", _Query)
    relevant: dict[str, list[str]] = {}
    for r in _table(folder, "qrels", _Relevance):
        if r.score > 0:
            relevant.setdefault(r.query_id, []).append(_picture(folder, r.corpus_id))
    questions = tuple(
        LabelledQuestion(
            id=q.query_id,
            question=q.query,
            corpus_question=q.query,
            file=relevant[q.query_id][0],
            files=tuple(relevant[q.query_id]),
            answers=(relevant[q.query_id][0],),
            kind="page",
            pages=(1,),
            fields={"language": q.language} if q.language else {},
        )
        for q in queries
        if q.query_id in relevant
    )
    licence = "ViDoRe: each of its sets has its own licence; see its data card before passing anything on."
    return Dataset(name="ViDoRe", folder=str(folder), questions=questions, licence=licence)


def _table(folder: Path, name: str, shape: type[_T]) -> list[_T]:
    lines = first_of(folder, [f"{name}.jsonl", f"{name}/*.jsonl"])
    if lines is not None:
        return parse_lines(lines, shape)
    parquet = needed(folder, [f"{name}.jsonl", f"{name}/*.parquet", f"{name}.parquet"], "ViDoRe")
    try:
        from pyarrow.parquet import read_table
    except ImportError as error:
        raise UsageError(f"{parquet} is Parquet: install pyarrow, or write its rows as {name}.jsonl.") from error
    return [shape.model_validate(row) for row in read_table(parquet).to_pylist()]


def _picture(folder: Path, corpus_id: str) -> str:
    found = first_of(folder / "corpus", [f"{corpus_id}.*"])
    return f"corpus/{found.name if found else f'{corpus_id}.png'}"


class _OhrRow(Row):
    doc_name: str
    id: str = Field(alias="ID")
    question: str = Field(alias="questions")
    answer: str = Field(alias="answers")
    doc_type: str = ""
    answer_form: str = ""
    evidence_source: str = ""
    evidence_page_no: int | tuple[int, ...]


def read_ohr_bench(folder: Path) -> Dataset:
    """OHR-Bench (Zhang et al., ICCV 2025): ``data/qas_v2.json`` and ``data/pdfs/<doc_name>.pdf``.

    Layout read in opendatalab/OHR-Bench's README: ``doc_name`` has its domain's folder in front. ``evidence_page_no`` is
    taken to count from 0 like ``page_idx`` of its parsed text, so 1 is added.
    """
    file = needed(folder, ["data/qas_v2.json", "qas_v2.json", "data/qas.json"], "OHR-Bench")
    base = file.parent.relative_to(folder).as_posix()
    questions = []
    for row in parse(file, tuple[_OhrRow, ...]):
        pages = (row.evidence_page_no,) if isinstance(row.evidence_page_no, int) else row.evidence_page_no
        fields = {"domain": row.doc_type, "form": row.answer_form, "evidence": row.evidence_source}
        questions.append(
            LabelledQuestion(
                id=row.id,
                question=row.question,
                corpus_question=row.question,
                file=f"{base}/pdfs/{row.doc_name}.pdf".removeprefix("./"),
                answers=(row.answer,),
                kind=row.doc_type or "pdf",
                pages=tuple(dict.fromkeys(p + 1 for p in pages)),
                fields={k: v for k, v in fields.items() if v},
            )
        )
    licence = "OHR-Bench: for research only, not for commercial use; the PDFs are not shipped."
    return Dataset(name="OHR-Bench", folder=str(folder), questions=tuple(questions), licence=licence)
