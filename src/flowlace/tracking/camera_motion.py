"""Motion of the camera between two frames: the motion most of the picture agrees on.

Models of growing freedom are fitted by iteratively reweighted least squares with weights
1 / residual, which makes the fit follow the majority instead of the mean; the freest model
that passes its stability test is used (mediapipe/util/tracking/motion_estimation.cc).
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from flowlace.tracking.motion_models import (
    apply_model,
    fit_homography,
    fit_similarity,
    fit_translation,
)

FloatArray = NDArray[np.float64]


class CameraMotionType(IntEnum):
    """Which model was stable, numbered as in MediaPipe's CameraMotion."""

    VALID = 0
    UNSTABLE_HOMOG = 1
    UNSTABLE_SIM = 2
    UNSTABLE = 3
    INVALID = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class MotionEstimationOptions:
    """How the camera's motion is fitted and doubted."""

    irls_rounds: int = 4
    """Rounds of reweighting for each model."""

    ransac_rounds: int = 30
    """Pairs of points tried for the first similarity."""

    min_features: int = 20
    """With fewer points no model is trusted."""

    stable_translation_max: float = 0.15
    """Largest believable translation, fraction of the diagonal."""

    stable_similarity_min_inliers: int = 20
    """Points that must agree with a similarity…"""

    stable_similarity_min_inlier_fraction: float = 0.15
    """…and the fraction of all points."""

    inlier_error_px: float = 1.0
    """Points within this error agree, pixels of the analysed frame."""

    stable_homography_max_linear: float = 0.25
    """Largest deviation of the linear part from the identity."""

    stable_homography_max_perspective: float = 4e-4
    """Largest perspective term, 1 / pixels of a 640 wide frame."""

    stable_homography_min_coverage: float = 0.3
    """Fraction of a 10x10 grid's occupied cells that must hold points that agree."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CameraMotion:
    """Camera motion from a frame to the one before."""

    type: CameraMotionType
    """Which model was stable."""

    model: FloatArray
    """`[3, 3]` in pixels of the analysed frame; the identity when INVALID."""

    inlier_fraction: float
    """Fraction of points that follow the model."""

    average_magnitude: float
    """Mean flow length between its 10th and 90th percentile, pixels."""


def estimate_camera_motion(
    positions: FloatArray,
    flow: FloatArray,
    frame_size: tuple[int, int],
    options: MotionEstimationOptions,
) -> CameraMotion:
    """Returns the camera's motion given flow `[point, xy]` in pixels."""
    magnitude = _trimmed_mean(np.linalg.norm(flow, axis=1)) if len(flow) else 0.0
    if len(positions) < options.min_features:
        return CameraMotion(
            type=CameraMotionType.INVALID,
            model=np.eye(3),
            inlier_fraction=0.0,
            average_magnitude=magnitude,
        )
    diagonal = float(np.hypot(*frame_size))
    density = _density_weights(positions, frame_size)
    # Sizes of the order of one keep the homography's normal equations well conditioned.
    p, m = positions / diagonal, flow / diagonal
    found, model = _best_model(p, m, density, diagonal, options)
    to_pixels = np.diag((diagonal, diagonal, 1.0))
    return CameraMotion(
        type=found,
        model=to_pixels @ model @ np.linalg.inv(to_pixels),
        inlier_fraction=float(np.mean(_errors(model, p, m) * diagonal < options.inlier_error_px)),
        average_magnitude=magnitude,
    )


def _best_model(
    p: FloatArray,
    m: FloatArray,
    density: FloatArray,
    diagonal: float,
    options: MotionEstimationOptions,
) -> tuple[CameraMotionType, FloatArray]:
    tolerance = options.inlier_error_px / diagonal
    prior = density * _ransac_similarity_inliers(p, m, density, tolerance, options)
    similarity = _irls_similarity(p, m, prior, tolerance, options)
    if similarity is None or not _is_stable_similarity(similarity, p, m, tolerance, options):
        return _translation_or_nothing(m, density, tolerance, options)
    near = _errors(similarity, p, m) < 3 * tolerance
    homography = _irls_homography(p[near], m[near], density[near], tolerance, options)
    if homography is None or not _is_stable_homography(homography, p, m, diagonal, options):
        return CameraMotionType.UNSTABLE_HOMOG, similarity
    return CameraMotionType.VALID, homography


def _translation_or_nothing(
    m: FloatArray, density: FloatArray, tolerance: float, options: MotionEstimationOptions
) -> tuple[CameraMotionType, FloatArray]:
    weights = density
    for _ in range(options.irls_rounds):
        model = fit_translation(m, weights)
        weights = density / (np.linalg.norm(m - model[:2, 2], axis=1) + 0.1 * tolerance)
    if np.hypot(*model[:2, 2]) > options.stable_translation_max:
        return CameraMotionType.INVALID, np.eye(3)
    return CameraMotionType.UNSTABLE, model


def _ransac_similarity_inliers(
    p: FloatArray,
    m: FloatArray,
    density: FloatArray,
    tolerance: float,
    options: MotionEstimationOptions,
) -> FloatArray:
    """Returns weights `[point]`, 1 for the largest agreeing set and almost 0 for the rest."""
    # Seeded by the frame's own data: the same frames give the same motion in every run.
    rng = np.random.default_rng(len(p))
    first, second = rng.integers(0, len(p), (2, options.ransac_rounds))
    z, dz = p[:, 0] + 1j * p[:, 1], m[:, 0] + 1j * m[:, 1]
    apart = z[second] - z[first]
    far_enough = np.abs(apart) > 0.1
    apart = np.where(far_enough, apart, 1)
    turn = np.where(far_enough, (dz[second] - dz[first]) / apart, 0)
    shift = dz[first] - turn * z[first]
    residual = turn[:, None] * z + shift[:, None] - dz
    agrees = residual.real**2 + residual.imag**2 < (2 * tolerance) ** 2
    return np.where(agrees[np.argmax(agrees @ density)], 1.0, 1e-6)


def _irls_similarity(
    p: FloatArray,
    m: FloatArray,
    prior: FloatArray,
    tolerance: float,
    options: MotionEstimationOptions,
) -> FloatArray | None:
    weights = prior
    try:
        for _ in range(options.irls_rounds):
            model = fit_similarity(p, m, weights)
            weights = prior / (_errors(model, p, m) + 0.1 * tolerance)
    except ValueError:
        return None
    return model


def _irls_homography(
    p: FloatArray,
    m: FloatArray,
    prior: FloatArray,
    tolerance: float,
    options: MotionEstimationOptions,
) -> FloatArray | None:
    if len(p) < 9:
        return None
    weights = prior
    try:
        for _ in range(max(1, options.irls_rounds // 2)):
            model = fit_homography(p, m, weights)
            weights = prior / (_errors(model, p, m) + 0.1 * tolerance)
    except np.linalg.LinAlgError:
        return None
    return model if np.isfinite(model).all() else None


def _is_stable_similarity(
    model: FloatArray,
    p: FloatArray,
    m: FloatArray,
    tolerance: float,
    options: MotionEstimationOptions,
) -> bool:
    inliers = int(np.count_nonzero(_errors(model, p, m) < tolerance))
    return (
        0.8 <= model[0, 0] <= 1.25
        and abs(model[1, 0]) <= 0.25
        and inliers >= options.stable_similarity_min_inliers
        and inliers >= options.stable_similarity_min_inlier_fraction * len(p)
    )


def _is_stable_homography(
    model: FloatArray,
    p: FloatArray,
    m: FloatArray,
    diagonal: float,
    options: MotionEstimationOptions,
) -> bool:
    limit = options.stable_homography_max_linear
    # Perspective terms scale with 1 / length; the limit is stated for a 640x360 frame.
    perspective = np.abs(model[2, :2]).max() / np.hypot(640, 360)
    if np.abs(model[:2, :2] - np.eye(2)).max() > limit:
        return False
    if perspective > options.stable_homography_max_perspective:
        return False
    agrees = _errors(model, p, m) * diagonal < options.inlier_error_px
    cell = (p // 0.1).astype(np.int64) @ np.array([1, 16])
    counts = np.bincount(cell)
    agreeing = np.bincount(cell, agrees)
    covered = np.count_nonzero(agreeing > 0.5 * counts) / np.count_nonzero(counts)
    return bool(covered > options.stable_homography_min_coverage)


def _errors(model: FloatArray, p: FloatArray, m: FloatArray) -> FloatArray:
    rest = apply_model(model, p) - p - m
    errors: FloatArray = np.sqrt(rest[:, 0] ** 2 + rest[:, 1] ** 2)
    return errors


def _density_weights(positions: FloatArray, frame_size: tuple[int, int]) -> FloatArray:
    """Returns weights `[point]` that stop a richly textured region from outvoting the rest."""
    column, row = (positions * 10 / np.array(frame_size)).astype(np.int64).clip(0, 9).T
    counts = np.bincount(10 * row + column, minlength=100)
    weights: FloatArray = 1 / np.sqrt(counts[10 * row + column])
    weights /= weights.mean()
    return weights


def _trimmed_mean(values: FloatArray) -> float:
    ordered = np.sort(values)
    low, high = int(0.1 * len(ordered)), max(1, int(np.ceil(0.9 * len(ordered))))
    return float(ordered[low:high].mean())
