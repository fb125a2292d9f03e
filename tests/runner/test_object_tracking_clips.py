"""Objects of real clips, detected every two seconds, through the packaged graph."""

import csv
from pathlib import Path

import numpy as np
import pytest

from flowlace.sources.registry import open_source
from flowlace.testing.replay_detector import TrueBox
from flowlace.tracking.evaluation import intersection_over_union, success_auc
from tests.runner.replayed_graph import replayed

DATA = Path(__file__).parents[3] / "shared/data/video"


def auc_of(name: str) -> float:
    """Returns the success AUC of a clip with one track; a frame without a box overlaps by 0."""
    with (DATA / f"{name}.csv").open() as file:
        wanted = {
            int(row["frame"]): [float(row[key]) for key in "xywh"] for row in csv.DictReader(file)
        }
    with open_source(str(DATA / f"{name}.mp4")) as source:
        frames = [(frame.timestamp_us, frame.payload) for frame in source]
    truth = {
        frames[index][0]: [TrueBox(label="object", x=x, y=y, w=w, h=h)]
        for index, (x, y, w, h) in wanted.items()
    }
    rows = replayed(
        frames, truth, change=lambda text: text.replace("period_us: 333333", "period_us: 2000000")
    )
    found = [[rows[i][0][key] for key in "xywh"] if rows[i] else [0.0] * 4 for i in wanted]
    return success_auc(intersection_over_union(np.array(found), np.array(list(wanted.values()))))


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason=f"needs the clips in {DATA}")
@pytest.mark.parametrize(("name", "least"), [("couple", 0.62), ("bag", 0.65)])
def test_a_box_holds_for_two_seconds_between_detections(name: str, least: float) -> None:
    assert auc_of(name) >= least
