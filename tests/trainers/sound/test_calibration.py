import numpy as np
import pytest
from flowlace_trainers.sound.calibration import Curve, calibrated, node_options, platt

RNG = np.random.default_rng(0)


def test_a_known_curve_is_found_again() -> None:
    logits = RNG.normal(0, 4, 20_000)
    is_true = RNG.random(20_000) < 1 / (1 + np.exp(-(0.5 * logits - 1)))
    found = platt(logits, is_true)
    assert (found.slope, found.offset) == pytest.approx((0.5, -1), abs=0.06)


def test_what_is_parted_perfectly_stays_finite() -> None:
    found = platt(np.array([-3.0, -2.0, 2.0, 3.0]), np.array([False, False, True, True]))
    assert np.isfinite([found.slope, found.offset]).all()
    assert found.slope > 0


def test_a_curve_never_falls() -> None:
    found = platt(np.array([-3.0, -2.0, 2.0, 3.0]), np.array([True, True, False, False]))
    assert found.slope > 0


def classes(precision: float) -> float:
    logits = np.linspace(-4, 4, 801, dtype=np.float32)[:, None]
    truth = (RNG.random((801, 1)) < 1 / (1 + np.exp(-logits))).astype(np.float32)
    (made,) = calibrated(logits, truth, np.ones_like(truth), ["a"], precision=precision)
    assert made.precision >= precision
    return made.threshold


def test_more_precision_asks_for_a_higher_threshold() -> None:
    assert classes(0.7) < classes(0.9)


def test_windows_of_which_nobody_knows_have_no_say() -> None:
    logits = np.array([[2.0], [-2.0], [9.0]], np.float32)
    truth, weight = np.array([[1.0], [0], [0]]), np.array([[1.0], [1], [0]])
    (made,) = calibrated(
        logits, truth.astype(np.float32), weight.astype(np.float32), ["a"], precision=0.9
    )
    assert made.precision == 1


def test_a_graph_computes_the_same_probability() -> None:
    curve = Curve(0.7, -0.4)
    (made,) = calibrated(
        np.array([[2.0], [-2.0]], np.float32),
        np.array([[1.0], [0.0]], np.float32),
        np.ones((2, 1), np.float32),
        ["a"],
        precision=0.9,
    )
    sigmoid = node_options([made])["ScoreCalibrationCalculator"]["sigmoids"][0]
    assert sigmoid["slope"] == pytest.approx(made.curve.slope, abs=1e-5)
    assert curve(np.array([1.0], np.float32))[0] == pytest.approx(1 / (1 + np.exp(-0.3)), abs=1e-6)
