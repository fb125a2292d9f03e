"""Calibrated scores; the numbers are those of MediaPipe's own tests."""

from itertools import pairwise
from math import nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlace.calculators.inference.score_calibration import (
    ScoreCalibrationCalculator,
    ScoreCalibrationOptions,
    ScoreTransformation,
    Sigmoid,
)
from flowlace.formats.tensor import Tensor
from flowlace.framework.errors import CalculatorError, GraphConfigError
from flowlace.testing import at, run_calculator
from tests.calculators.inference.graph_text import options_in

CURVE = {"scale": 0.9, "slope": 0.5, "offset": 0.1}
SIGMOIDS = (
    Sigmoid(**CURVE),
    Sigmoid(**CURVE, min_score=0.3),
    Sigmoid(**CURVE, min_score=0.6),
    Sigmoid(),
)


def calibrated(scores: list[float], indices: list[float] | None = None, **options: Any) -> Any:
    options = {"sigmoids": SIGMOIDS, "default_score": 0.2, **options}
    inputs = {"SCORES": [at(2, [Tensor(np.array([scores], np.float32), name="s")])]}
    if indices is not None:
        inputs["INDICES"] = [at(2, [Tensor(np.array([indices], np.float32))])]
    run = run_calculator(
        ScoreCalibrationCalculator, ScoreCalibrationOptions(**options), inputs=inputs
    )
    assert run.timestamps("CALIBRATED_SCORES") == [2]
    ((tensor,),) = run.payloads("CALIBRATED_SCORES")
    assert (tensor.shape, tensor.dtype, tensor.name) == ((1, len(scores)), np.float32, "s")
    return tensor.array[0].tolist()


@pytest.mark.parametrize(
    ("transformation", "wanted"),
    [
        (ScoreTransformation.IDENTITY, [0.4948505976, 0.5059588508, 0.2, 0.2]),
        (ScoreTransformation.LOG, [0.2976901255, 0.3393665735, 0.2, 0.2]),
        (ScoreTransformation.INVERSE_LOGISTIC, [0.3203217641, 0.3778080605, 0.2, 0.2]),
    ],
)
def test_every_score_goes_through_the_curve_of_its_class(
    transformation: ScoreTransformation, wanted: list[float]
) -> None:
    found = calibrated([0.2, 0.3, 0.4, 0.5], score_transformation=transformation)
    assert found == pytest.approx(wanted)


def test_indices_say_the_class() -> None:
    found = calibrated([0.3, 0.4, 0.5, 0.2], [1, 2, 3, 0])
    assert found == pytest.approx([0.5059588508, 0.2, 0.2, 0.4948505976])


@given(
    scores=st.lists(st.floats(-2, 3, width=32), min_size=2, max_size=20).map(sorted),
    transformation=st.sampled_from(list(ScoreTransformation)[1:]),
)
def test_curves_rise_and_stay_within_their_scale(
    scores: list[float], transformation: ScoreTransformation
) -> None:
    found = calibrated(scores, [0] * len(scores), score_transformation=transformation)
    assert all(0 <= value <= np.float32(0.9) for value in found)
    assert all(a <= b for a, b in pairwise(found))


def test_nan_becomes_the_default() -> None:
    assert calibrated([nan, 0.3, 0.7, 0.1])[0] == pytest.approx(0.2)


def test_what_does_not_fit_is_an_error() -> None:
    with pytest.raises(CalculatorError, match=r"'s' \(scores\) has 5 scores.* are 4 sigmoids"):
        calibrated([0.2] * 5)
    with pytest.raises(CalculatorError, match="holds -1, but there are 4 sigmoids"):
        calibrated([0.2] * 4, [0, 1, 2, -1])
    with pytest.raises(CalculatorError, match="holds 4, but there are 4 sigmoids"):
        calibrated([0.2] * 4, [0, 1, 4, 3])
    with pytest.raises(CalculatorError, match="has 3 indices for 4 scores"):
        calibrated([0.2] * 4, [0, 1, 2])
    with pytest.raises(CalculatorError, match="1 tensor of scores is expected, but there are 0"):
        options = ScoreCalibrationOptions(sigmoids=SIGMOIDS)
        run_calculator(ScoreCalibrationCalculator, options, SCORES=[at(0, [])])


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"sigmoids": ()}, "needs sigmoids"),
        ({"sigmoids": (Sigmoid(scale=-1.0, slope=1.0, offset=1.0),)}, "scale has to be 0 or more"),
        ({"score_transformation": ScoreTransformation.UNSPECIFIED}, "has to be said"),
    ],
)
def test_options_are_checked_before_anything_runs(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(GraphConfigError, match=problem):
        calibrated([0.5], **options)


def test_mediapipes_graph_text_is_understood() -> None:
    text = """
        sigmoids { scale: 0.9 slope: 0.5 offset: 0.1 min_score: 0.3 } sigmoids {}
        score_transformation: LOG default_score: 0.2
    """
    assert options_in(text, ScoreCalibrationOptions) == ScoreCalibrationOptions(
        sigmoids=(SIGMOIDS[1], Sigmoid()),
        score_transformation=ScoreTransformation.LOG,
        default_score=0.2,
    )
