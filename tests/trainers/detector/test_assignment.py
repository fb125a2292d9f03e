import torch
from flowlace_trainers.detector.assignment import Assignment, Truth, assign, pairwise_iou
from flowlace_trainers.detector.network import cell_middles
from torch import Tensor

WIDTH, HEIGHT = 96, 64
MIDDLES, STRIDES = cell_middles(WIDTH, HEIGHT)
CELLS = len(MIDDLES)


def truth(boxes: list[list[float]], classes: list[int], ignored: tuple[int, ...] = ()) -> Truth:
    is_ignored = torch.tensor([[number in ignored for number in range(len(boxes))]])
    return Truth(
        boxes=torch.tensor([boxes]),
        classes=torch.tensor([classes]),
        is_object=~is_ignored,
        is_ignored=is_ignored,
        scores=torch.ones(1, len(boxes)),
    )


def assigned(known: Truth, boxes: Tensor | None = None, scores: Tensor | None = None) -> Assignment:
    half = STRIDES[:, None]
    said = torch.cat([MIDDLES - half, MIDDLES + half], 1)[None] if boxes is None else boxes
    sure = torch.full((1, CELLS, 2), 0.5) if scores is None else scores
    return assign(sure, said, known, MIDDLES, STRIDES)


def test_only_cells_near_the_middle_learn_an_object() -> None:
    made = assigned(truth([[20.0, 20, 44, 44]], [1]))
    chosen = made.is_positive[0]
    away = (MIDDLES[chosen] - 32).abs().amax(1)
    assert 1 <= int(chosen.sum()) <= 10
    assert (away < (0.75 * STRIDES[chosen]).clamp(min=12)).all()
    assert made.boxes[0, made.is_positive[0]].unique(dim=0).tolist() == [[20, 20, 44, 44]]


def test_the_best_cell_learns_its_overlap_and_only_in_its_class() -> None:
    known = truth([[20.0, 20, 44, 44]], [1])
    made = assigned(known)
    best = float(made.targets.max())
    said = torch.cat([MIDDLES - STRIDES[:, None], MIDDLES + STRIDES[:, None]], 1)[None]
    overlaps = pairwise_iou(known.boxes, said)[0, 0]
    assert abs(best - float(overlaps[made.is_positive[0]].max())) < 1e-6
    assert float(made.targets[..., 0].max()) == 0
    assert (made.targets.sum(-1) > 0).sum() <= made.is_positive.sum()


def test_a_thin_object_between_cells_is_still_learned() -> None:
    made = assigned(truth([[6.5, 10, 9.5, 30]], [0]))
    assert int(made.is_positive.sum()) >= 1


def test_a_cell_in_two_objects_learns_the_one_it_fits() -> None:
    small, large = [24.0, 24, 40, 40], [8.0, 8, 56, 56]
    boxes = torch.tensor([small]).expand(1, CELLS, 4)
    made = assigned(truth([small, large], [0, 1]), boxes)
    near = (MIDDLES - 32).abs().amax(1) < 8
    assert made.targets[0, near & made.is_positive[0], 1].max() == 0


def test_cells_that_say_the_right_class_are_preferred() -> None:
    scores = torch.full((1, CELLS, 2), 0.1)
    left = MIDDLES[:, 0] < 48
    scores[0, left, 0] = 0.9
    wide = [0.0, 0, 96, 64]
    made = assigned(truth([wide], [0]), torch.tensor([wide]).expand(1, CELLS, 4), scores)
    assert made.targets[0, left, 0].max() > made.targets[0, ~left, 0].max()


def test_nothing_counts_inside_ignored_objects() -> None:
    made = assigned(truth([[20.0, 20, 44, 44]], [0], ignored=(0,)))
    inside = ((MIDDLES > 20) & (MIDDLES < 44)).all(1)
    assert not made.is_positive.any()
    assert torch.equal(made.is_counted[0], ~inside)


def test_an_empty_picture_is_all_background() -> None:
    empty = Truth(
        boxes=torch.zeros(1, 1, 4),
        classes=torch.zeros(1, 1, dtype=torch.int64),
        is_object=torch.zeros(1, 1, dtype=torch.bool),
        is_ignored=torch.zeros(1, 1, dtype=torch.bool),
        scores=torch.zeros(1, 1),
    )
    made = assigned(empty)
    assert made.targets.sum() == 0
    assert made.is_counted.all()


def test_a_doubtful_label_is_learned_less() -> None:
    known = truth([[20.0, 20, 44, 44]], [0])
    sure = assigned(known).targets.max()
    doubtful = assigned(known._replace(scores=torch.full((1, 1), 0.5))).targets.max()
    assert torch.isclose(doubtful, sure / 2)


def test_overlaps_of_known_boxes() -> None:
    a = torch.tensor([[[0.0, 0, 2, 2]]])
    b = torch.tensor([[[1.0, 0, 3, 2], [5, 5, 6, 6], [0, 0, 2, 2]]])
    torch.testing.assert_close(pairwise_iou(a, b)[0, 0], torch.tensor([1 / 3, 0.0, 1.0]))
