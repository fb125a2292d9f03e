import pytest
import torch
from flowlace_trainers.detector.losses import complete_iou, detector_loss
from flowlace_trainers.detector.network import Raw, cell_middles
from flowlace_trainers.detector.task import as_batch

from tests.trainers.detector.toys import HEIGHT, WIDTH, sample

BOX = torch.tensor([[10.0, 10, 30, 40]])
TRUTH = as_batch([sample([(12, 12, 28, 28)], [1])]).truth
CELLS = len(cell_middles(WIDTH, HEIGHT)[0])


def perfect(logit: float) -> Raw:
    """Every cell says the box of the object; those in it are as sure as told."""
    middles = cell_middles(WIDTH, HEIGHT)[0]
    boxes = torch.cat([20 - middles, torch.full((CELLS, 2), 16.0)], 1)[None]
    logits = torch.full((1, CELLS, 2), -12.0)
    inside = ((middles > 12) & (middles < 28)).all(1)
    logits[0, inside, 1] = logit
    return Raw(logits, boxes)


def test_a_box_on_its_target_has_no_loss() -> None:
    assert float(complete_iou(BOX, BOX)) == pytest.approx(1.0, abs=1e-5)


def test_boxes_apart_are_pulled_together() -> None:
    away = (BOX + 100).requires_grad_()
    complete_iou(away, BOX).sum().backward()
    assert away.grad is not None
    assert (away.grad[:, :2] + away.grad[:, 2:] < 0).all()


def test_another_shape_costs_more_than_the_same_shape_with_the_same_overlap() -> None:
    wide = torch.tensor([[5.0, 17.5, 35, 32.5]])
    scaled = torch.tensor([[10.0, 10, 10 + 20 / 2**0.5, 10 + 30 / 2**0.5]])
    assert complete_iou(wide, BOX) < complete_iou(scaled, BOX)


def test_a_perfect_detector_has_nearly_no_loss() -> None:
    losses = detector_loss(perfect(12.0), TRUTH, WIDTH, HEIGHT)
    assert float(losses["box"]) == pytest.approx(0, abs=1e-4)
    doubting = detector_loss(perfect(0.0), TRUTH, WIDTH, HEIGHT)
    assert float(losses["class"]) < 0.25 * float(doubting["class"])


def test_a_wrong_find_costs() -> None:
    raw = perfect(12.0)
    raw.logits[0, CELLS - 1, 0] = 6.0
    wrong = detector_loss(raw, TRUTH, WIDTH, HEIGHT)["class"]
    assert wrong > detector_loss(perfect(12.0), TRUTH, WIDTH, HEIGHT)["class"] + 0.5


def test_a_find_in_an_ignored_object_costs_nothing() -> None:
    truth = as_batch([sample([(12, 12, 28, 28)], [1], ignored=(0,))]).truth
    assert float(detector_loss(perfect(12.0), truth, WIDTH, HEIGHT)["class"]) < 0.01


def test_a_picture_without_objects_has_finite_loss() -> None:
    truth = as_batch([sample([], [])]).truth
    losses = detector_loss(perfect(0.0), truth, WIDTH, HEIGHT)
    assert float(losses["box"]) == 0
    assert torch.isfinite(losses["class"])
