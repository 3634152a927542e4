"""A tiny made-up sample of every layout, read; and what is said of files that are laid out otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmrag.errors import UsageError
from mmrag.evaluation.datasets.reading import READERS, read_dataset
from mmrag.evaluation.questions import Frame, PageTruth

QUAD = {"x1": 10, "y1": 20, "x2": 50, "y2": 20, "x3": 50, "y3": 30, "x4": 10, "y4": 30}

SAMPLES: dict[str, dict[str, object]] = {
    "sroie": {
        "key/001.json": {"company": "GREEN TEA SHOP", "date": "01/02/2018", "address": "", "total": "9.90"},
        "box/001.csv": "10,20,90,20,90,30,10,30,GREEN TEA SHOP\n5,50,40,50,40,60,5,60,TOTAL, 9.90\n",
        "img/001.jpg": b"",
    },
    "funsd": {
        "testing_data/annotations/7.json": {
            "form": [
                {"id": 0, "text": "Name:", "box": [1, 2, 30, 12], "label": "question", "linking": [[0, 1]], "words": []},
                {"id": 1, "text": "Ada Lind", "box": [40, 2, 90, 12], "label": "answer", "linking": [[0, 1]], "words": []},
            ]
        },
    },
    "cord": {
        "dev/json/r1.json": {
            "valid_line": [
                {
                    "category": "total.total_price",
                    "words": [
                        {"text": "Total", "quad": QUAD, "is_key": 1},
                        {"text": "12.000", "quad": {**QUAD, "x1": 60, "x4": 60, "x2": 99, "x3": 99}, "is_key": 0},
                    ],
                },
                {"category": "menu.nm", "words": [{"text": "Tea", "quad": QUAD, "is_key": 0}]},
            ]
        },
        "dev/image/r1.png": b"",
    },
    "docvqa": {
        "val_v1.0_withQT.json": {
            "dataset_name": "SP-DocVQA",
            "data": [
                {"questionId": 11, "question": "Which year?", "image": "documents/a_1.png", "docId": 3, "answers": ["1968"],
                 "question_types": ["form", "layout"]},
            ],
        },
    },
    "infographicvqa": {
        "infographicsVQA_val_v1.0_withQT.json": {
            "data": [{"questionId": 5, "question": "How many?", "image_local_name": "30.jpeg", "answers": ["4", "four"],
                      "answer_type": ["single span"]}],
        },
    },
    "mp-docvqa": {
        "val.json": {
            "data": [{"questionId": 9, "question": "Who signed?", "page_ids": ["d_p0", "d_p1"], "answer_page_idx": 1,
                      "answers": ["B. Roy"], "doc_id": "d"}],
        },
        "images/d_p1.jpg": b"",
    },
    "chartqa": {
        "test/test_human.json": [{"imgname": "3.png", "query": "Highest bar?", "label": "2019"}],
        "test/test_augmented.json": [{"imgname": "4.png", "query": "Lowest?", "label": "0.5"}],
        "test/png/3.png": b"",
    },
    "slidevqa": {
        "annotations/qa/test.jsonl": json.dumps(
            {"deck_name": "deck-a", "deck_url": "", "image_urls": [], "qa_id": 7, "question": "Growth?", "answer": "5%",
             "evidence_pages": [2, 4], "reasoning_type": "Multi-Hop", "answer_type": "Single-Span"}
        ),
        "images/test/deck-a/slide_4_1024.jpg": b"",
    },
    "mmlongbench-doc": {
        "data/samples.json": [
            {"doc_id": "a.pdf", "doc_type": "Guidebook", "question": "Share?", "answer": "18.29%",
             "evidence_pages": "[3, 5]", "evidence_sources": "['Chart']", "answer_format": "Float"},
            {"doc_id": "a.pdf", "doc_type": "Guidebook", "question": "Colour?", "answer": "Not answerable",
             "evidence_pages": "[]", "evidence_sources": "[]", "answer_format": "None"},
        ],
    },
    "citevqa": {
        "data/validation/CiteVQA.json": [
            {"index": "c1", "Question": "Which rate?", "Standard_Answer": "4%", "Question_Type": "Factual Retrieval",
             "dataset_type": "Multi (1-Gold)", "language": "en", "PDF_Source": ["x.pdf"],
             "Evidence": [
                 {"bbox": [100, 200, 300, 400], "source_page_id": 2, "source_pdf_name": "x.pdf", "necessity": "Crucial"},
                 {"bbox": [0, 0, 10, 10], "source_page_id": 1, "source_pdf_name": "x.pdf", "necessity": "Supporting"},
             ]},
        ],
    },
    "docscope": {
        "benchmark.json": [
            {"id": "s1", "split": "test", "pdf": {"doc_id_str": "urn1"}, "question": "When?",
             "answer": {"answer_text": "May", "is_answerable": True},
             "evidences": [{"local_id": "e1", "page": 3, "bbox": [10, 20, 30, 40], "element_type": "text"}], "facts": []},
        ],
    },
    "vidore": {
        "queries.jsonl": '{"query-id": 1, "query": "solar output 2020"}\n{"query-id": 2, "query": "no page"}\n',
        "qrels.jsonl": '{"query-id": 1, "corpus-id": 12, "score": 1}\n{"query-id": 1, "corpus-id": 14, "score": 1}\n',
        "corpus/12.png": b"",
    },
    "ohr-bench": {
        "data/qas_v2.json": [
            {"doc_name": "finance/JPM", "ID": "o1", "questions": "Loans?", "answers": "842", "doc_type": "finance",
             "answer_form": "Numeric", "evidence_source": "table", "evidence_page_no": 24},
        ],
    },
}  # fmt: skip

FIRST = {
    "sroie": ("img/001.jpg", "GREEN TEA SHOP", (10, 20, 90, 30)),
    "funsd": ("testing_data/images/7.png", "Ada Lind", (40, 2, 90, 12)),
    "cord": ("dev/image/r1.png", "12.000", (60, 20, 99, 30)),
    "docvqa": ("documents/a_1.png", "1968", None),
    "infographicvqa": ("30.jpeg", "4", None),
    "mp-docvqa": ("images/d_p1.jpg", "B. Roy", None),
    "chartqa": ("test/png/4.png", "0.5", None),
    "slidevqa": ("images/test/deck-a/slide_2_1024.jpg", "5%", None),
    "mmlongbench-doc": ("data/documents/a.pdf", "18.29%", None),
    "citevqa": ("data/pdf/x.pdf", "4%", (100, 200, 300, 400)),
    "docscope": ("pdfs/urn1.pdf", "May", (10, 20, 30, 40)),
    "vidore": ("corpus/12.png", "corpus/12.png", None),
    "ohr-bench": ("data/pdfs/finance/JPM.pdf", "842", None),
}


def lay_out(folder: Path, files: dict[str, object]) -> Path:
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            file.write_bytes(content)
        else:
            file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return folder


def test_every_reader_has_a_sample() -> None:
    assert set(SAMPLES) == set(READERS) == set(FIRST)


@pytest.mark.parametrize("layout", sorted(SAMPLES))
@pytest.mark.parametrize("named", [True, False])
def test_a_sample_of_each_layout(tmp_path: Path, layout: str, named: bool) -> None:
    dataset = read_dataset(lay_out(tmp_path, SAMPLES[layout]), layout if named else None)
    first, (file, answer, corners) = dataset.questions[0], FIRST[layout]
    assert (first.file, first.answers[0]) == (file, answer)
    assert [b.corners for b in first.boxes] == ([] if corners is None else [corners])
    assert len({q.id for q in dataset.questions}) == len(dataset.questions)


def test_sets_that_transcribe_their_pages_give_the_true_text(tmp_path: Path) -> None:
    read = {
        name: read_dataset(lay_out(tmp_path / name, SAMPLES[name])).pages for name in ("sroie", "funsd", "cord", "docvqa")
    }
    assert read == {
        "sroie": (PageTruth(file="img/001.jpg", text="GREEN TEA SHOP\nTOTAL, 9.90"),),
        "funsd": (PageTruth(file="testing_data/images/7.png", text="Name:\nAda Lind"),),
        "cord": (PageTruth(file="dev/image/r1.png", text="Total 12.000\nTea"),),
        "docvqa": (),
    }


def test_what_is_special_about_some(tmp_path: Path) -> None:
    read = {name: read_dataset(lay_out(tmp_path / name, files)).questions for name, files in SAMPLES.items()}
    assert [q.fields["field"] for q in read["sroie"]] == ["company", "date", "total"]
    assert read["sroie"][2].boxes[0].corners == (5, 50, 40, 60)
    assert read["docvqa"][0].fields == {"types": "form + layout"}
    assert read["slidevqa"][0].files[1] == "images/test/deck-a/slide_4_1024.jpg"
    assert read["mmlongbench-doc"][0].pages == (3, 5)
    assert not read["mmlongbench-doc"][1].is_answerable
    assert (read["citevqa"][0].boxes[0].frame, read["citevqa"][0].pages) == (Frame.THOUSANDTHS, (2,))
    assert read["docscope"][0].boxes[0].frame is Frame.DOTS_144
    assert read["vidore"][0].names_a_file
    assert len(read["vidore"]) == 1
    assert read["ohr-bench"][0].pages == (25,)


@pytest.mark.parametrize("layout", sorted(set(SAMPLES) - {"cord", "funsd", "docscope"}))
def test_whoever_may_not_be_passed_on_says_so(tmp_path: Path, layout: str) -> None:
    assert read_dataset(lay_out(tmp_path, SAMPLES[layout])).licence


def test_the_project_s_own_lines(tmp_path: Path) -> None:
    row = {"id": "a", "file": "x.png", "page": None, "question": "Q?", "corpus_question": None, "answers": ["1"],
           "bbox": [1, 2, 3, 4], "kind": "receipt", "field": "total", "modes": ["a", "b"], "note": "n" * 200}  # fmt: skip
    (tmp_path / "questions.jsonl").write_text(f"{json.dumps(row)}\n\n", encoding="utf-8")
    (question,) = read_dataset(tmp_path).questions
    assert question.fields == {"field": "total", "modes": "a + b"}
    assert (question.boxes[0].page, question.boxes[0].corners) == (1, (1, 2, 3, 4))
    assert read_dataset(tmp_path / "questions.jsonl").digest == read_dataset(tmp_path).digest


def test_a_box_on_a_page_whose_size_is_stated(tmp_path: Path) -> None:
    row = {"id": "a", "file": "x.pdf", "page": 2, "question": "Q?", "corpus_question": None, "answers": ["1"],
           "bbox": [100, 50, 300, 100], "page_size": [1000, 500], "kind": "pdf"}  # fmt: skip
    (tmp_path / "q.jsonl").write_text(json.dumps(row), encoding="utf-8")
    (box,) = read_dataset(tmp_path / "q.jsonl").questions[0].boxes
    assert (box.page, box.frame, box.corners) == (2, Frame.FRACTIONS, (0.1, 0.1, 0.3, 0.2))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "line 1"),
        ('{"id": "a"}', "file: Field required"),
        ('{"id":"a","file":null,"question":"q","corpus_question":"q","answers":"1","kind":"k"}', "answers"),
        ('{"id":"a","file":null,"question":"q","corpus_question":"q","answers":[],"kind":"k"}\n' * 2, "line 2: the id 'a'"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "q.jsonl").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=says):
        read_dataset(tmp_path / "q.jsonl")


def test_a_folder_that_fits_no_layout(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no layout that is known"):
        read_dataset(tmp_path)
    with pytest.raises(UsageError, match="There is no layout 'x'"):
        read_dataset(tmp_path, "x")
    with pytest.raises(UsageError, match="not laid out as CiteVQA"):
        read_dataset(tmp_path, "citevqa")
    (tmp_path / "benchmark.json").write_text('[{"id": 1}]')
    with pytest.raises(UsageError, match=r"benchmark.json: 0.pdf: Field required"):
        read_dataset(tmp_path)
