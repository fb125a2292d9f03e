"""Gradient histograms by harmonics are those by each pixel's vote."""

import numpy as np

from flowlace.tracking.patch_features import (
    CELL_PX,
    FramePyramid,
    colour_cells,
    gradient_cells,
)
from tests.tracking.tracking_scenes import texture


def test_an_edge_votes_for_its_own_direction_and_no_other() -> None:
    ramp = np.tile(np.arange(0, 128, 4, dtype=np.uint8), (32, 1))[None]
    cells = gradient_cells(ramp)[0]
    inner = cells[:, 2:-2, 2:-2].mean(axis=(1, 2))
    assert inner.argmax() == 0
    assert inner[0] > 5 * inner[4]


def test_boxes_do_not_influence_each_other() -> None:
    pictures = np.stack([texture(64, 64, seed=k) for k in range(3)])
    together = gradient_cells(pictures)
    np.testing.assert_allclose(together[1], gradient_cells(pictures[1:2])[0], atol=1e-6)


def test_a_plain_patch_has_its_colour_in_every_cell() -> None:
    plain = np.full((2, 16, 16, 3), (10, 60, 200), np.uint8)
    cells = colour_cells(plain)
    assert cells.shape == (2, 3, 16 // CELL_PX, 16 // CELL_PX)
    np.testing.assert_allclose(cells[:, 1] * 128, 140, atol=0.1)
    np.testing.assert_allclose(cells[:, 2] * 128, 120, atol=0.1)


def test_more_boxes_than_one_remap_holds_are_cut_out_alike() -> None:
    frame = np.stack([texture(60, 80, seed=5)] * 3, axis=2)
    count = 1100
    center, size = np.full((count, 2), 30.0), np.full((count, 2), 20.0)
    patches = FramePyramid(frame).patches(center, size, np.zeros(count), 32)
    assert (patches == patches[0]).all()
