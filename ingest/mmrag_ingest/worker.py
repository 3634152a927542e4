"""Reading one page from file to elements. Runs inside a worker process; see ``guard`` for what holds it in."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import lru_cache, partial

from mmrag.domain.hashing import sha256_hex
from mmrag.errors import DamagedFileError, TooLargeError, UnreadableFileError
from mmrag_ingest import elements, values
from mmrag_ingest.engines.languages import language_of
from mmrag_ingest.engines.lines import OcrEngine
from mmrag_ingest.engines.rapidocr import RapidOcrEngine
from mmrag_ingest.marks import with_marks
from mmrag_ingest.pages import render
from mmrag_ingest.pictures import encode
from mmrag_ingest.records import PageRead, PageTask
from mmrag_ingest.seeing.effort import Effort
from mmrag_ingest.strips import with_strips
from mmrag_ingest.words import find_words


def read_page(task: PageTask, *, threads: int = 1) -> PageRead:
    """Draw, read and understand one page.

    Raises an ``UnreadableFileError`` with one line for a person when the page cannot be drawn or read.
    """
    started = time.perf_counter()
    try:
        effort = Effort.of_page(task.limits.page_s, threads)
        rendered = render(task)
        raw = find_words(rendered, engine(threads), effort)
        picture = encode(rendered.picture)
        understand = partial(
            elements.understand,
            picture=rendered.picture,
            document_id=task.document_id,
            number=task.number,
            image=sha256_hex(picture),
        )
        page = with_strips(understand(raw), raw, rendered.picture, engine(threads), effort, understand)
        page = with_marks(page, rendered.marks)
        page = replace(page, language=language_of(page.text))
        found = values.values_of(page)
    except (UnreadableFileError, ImportError):
        raise  # a package that is missing is no fault of the file: it ends the run
    except MemoryError as error:
        raise _too_large(task) from error
    except Exception as error:
        if "allocate" in str(error):  # how onnxruntime and OpenCV say that memory ran out
            raise _too_large(task) from MemoryError(str(error))
        # One odd page must not end a run over thousands: it is reported like any other page that cannot be read.
        raise DamagedFileError(f"page {task.number} cannot be read: {type(error).__name__}: {error}") from error
    return PageRead(page=page, picture=picture, values=found, seconds=time.perf_counter() - started)


def _too_large(task: PageTask) -> TooLargeError:
    return TooLargeError(f"page {task.number} needs more memory than ingest.worker_memory_bytes allows")


@lru_cache(maxsize=1)
def engine(threads: int) -> OcrEngine:
    """The OCR engine of this process."""
    return RapidOcrEngine(threads)
