"""Nowcasting as a function, for notebooks and scripts."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flowlace.nowcasting.errors import NowcastError
from flowlace.nowcasting.methods import find_method
from flowlace.nowcasting.rain_history import RainHistory


def nowcast(
    frames: ArrayLike,
    step_minutes: float,
    lead_minutes: float | Sequence[float],
    method: str = "unet",
    thresholds: Sequence[float] | None = None,
    *,
    pixel_km: float = 1.0,
) -> NDArray[np.float32]:
    """Returns the rain of the next minutes, `[lead, y, x]` in mm/h.

    With thresholds: the probability of at least that much rain, `[lead, threshold, y, x]`, 0..1.
    NaN where rain would come from outside of what the frames show.

    Args:
        frames: `[time, y, x]` rain in mm/h, the newest last, the northern row first or last as
            you like; NaN where nothing is known. A frame of nothing but NaN is a missing one;
            where the newest are missing, the nowcast starts from an older one.
        step_minutes: time from one frame to the next, such as 2, 5, 10 or 15.
        lead_minutes: how far ahead. One number gives every step up to it: 60 with frames every
            10 minutes gives 10, 20, … 60. A list gives those leads.
        method: "persistence" (1 frame), "extrapolation" (2 or more), "sprog" (3 or more), "unet"
            (2 or more, leads up to 90 minutes), "unet:FILE.tflite" for a model of your own, or a
            method of another package.
        thresholds: rising rain rates in mm/h.
        pixel_km: side of a pixel; probabilities blur with the lead by kilometres.

    Raises:
        NowcastError: frames, leads or thresholds are none, or the method is not known or needs
            more frames.

    Example:
        >>> frames = np.zeros((3, 64, 64), np.float32)
        >>> nowcast(frames, step_minutes=5, lead_minutes=60).shape
        (12, 64, 64)
        >>> nowcast(frames, 5, [30, 60], thresholds=[0.2, 1, 5]).shape
        (2, 3, 64, 64)
    """
    rain = _frames(frames)
    if not (np.isfinite(step_minutes) and step_minutes > 0):
        raise NowcastError(f"step_minutes={step_minutes} must be positive")
    if not (np.isfinite(pixel_km) and pixel_km > 0):
        raise NowcastError(f"pixel_km={pixel_km} must be positive")
    leads = leads_of(lead_minutes, step_minutes)
    limits = None if thresholds is None else _rising("thresholds", thresholds)
    make = find_method(method)
    made = make(RainHistory.regular(rain, step_minutes, pixel_km), leads, limits)
    return made.rain_mm_h if made.probability is None else made.probability


def leads_of(lead_minutes: float | Sequence[float], step_minutes: float) -> list[float]:
    """Returns the leads in minutes: every step up to one number, or those of a list.

    >>> leads_of(12, 5), leads_of([30, 60], 5)
    ([5.0, 10.0, 12.0], [30.0, 60.0])
    """
    if not np.isscalar(lead_minutes):
        return _rising("lead_minutes", lead_minutes)
    (last,) = _rising("lead_minutes", [lead_minutes])
    leads = [step_minutes * (one + 1.0) for one in range(int(last / step_minutes + 1e-6))]
    if not leads or last - leads[-1] > 1e-6 * last:
        leads.append(last)
    return leads


def _frames(frames: ArrayLike) -> NDArray[np.float32]:
    try:
        rain = np.asarray(frames, np.float32)
    except (TypeError, ValueError) as error:
        raise NowcastError(f"frames must be numbers [time, y, x]: {error}") from error
    if rain.ndim != 3 or not rain.size:
        raise NowcastError(f"frames must be [time, y, x], not of shape {rain.shape}")
    if np.isinf(rain).any() or np.fmin.reduce(rain, axis=None) < 0:
        raise NowcastError(
            "frames must be rain in mm/h, 0 or more, NaN where nothing is known; "
            "there are negative or infinite values"
        )
    return rain


def _rising(name: str, values: Any) -> list[float]:
    numbers = np.asarray(values, float).ravel()
    is_rising = bool((np.diff(numbers) > 0).all())
    if not numbers.size or not np.isfinite(numbers).all() or numbers[0] <= 0 or not is_rising:
        raise NowcastError(f"{name}={values} must be positive and rising")
    return [float(one) for one in numbers]
