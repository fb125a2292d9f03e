"""The camera's motion is found among moving objects, and doubted without enough points."""

import numpy as np
import pytest

from flowlace.tracking.camera_motion import (
    CameraMotionType,
    MotionEstimationOptions,
    estimate_camera_motion,
)
from flowlace.tracking.motion_models import (
    apply_model,
    fit_homography,
    fit_similarity,
    fit_translation,
    translation,
)

FRAME = (480, 270)
HOMOGRAPHY = np.array([[1.01, 0.01, 3.0], [-0.008, 0.99, -2.0], [1e-5, -1e-5, 1.0]])


def scene(model: np.ndarray, *, outliers: int = 0, noise: float = 0.05) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(0)
    positions = rng.uniform(0, 1, (300, 2)) * FRAME
    flow = apply_model(model, positions) - positions + rng.normal(0, noise, (300, 2))
    flow[:outliers] = (12.0, -7.0)
    return positions, flow


@pytest.mark.parametrize("outliers", [0, 60, 120])
def test_a_homography_is_found_whatever_moves_in_front(outliers: int) -> None:
    positions, flow = scene(HOMOGRAPHY, outliers=outliers)
    camera = estimate_camera_motion(positions, flow, FRAME, MotionEstimationOptions())
    wanted = apply_model(HOMOGRAPHY, positions)
    found = apply_model(camera.model, positions)
    assert camera.type is CameraMotionType.VALID
    assert np.abs(found - wanted).max() < 0.3


def test_few_points_give_no_motion() -> None:
    positions, flow = scene(HOMOGRAPHY)
    camera = estimate_camera_motion(positions[:10], flow[:10], FRAME, MotionEstimationOptions())
    assert camera.type is CameraMotionType.INVALID
    np.testing.assert_array_equal(camera.model, np.eye(3))


def test_disorder_gives_no_more_than_a_translation() -> None:
    rng = np.random.default_rng(0)
    positions = rng.uniform(0, 1, (300, 2)) * FRAME
    flow = rng.uniform(-30, 30, (300, 2))
    camera = estimate_camera_motion(positions, flow, FRAME, MotionEstimationOptions())
    assert camera.type >= CameraMotionType.UNSTABLE


def test_the_magnitude_ignores_the_extremes() -> None:
    positions, flow = scene(translation(3.0, 4.0), outliers=20, noise=0.0)
    camera = estimate_camera_motion(positions, flow, FRAME, MotionEstimationOptions())
    assert camera.average_magnitude == pytest.approx(5, abs=0.3)


def test_no_points_at_all_give_no_motion() -> None:
    none = np.empty((0, 2))
    camera = estimate_camera_motion(none, none, FRAME, MotionEstimationOptions())
    assert (camera.type, camera.average_magnitude) == (CameraMotionType.INVALID, 0)


def test_exact_motion_gives_back_each_model() -> None:
    p = np.random.default_rng(0).uniform(0, 1, (20, 2))
    w = np.ones(20)
    similarity = np.array([[0.98, -0.1, 0.3], [0.1, 0.98, -0.2], [0, 0, 1]])
    shift = translation(0.2, -0.1)
    steep = np.array([[1.1, 0.05, 0.1], [-0.02, 0.9, 0.0], [0.05, -0.03, 1.0]])
    np.testing.assert_allclose(fit_translation(apply_model(shift, p) - p, w), shift, atol=1e-12)
    np.testing.assert_allclose(
        fit_similarity(p, apply_model(similarity, p) - p, w), similarity, atol=1e-12
    )
    np.testing.assert_allclose(fit_homography(p, apply_model(steep, p) - p, w), steep, atol=1e-9)


def test_a_similarity_of_one_point_is_refused() -> None:
    with pytest.raises(ValueError, match="points that do not fall together"):
        fit_similarity(np.ones((4, 2)), np.zeros((4, 2)), np.ones(4))
