"""Run by ``_parsing.py`` with the interpreter of a parser's own environment, which needs no mmrag.

Standard input is one JSON document (parser, tokenizer, pages, files), the last line of standard output another (version,
how, chunks). The last line of standard error says why nothing came of it.
"""

import json
import sys
from importlib.metadata import version
from typing import TypedDict


class Asked(TypedDict):
    parser: str
    tokenizer: str
    pages: list[tuple[str, int, str]]
    files: dict[str, str]


class Made(TypedDict):
    how: str
    chunks: list[tuple[str, int, str]]


def unstructured(asked: Asked) -> Made:
    """Born-digital PDFs are parsed from the file (strategy ``fast``); of scans, the text as read is partitioned."""
    from unstructured.chunking.title import chunk_by_title
    from unstructured.partition.pdf import partition_pdf
    from unstructured.partition.text import partition_text

    chunks: list[tuple[str, int, str]] = []
    for name, path in asked["files"].items():
        pages: dict[int, list[object]] = {}
        for element in partition_pdf(path, strategy="fast", languages=["eng"]):
            pages.setdefault(element.metadata.page_number or 1, []).append(element)
        for number, elements in pages.items():
            chunks += [(name, number, c.text) for c in chunk_by_title(elements)]
    for name, number, text in asked["pages"]:
        if name not in asked["files"] and text.strip():
            chunks += [(name, number, c.text) for c in chunk_by_title(partition_text(text=text, languages=["eng"]))]
    return {"how": "born-digital PDFs from the file, scans from the text as read; chunk_by_title", "chunks": chunks}


def docling(asked: Asked) -> Made:
    """Its models for layout and OCR come from a hub; without them it is given the text of each page as Markdown."""
    from docling.datamodel.base_models import InputFormat
    from docling.document_converter import DocumentConverter
    from docling_core.transforms.chunker.hybrid_chunker import HybridChunker
    from docling_core.transforms.chunker.tokenizer.huggingface import HuggingFaceTokenizer
    from transformers import AutoTokenizer

    tokenizer = HuggingFaceTokenizer(tokenizer=AutoTokenizer.from_pretrained(asked["tokenizer"]), max_tokens=256)
    chunker = HybridChunker(tokenizer=tokenizer)
    converter = DocumentConverter(allowed_formats=[InputFormat.MD])
    chunks: list[tuple[str, int, str]] = []
    for name, number, text in asked["pages"]:
        if text.strip():
            document = converter.convert_string(text, format=InputFormat.MD).document
            chunks += [(name, number, c.text) for c in chunker.chunk(document)]
    return {"how": "the text of each page as Markdown; HybridChunker with MiniLM's tokens", "chunks": chunks}


def main() -> None:
    asked = json.load(sys.stdin)
    name = asked["parser"]
    try:
        made = {"docling": docling, "unstructured": unstructured}[name](asked)
    except ImportError as error:
        sys.exit(f"{error.name or name} is not installed")
    except Exception as error:  # noqa: BLE001  # whatever a parser lacks is a reason to leave it out, and is said
        sys.exit(" ".join(f"{type(error).__name__}: {error}".split()))
    print(json.dumps({"version": f"{name} {version(name)}", **made}))


if __name__ == "__main__":
    main()
