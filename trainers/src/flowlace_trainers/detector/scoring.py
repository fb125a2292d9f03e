"""COCO's own score of what was found against what is there."""

import contextlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from flowlace_trainers.detector.decoding import Found
from flowlace_trainers.detector.samples import Sample


def coco_scores(
    truth: Sequence[Sample], found: Sequence[Found], labels: Sequence[str]
) -> dict[str, float]:
    """Returns mAP, AP50, AP75, and AP and AP50 of each label.

    Boxes of both must be in pixels of the same pictures. Ignored objects are COCO's crowds:
    finding them, once or often, counts neither way. Labels without an object are left out of
    the means and have no score of their own.
    """
    with contextlib.redirect_stdout(io.StringIO()):
        known = _indexed(_dataset(truth, labels))
        rows = _rows(found)
        # COCO's loader fails on no rows at all.
        said = known.loadRes(rows) if len(rows) else _indexed({**known.dataset, "annotations": []})
        run = COCOeval(known, said, "bbox")
        run.evaluate()
        run.accumulate()
    # [threshold, recall, class, area, most]
    precision = np.where(run.eval["precision"] < 0, np.nan, run.eval["precision"])
    by_class = precision[:, :, :, 0, -1]
    has = ~np.isnan(by_class).all((0, 1))
    results = {
        "mAP": float(by_class[:, :, has].mean()),
        "AP50": float(by_class[0, :, has].mean()),
        "AP75": float(by_class[5, :, has].mean()),
    }
    for number in np.flatnonzero(has).tolist():
        results[f"AP {labels[number]}"] = float(by_class[:, :, number].mean())
        results[f"AP50 {labels[number]}"] = float(by_class[0, :, number].mean())
    return results


def _indexed(dataset: dict[str, Any]) -> Any:
    made = COCO()
    made.dataset = dataset
    made.createIndex()
    return made


def _dataset(truth: Sequence[Sample], labels: Sequence[str]) -> dict[str, Any]:
    annotations: list[dict[str, Any]] = []
    for picture, sample in enumerate(truth):
        for box, kind, ignored in zip(sample.boxes, sample.classes, sample.is_ignored, strict=True):
            x, y, right, bottom = map(float, box)
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": picture,
                    "category_id": int(kind),
                    "bbox": [x, y, right - x, bottom - y],
                    "area": (right - x) * (bottom - y),
                    "iscrowd": int(ignored),
                }
            )
    return {
        "info": {},
        "images": [{"id": picture} for picture in range(len(truth))],
        "annotations": annotations,
        "categories": [{"id": number, "name": name} for number, name in enumerate(labels)],
    }


def _rows(found: Sequence[Found]) -> Any:
    """`[k, 7]` picture, x, y, width, height, score, class."""
    parts = [
        np.column_stack(
            [
                np.full(len(one.scores), picture),
                one.boxes[:, :2],
                one.boxes[:, 2:] - one.boxes[:, :2],
                one.scores,
                one.classes,
            ]
        )
        for picture, one in enumerate(found)
    ]
    return np.concatenate(parts).astype(np.float64)
