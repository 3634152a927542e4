"""One memory arena for all models of a reading process: less memory, and no time lost giving it back and asking again.

RapidOCR switches onnxruntime's arena off, so that every tensor of a page (up to 140 MB each) is mapped, cleared and unmapped
again: on scanned receipts a sixth of the time. The arena's own defaults keep 400 MB that are never used together. A first
chunk that all pages fit in, which is held only as far as it was ever touched, tensors packed closely in it, and no memory
pattern (which is planned anew for each picture size and allocated as one block) need less of both.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

_FIRST_MB: Final = 320
_GROWTH_MB: Final = 32
_DEAD_KB: Final = 64
"""Left over of a free place, so much is free again: onnxruntime's own 128 MB gives places away whole to smaller tensors."""
_MB: Final = 1 << 20
_NEXT_POWER_OF_TWO: Final = 0


@cache
def share_arena() -> None:
    """Make RapidOCR's sessions from now on use one arena. Once a process; nothing is allocated before it is needed."""
    import onnxruntime
    from rapidocr.inference_engine.onnxruntime.main import OrtInferSession

    arena = onnxruntime.OrtArenaCfg(
        {
            "max_mem": 0,
            "arena_extend_strategy": _NEXT_POWER_OF_TWO,
            "initial_chunk_size_bytes": _FIRST_MB * _MB,
            "initial_growth_chunk_size_bytes": _GROWTH_MB * _MB,
            "max_dead_bytes_per_chunk": _DEAD_KB << 10,
        }
    )
    place = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    onnxruntime.create_and_register_allocator(place, arena)
    made = OrtInferSession._init_sess_opts

    def options(settings: dict[str, Any]) -> onnxruntime.SessionOptions:
        result = made(settings)
        result.enable_cpu_mem_arena = True
        result.enable_mem_pattern = False
        result.add_session_config_entry("session.use_env_allocators", "1")
        return result

    # RapidOCR has no setting for either; a session can be handed in, but then its choice of model files is lost.
    OrtInferSession._init_sess_opts = staticmethod(options)  # type: ignore[method-assign, assignment]  # see above
