"""The boxes of strokes are those of connected components, one inside another included."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from mmrag_ingest.layout.strokes import boxes_of


@pytest.mark.parametrize("share", [0.0, 0.02, 0.2, 0.5, 1.0])
def test_boxes_are_those_of_connected_components(share: float) -> None:
    mask = (np.random.default_rng(5).random((70, 90)) < share).astype(np.uint8) * 255
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    assert sorted(boxes_of(mask)) == sorted(map(tuple, stats[1:, :4].tolist()))


def test_what_stands_inside_a_frame_has_its_own_box() -> None:
    mask = np.zeros((40, 40), dtype=np.uint8)
    cv2.rectangle(mask, (2, 2), (37, 37), 255, 1)
    mask[20, 10:30] = 255
    assert boxes_of(mask) == [(2, 2, 36, 36), (10, 20, 20, 1)]
