"""Which cells learn which object: task-aligned assignment.

For each object the cells near its middle compete; those that already say both the right
class and the right box best are taken, and how well they do is what they learn to say
(Feng et al. 2021, "TOOD", §3.2).
"""

from typing import NamedTuple

import torch
from torch import Tensor

_CELLS_PER_OBJECT = 10
_RADIUS_STRIDES = 2.5
_LEAST_HALF_SIDE_STRIDES = 0.75


class Truth(NamedTuple):
    """Objects of a batch; pictures with fewer than the most are filled up with zeros."""

    boxes: Tensor
    """`[n, m, 4]` corners in pixels."""
    classes: Tensor
    """`[n, m]` int64."""
    is_object: Tensor
    """`[n, m]` True for an object to be found."""
    is_ignored: Tensor
    """`[n, m]` True for one where nothing counts."""
    scores: Tensor
    """`[n, m]` how sure the label is."""


class Assignment(NamedTuple):
    """What each cell has to learn."""

    is_positive: Tensor
    """`[n, cells]` the cell has an object."""
    is_counted: Tensor
    """`[n, cells]` the cell counts in the loss of classes."""
    boxes: Tensor
    """`[n, cells, 4]` corners of its object."""
    targets: Tensor
    """`[n, cells, classes]` scores from 0 to 1."""


@torch.no_grad()
def assign(
    scores: Tensor, boxes: Tensor, truth: Truth, middles: Tensor, strides: Tensor
) -> Assignment:
    """Returns what cells have to learn.

    Args:
        scores: `[n, cells, classes]` said by the network, 0 to 1.
        boxes: `[n, cells, 4]` corners said by the network.
        truth: the objects.
        middles: `[cells, 2]` of the cells.
        strides: `[cells]` of the cells.
    """
    n, m = truth.classes.shape
    overlap = pairwise_iou(truth.boxes, boxes)  # [n, m, cells]
    index = truth.classes[:, None, :].expand(n, scores.shape[1], m)
    said = scores.gather(2, index).transpose(1, 2)  # [n, m, cells]
    alignment = said.sqrt_() * (overlap * overlap * overlap).square_()  # powers 1/2 and 6
    near = _near(truth.boxes, middles, strides) & truth.is_object[..., None]
    # A floor keeps near cells ahead of far ones while boxes don't overlap yet.
    rank = torch.where(near, alignment + 1e-9, alignment.new_zeros(()))
    best, cells = rank.topk(min(_CELLS_PER_OBJECT, rank.shape[2]), 2)
    is_chosen = torch.zeros_like(near).scatter_(2, cells, best > 0)  # [n, m, cells]
    # A cell wanted by several objects learns the one it fits best.
    fit = torch.where(is_chosen, overlap + 1e-9, overlap.new_full((), -1.0))
    fit_of_cell, owner = fit.max(1)  # [n, cells]
    is_positive = fit_of_cell >= 0
    is_chosen &= owner[:, None, :] == torch.arange(m, device=owner.device)[None, :, None]
    return Assignment(
        is_positive=is_positive,
        is_counted=is_positive | ~_covered(truth, middles),
        boxes=truth.boxes.gather(1, owner[..., None].expand(-1, -1, 4)),
        targets=_targets(alignment, overlap, is_chosen, owner, truth, scores.shape[2]),
    )


def _targets(
    alignment: Tensor, overlap: Tensor, is_chosen: Tensor, owner: Tensor, truth: Truth, classes: int
) -> Tensor:
    """The best cell of an object learns its overlap, the others less as they are aligned less."""
    alignment = alignment * is_chosen
    most = alignment.amax(2, keepdim=True)  # [n, m, 1]
    best = (overlap * is_chosen).amax(2, keepdim=True)
    share = alignment / (most + 1e-9) * best * truth.scores[..., None]
    of_cell = share.amax(1)  # [n, cells]; at most one object a cell is left
    kind = truth.classes.gather(1, owner)
    targets = alignment.new_zeros(*of_cell.shape, classes)
    return targets.scatter_(2, kind[..., None], of_cell[..., None])


def _near(boxes: Tensor, middles: Tensor, strides: Tensor) -> Tensor:
    """Cells in a box, but not far from its middle; at least one a scale even for thin boxes."""
    least, most = _LEAST_HALF_SIDE_STRIDES * strides, _RADIUS_STRIDES * strides
    near = torch.ones(*boxes.shape[:2], len(middles), dtype=torch.bool, device=boxes.device)
    # One axis at a time: arrays with a last axis of two are several times slower.
    for axis in (0, 1):
        low, high = boxes[..., axis, None], boxes[..., axis + 2, None]  # [n, m, 1]
        reach = ((high - low) / 2).maximum(least).minimum(most)  # [n, m, cells]
        near &= (middles[:, axis] - (low + high) / 2).abs_() < reach
    return near


def _covered(truth: Truth, middles: Tensor) -> Tensor:
    """`[n, cells]` cells inside an ignored box."""
    left, top, right, bottom = truth.boxes[..., None].unbind(2)  # [n, m, 1] each
    x, y = middles.unbind(-1)
    inside = (x > left) & (x < right) & (y > top) & (y < bottom)  # [n, m, cells]
    return (inside & truth.is_ignored[..., None]).any(1)


def pairwise_iou(a: Tensor, b: Tensor) -> Tensor:
    """Returns `[n, i, j]` overlaps of `[n, i, 4]` and `[n, j, 4]` corners."""
    left_a, top_a, right_a, bottom_a = a[:, :, None].unbind(-1)  # [n, i, 1] each
    left_b, top_b, right_b, bottom_b = b[:, None].unbind(-1)  # [n, 1, j] each
    wide = (right_a.minimum(right_b) - left_a.maximum(left_b)).clamp_(min=0)
    shared = (bottom_a.minimum(bottom_b) - top_a.maximum(top_b)).clamp_(min=0).mul_(wide)
    area_a = (right_a - left_a).clamp(min=0) * (bottom_a - top_a).clamp(min=0)
    area_b = (right_b - left_b).clamp(min=0) * (bottom_b - top_b).clamp(min=0)
    return shared / (area_a + area_b - shared).add_(1e-9)
