from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from flowlace_trainers.detector import street
from flowlace_trainers.detector.street import (
    StreetSamples,
    StreetSplit,
    street_options,
    street_sample,
)

from flowlace.sources.testsrc.scene import SceneBox
from flowlace.sources.testsrc.street import StreetSource

SPLIT = StreetSplit(first_seed=90_000, streets=2, frames=2, width_px=160, height_px=96)
BOX = SceneBox(id=1, label="bike", x=-10.0, y=20.0, w=30.0, h=40.0, visible_fraction=0.9)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("street")


@pytest.fixture(scope="module")
def samples(folder: Path) -> StreetSamples:
    return StreetSamples(SPLIT, folder)


def test_every_frame_of_every_street_is_there(samples: StreetSamples) -> None:
    assert len(samples) == 4
    pictures = [samples[number].image.tobytes() for number in range(4)]
    assert len(set(pictures)) == 4
    assert samples[0].image.shape == (96, 160, 3)


def test_frames_are_those_of_the_source(samples: StreetSamples) -> None:
    source = StreetSource(street_options(SPLIT, 90_001))
    moments = np.random.default_rng((90_001, 102)).uniform(0, 600, 2)
    shown = source.image(int(moments[0] * 30)).pixels
    np.testing.assert_array_equal(samples[1].image, shown)


def test_painted_frames_are_read_again(
    samples: StreetSamples, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(street, "_paint_street", None)
    again = StreetSamples(SPLIT, folder)
    assert again.digest == samples.digest


def test_other_streets_have_another_digest(samples: StreetSamples, folder: Path) -> None:
    assert StreetSamples(replace(SPLIT, streets=1), folder).digest != samples.digest


def test_processes_paint_the_same(samples: StreetSamples, tmp_path: Path) -> None:
    assert StreetSamples(SPLIT, tmp_path, processes=2).digest == samples.digest


def test_boxes_are_cut_at_the_edges() -> None:
    sample = street_sample(np.zeros((96, 160, 3), np.uint8), [BOX], SPLIT)
    np.testing.assert_allclose(sample.boxes, [(0, 20, 20, 60)])
    assert (sample.classes.tolist(), sample.is_ignored.tolist()) == ([3], [False])


@pytest.mark.parametrize(
    "box",
    [
        replace(BOX, visible_fraction=0.29),
        replace(BOX, x=10.0, w=1.5),
        replace(BOX, x=-28.9, visible_fraction=0.9),
    ],
    ids=["hidden", "tiny", "a sliver inside"],
)
def test_hidden_and_tiny_boxes_are_ignored(box: SceneBox) -> None:
    sample = street_sample(np.zeros((96, 160, 3), np.uint8), [box], SPLIT)
    assert sample.is_ignored.tolist() == [True]


def test_an_empty_street_has_no_boxes() -> None:
    sample = street_sample(np.zeros((96, 160, 3), np.uint8), [], SPLIT)
    assert sample.boxes.shape == (0, 4)
