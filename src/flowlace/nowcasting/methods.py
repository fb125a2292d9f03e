"""The ways to make a nowcast, by name.

A method is a function of a `RainHistory`, the leads in minutes (rising), and the thresholds in
mm/h (rising) or None. It returns a `RainForecast`: rain, and with thresholds the probability of at
least each. It may have a method `check(leads, thresholds)` that raises NowcastError for what it can
never answer, so that this is told before anything runs. Other packages add methods through the
entry-point group `flowlace.nowcast_methods` (name: the method, value: `module:function`).

`unet:FILE.tflite` is the U-Net with another model than the packaged one.
"""

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from importlib.metadata import entry_points
from typing import cast

import numpy as np
from numpy.typing import NDArray

from flowlace.nowcasting.errors import NowcastError
from flowlace.nowcasting.extrapolation import extrapolate
from flowlace.nowcasting.lagrangian_probability import lagrangian_probability
from flowlace.nowcasting.rain_forecast import RainForecast
from flowlace.nowcasting.rain_history import RainHistory
from flowlace.nowcasting.sprog import sprog
from flowlace.nowcasting.unet import load_unet

NowcastMethod = Callable[[RainHistory, Sequence[float], Sequence[float] | None], RainForecast]

GROUP = "flowlace.nowcast_methods"

_UNET = "unet"

_SPROG_STEP_MINUTES = 5.0
"""Frames closer together differ by noise as much as by weather: scales seem to fade too fast."""


def persistence(
    history: RainHistory, leads_minutes: Sequence[float], thresholds: Sequence[float] | None
) -> RainForecast:
    """Nothing moves or changes; probabilities are 0 or 1."""
    rain = np.broadcast_to(history.newest, (len(leads_minutes), *history.newest.shape)).copy()
    return _certain(rain, thresholds)


def extrapolation(
    history: RainHistory, leads_minutes: Sequence[float], thresholds: Sequence[float] | None
) -> RainForecast:
    """Rain moves and does not change; probabilities are Lagrangian."""
    leads = [lead + history.age_minutes for lead in leads_minutes]
    motion, newest = history.moving(), history.newest
    rain = extrapolate(newest, motion, leads)
    if thresholds is None:
        return RainForecast(rain, None)
    chances = lagrangian_probability(newest, motion, leads, thresholds, history.pixel_km)
    return RainForecast(rain, chances)


def scale_filtering(
    history: RainHistory, leads_minutes: Sequence[float], thresholds: Sequence[float] | None
) -> RainForecast:
    """Rain moves and small scales fade (S-PROG); probabilities are 0 or 1."""
    found = history.evenly(_SPROG_STEP_MINUTES)
    if found is None:
        raise NowcastError(
            f"S-PROG needs 3 frames evenly apart, not at {history.minutes} minutes; "
            "try method='extrapolation'"
        )
    places, step = found
    leads = [(lead + history.age_minutes) / step for lead in leads_minutes]
    rain = sprog(
        [history.frames[one] for one in places], history.moving() * np.float32(step), leads
    )
    return _certain(rain, thresholds)


def _certain(rain_mm_h: NDArray[np.float32], thresholds: Sequence[float] | None) -> RainForecast:
    chances = None if thresholds is None else exceedance(rain_mm_h, thresholds)
    return RainForecast(rain_mm_h, chances)


def exceedance(rain_mm_h: NDArray[np.float32], thresholds: Sequence[float]) -> NDArray[np.float32]:
    """Returns 1 where rain `[lead, y, x]` reaches each threshold, else 0; NaN where unknown."""
    limits = np.asarray(thresholds, np.float32)[None, :, None, None]
    with np.errstate(invalid="ignore"):
        reached = (rain_mm_h[:, None] >= limits).astype(np.float32)
    reached[np.broadcast_to(np.isnan(rain_mm_h)[:, None], reached.shape)] = np.nan
    return reached


_BUILT_IN: dict[str, NowcastMethod] = {
    "persistence": persistence,
    "extrapolation": extrapolation,
    "sprog": scale_filtering,
}


def check_request(
    method: NowcastMethod, leads_minutes: Sequence[float], thresholds: Sequence[float] | None
) -> None:
    """Raises NowcastError where a method knows that it can't answer such a request."""
    check = getattr(method, "check", None)
    if check is not None:
        check(leads_minutes, thresholds)


def known_methods() -> list[str]:
    """Returns the names of all methods."""
    return sorted({*_BUILT_IN, _UNET, *(one.name for one in entry_points(group=GROUP))})


def find_method(name: str) -> NowcastMethod:
    """Returns the method of that name; NowcastError tells those there are."""
    if name in _BUILT_IN:
        return _BUILT_IN[name]
    if name == _UNET:
        return load_unet()
    if name.startswith(f"{_UNET}:"):
        return load_unet(name.removeprefix(f"{_UNET}:"))
    for one in entry_points(group=GROUP, name=name):
        return cast(NowcastMethod, one.load())
    known = known_methods()
    near = get_close_matches(name, known, 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise NowcastError(f"method={name!r} is not known; known are: {', '.join(known)}{hint}")
