import numpy as np
from flowlace_trainers.detector.decoding import DecodeOptions, Found, decode
from flowlace_trainers.detector.network import cell_middles

WIDTH, HEIGHT = 64, 32
MIDDLES = cell_middles(WIDTH, HEIGHT)[0].numpy()
CELLS = len(MIDDLES)
OPTIONS = DecodeOptions(least_score=0.1, largest_overlap=0.5, most=10)


def said(boxes: dict[int, tuple[float, ...]], options: DecodeOptions = OPTIONS) -> Found:
    """Cells by number: left, top, right, bottom, class, logit."""
    logits = np.full((CELLS, 2), -10.0, np.float32)
    shifts = np.zeros((CELLS, 4), np.float32)
    for cell, (left, top, right, bottom, kind, logit) in boxes.items():
        middle = np.array([(left + right) / 2, (top + bottom) / 2])
        shifts[cell] = [*(middle - MIDDLES[cell]), right - left, bottom - top]
        logits[cell, int(kind)] = logit
    return decode(logits, shifts, WIDTH, HEIGHT, options)


def test_boxes_come_back_as_said_and_sorted() -> None:
    found = said({3: (2, 3, 12, 13, 1, 1.0), 41: (30, 5, 60, 25, 0, 2.0)})
    np.testing.assert_allclose(found.boxes, [(30, 5, 60, 25), (2, 3, 12, 13)], atol=1e-5)
    assert found.classes.tolist() == [0, 1]
    np.testing.assert_allclose(found.scores, 1 / (1 + np.exp([-2.0, -1.0])), rtol=1e-6)


def test_of_boxes_that_cover_each_other_the_surest_stays_whatever_its_class() -> None:
    found = said({3: (2, 3, 12, 13, 1, 1.0), 4: (2, 3, 12, 14, 0, 2.0)})
    assert found.classes.tolist() == [0]


def test_boxes_that_cover_each_other_little_both_stay() -> None:
    assert len(said({3: (2, 3, 12, 13, 1, 1.0), 4: (8, 3, 18, 13, 1, 2.0)}).scores) == 2


def test_unsure_cells_are_dropped() -> None:
    assert len(said({3: (2, 3, 12, 13, 1, -3.0)}).scores) == 0


def test_boxes_are_cut_at_the_edges() -> None:
    found = said({0: (-5, -5, 10, 10, 0, 1.0)})
    np.testing.assert_allclose(found.boxes, [(0, 0, 10, 10)], atol=1e-5)


def test_no_more_boxes_than_asked_for() -> None:
    cells = {n: (8 * n, 0, 8 * n + 6, 6, 0, float(n)) for n in range(8)}
    found = said(cells, DecodeOptions(least_score=0.1, largest_overlap=0.5, most=3))
    np.testing.assert_allclose(found.boxes[:, 0], [56, 48, 40])
