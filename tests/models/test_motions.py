"""The packaged classifier of motions: on a stream as on whole clips, and good at what it is for."""

from collections import deque
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from flowlace.calculators.inference.region import region_of
from flowlace.calculators.inference.region_fill import RegionFill
from flowlace.inference.clip_classifier_spec import ClipClassifier, clip_classifier
from flowlace.inference.interpreter import allocate, make_interpreter
from flowlace.inference.tflite_file import TfliteFile
from flowlace.sources.testsrc.motions import MotionsOptions, MotionsSource
from flowlace.testing import replay_graph

FRAME_US = 1_000_000 / 15
"""From frame to frame of the test source."""

Floats = NDArray[np.float32]


@pytest.fixture(scope="module")
def model() -> ClipClassifier:
    return clip_classifier("motions:float32")


class Bare:
    """A model by the bare interpreter."""

    def __init__(self, path: Any) -> None:
        file = TfliteFile(path)
        self._interpreter = make_interpreter(file, num_threads=1, use_xnnpack=True)
        allocate(self._interpreter, file)
        self._input, self._output = file.main.inputs[0].index, file.main.outputs[0].index

    def __call__(self, value: Floats) -> Floats:
        self._interpreter.set_tensor(self._input, value)
        self._interpreter.invoke()
        made: Floats = self._interpreter.get_tensor(self._output)
        return made


def prepared(source: MotionsSource, index: int, model: ClipClassifier) -> Floats:
    image, told = source.image(index), model.image_input
    width, height = told["output_tensor_width"], told["output_tensor_height"]
    low, high = (told["output_tensor_float_range"][end] for end in ("min", "max"))
    out = np.empty((1, height, width, 3), np.float32)
    region = region_of(None, image.width_px, image.height_px)
    RegionFill(image, region, (high - low) / 255, low, is_border_zero=False)(out)
    return out


def test_the_graph_gives_what_the_models_give_for_whole_clips(model: ClipClassifier) -> None:
    options = MotionsOptions(seconds=3.2, seed=2)
    source, frames = MotionsSource(options), model.frames_a_step
    run = replay_graph(
        graph="video_classification",
        source="testsrc:motions?seconds=3.2&seed=2",
        models=["motions:float32"],
        streams=["classes"],
    )
    tokens, head = Bare(model.tokens_path), Bare(model.head_path)
    stride = round(model.period_us / FRAME_US)
    seen = range(0, 48, stride)
    steps = [
        tokens(np.concatenate([prepared(source, one, model) for one in seen[n : n + frames]], -1))
        for n in range(0, len(seen) // frames * frames, frames)
    ]
    ring = deque([np.zeros_like(steps[0])] * model.steps, maxlen=model.steps)
    wanted = []
    for step in steps:
        ring.append(step)
        wanted.append(head(np.stack(list(ring), 1))[0])
    found = [{row.label: row.score for row in rows} for rows in run.payloads("classes")]
    ordered = [[one[label] for label in model.labels] for one in found]
    np.testing.assert_allclose(ordered, wanted, atol=6e-5)  # rows have four digits


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_most_full_windows_within_one_motion_are_right(precision: str) -> None:
    options = MotionsOptions(seconds=64, seed=9)
    source, model = MotionsSource(options), clip_classifier(f"motions:{precision}")
    run = replay_graph(
        graph="video_classification",
        source="testsrc:motions?seconds=64&seed=9",
        models=[f"motions:{precision}"],
        settings={"classifier.top_k": 1},
        streams=["classes"],
    )
    last = [
        (rows[0].label, one.label)
        for one in source.truth()
        for time, rows in zip(run.timestamps("classes"), run.payloads("classes"), strict=True)
        if one.offset_us - 2 * model.step_us < time < one.offset_us
    ]
    assert len(last) >= 40
    assert np.mean([said == true for said, true in last]) > 0.85
