"""The line through most of a chart's ticks is the one that scipy finds, without its memory."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from mmrag_ingest.charting.scale import repeated_medians
from scipy.stats import siegelslopes

_POINT = st.tuples(st.integers(-50, 50), st.floats(-1e6, 1e6))


@given(st.lists(_POINT, min_size=2, max_size=12).filter(lambda points: len({x for x, _ in points}) > 1))
def test_it_is_siegels_estimate(points: list[tuple[int, float]]) -> None:
    x, y = (np.array(column, dtype=np.float64) for column in zip(*points, strict=True))
    slope, intercept = repeated_medians(x, y)
    assert np.allclose((slope, intercept), siegelslopes(y, x), rtol=1e-9, atol=1e-6)


def test_points_in_one_column_have_no_slope() -> None:
    assert math.isnan(repeated_medians(np.array([3.0, 3.0]), np.array([1.0, 2.0]))[0])


def test_a_reading_process_loads_no_package_that_it_hardly_needs() -> None:
    code = (
        "import sys\nfrom mmrag_ingest.worker import engine\nengine(1)._models\n"
        "print([m for m in ('scipy', 'pandas', 'torch', 'transformers', 'onnx', 'chromadb') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
