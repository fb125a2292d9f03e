"""What is wrong with what the detector says."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from flowlace_trainers.detector.assignment import Truth, assign
from flowlace_trainers.detector.network import Raw, cell_middles, corners

_BOX_WEIGHT = 5.0
_CLASS_WEIGHT = 1.0


def detector_loss(raw: Raw, truth: Truth, width_px: int, height_px: int) -> dict[str, Tensor]:
    """Returns the losses of boxes and classes; the sum is what training makes smaller.

    Both are sums over cells divided by the sum of the target scores, so that pictures with
    many objects count for more than empty ones.
    """
    logits, boxes = raw.logits.float(), raw.boxes.float()
    middles, strides = cell_middles(width_px, height_px)
    middles, strides = middles.to(boxes.device), strides.to(boxes.device)
    said = corners(boxes, middles)
    wanted = assign(logits.sigmoid().detach(), said.detach(), truth, middles, strides)
    weight = wanted.targets.sum(-1)[wanted.is_positive]
    total = weight.sum().clamp(min=1.0)
    by_class = functional.binary_cross_entropy_with_logits(logits, wanted.targets, reduction="none")
    overlap = complete_iou(said[wanted.is_positive], wanted.boxes[wanted.is_positive])
    return {
        "box": _BOX_WEIGHT * ((1 - overlap) * weight).sum() / total,
        "class": _CLASS_WEIGHT * (by_class * wanted.is_counted[..., None]).sum() / total,
    }


def complete_iou(a: Tensor, b: Tensor) -> Tensor:
    """Returns `[k]` CIoU of `[k, 4]` corners: overlap less distance and difference in shape.

    Zheng et al. 2020, "Distance-IoU loss", eq. 8–11.
    """
    shared = (torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])).clamp(min=0)
    sides_a, sides_b = a[:, 2:] - a[:, :2], b[:, 2:] - b[:, :2]
    intersection = shared.prod(-1)
    iou = intersection / (sides_a.prod(-1) + sides_b.prod(-1) - intersection + 1e-7)
    around = torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])
    distance = ((a[:, :2] + a[:, 2:] - b[:, :2] - b[:, 2:]) / 2).square().sum(-1)
    v = (4 / math.pi**2) * (_slope(sides_a) - _slope(sides_b)).square()
    with torch.no_grad():
        alpha = v / (1 - iou + v + 1e-7)
    return iou - distance / (around.square().sum(-1) + 1e-7) - alpha * v


def _slope(sides: Tensor) -> Tensor:
    return torch.atan(sides[:, 0] / (sides[:, 1] + 1e-7))
