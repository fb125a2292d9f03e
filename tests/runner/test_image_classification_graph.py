"""The graph `image_classification` from pictures to rows, with a model of known answers."""

from dataclasses import asdict
from pathlib import Path

import pytest

from flowlace.testing import replay_graph
from tests.inference.test_image_classifier_spec import classifier


def test_every_picture_has_rows_best_first_and_an_overlay(tmp_path: Path) -> None:
    run = replay_graph(
        graph="image_classification",
        source="testsrc:motions?size=32&clip_s=0.4&seconds=0.2",
        models=[str(classifier(tmp_path))],
        settings={"classifier.top_k": 2},
        streams=["classes", "overlay"],
    )
    assert run.timestamps("classes") == run.timestamps("overlay") == [0, 66_667, 133_333]
    assert [asdict(row) for row in run.payloads("classes")[0]] == [
        {"timestamp_us": 0, "label": "dog", "score": pytest.approx(0.7)},
        {"timestamp_us": 0, "label": "bird", "score": pytest.approx(0.2)},
    ]
