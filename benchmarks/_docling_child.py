"""Run by ``ocr_peers.py`` with an interpreter that has docling: prints the text of each page of a PDF as a JSON list.

python _docling_child.py PDF THREADS
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main() -> None:
    from docling.datamodel.accelerator_options import AcceleratorDevice, AcceleratorOptions
    from docling.datamodel.base_models import InputFormat
    from docling.datamodel.pipeline_options import PdfPipelineOptions, RapidOcrOptions
    from docling.document_converter import DocumentConverter, PdfFormatOption

    options = PdfPipelineOptions(
        do_ocr=True,
        ocr_options=RapidOcrOptions(backend="onnxruntime", force_full_page_ocr=True, **_models()),
        do_table_structure=False,
        accelerator_options=AcceleratorOptions(num_threads=int(sys.argv[2]), device=AcceleratorDevice.CPU),
    )
    converter = DocumentConverter(format_options={InputFormat.PDF: PdfFormatOption(pipeline_options=options)})
    document = converter.convert(Path(sys.argv[1])).document
    texts: dict[int, list[str]] = {number: [] for number in document.pages}
    for item, _ in document.iterate_items():
        for place in getattr(item, "prov", ()):
            texts[place.page_no].append(getattr(item, "text", ""))
    print(json.dumps([" ".join(texts[number]) for number in sorted(texts)]))


def _models() -> dict[str, str]:
    """The weights that mmrag reads with, from the wheel of rapidocr."""
    import rapidocr

    folder = Path(rapidocr.__file__).parent / "models"
    return {
        "det_model_path": str(next(folder.glob("*det*.onnx"))),
        "rec_model_path": str(next(folder.glob("*rec*.onnx"))),
        "cls_model_path": str(next(folder.glob("*cls*.onnx"))),
    }


if __name__ == "__main__":
    main()
