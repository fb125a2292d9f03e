"""S-PROG: what is small is soon gone, so a forecast lets each scale fade at its own pace.

Seed 2003, "A dynamic and spatial scaling approach to advection forecasting". Rain in decibels is
split into bands of scales; each follows an AR(2) process along the motion whose coefficients come
from how much the band was like itself one and two pictures ago. What comes out is smoother with
every step; its values are then given the distribution of the last picture, so that the area of rain
and its amounts stay.

An AR(2) process is linear: after n steps a band is `a_n` times its last picture plus `b_n` times
the one before. So each lead is one sum of two spectra and one inverse FFT, and only the leads
that are asked for are made.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from flowlace.nowcasting.decibels import DRY_DB, DRY_MM_H, to_decibels
from flowlace.nowcasting.errors import NowcastError
from flowlace.nowcasting.extrapolation import origins, read_at

_BANDS = 6
_RADII_A_UNIT = 16  # resolution of the table of filters by radius


def sprog(
    frames: NDArray[np.float32] | Sequence[NDArray[np.float32]],
    motion: NDArray[np.float32],
    leads_steps: Sequence[float],
) -> NDArray[np.float32]:
    """Returns the rain `[lead, y, x]` in mm/h; NaN where it would come from the unknown.

    Args:
        frames: `[time, y, x]`, the last three at least, one step apart each.
        motion: `[2, y, x]`, columns and rows a step.
        leads_steps: rising leads in steps.
    """
    if len(frames) < 3:
        raise NowcastError(f"S-PROG needs 3 frames, not {len(frames)}; try extrapolation")
    newest = frames[-1]
    fading = _Fading([_carried(frames[-3], motion, 2), _carried(frames[-2], motion, 1), newest])
    amounts = np.sort(newest[newest >= DRY_MM_H])
    is_unknown = np.isnan(newest)
    forecast = np.empty((len(leads_steps), *newest.shape), np.float32)
    for index, (x, y) in enumerate(origins(motion, leads_steps)):
        faded = match_amounts(fading.after(leads_steps[index]), amounts)
        faded[is_unknown] = np.nan
        forecast[index] = read_at(faded, x, y)
    return forecast


def _carried(
    rain: NDArray[np.float32], motion: NDArray[np.float32], steps: int
) -> NDArray[np.float32]:
    """Returns an earlier picture carried to the time of the last."""
    ((x, y),) = origins(motion, [float(steps)])
    return read_at(rain, x, y)


class _Fading:
    """The bands of the last pictures and how they fade."""

    def __init__(self, frames: Sequence[NDArray[np.float32]]) -> None:
        decibels = [to_decibels(one) for one in frames]
        self._shape = decibels[0].shape
        self._radii = _radii(self._shape)
        self._filters = band_filters(max(self._shape), _BANDS)
        spectra = [np.fft.rfft2(one - DRY_DB) for one in decibels]
        self._last, self._before = spectra[2], spectra[1]
        self._phi = [ar2(*pair) for pair in zip(*self._likeness(spectra), strict=True)]
        # The mean over the whole picture is in no band: it does not fade.
        self._means = (self._last[0, 0], self._before[0, 0])

    def _likeness(
        self, spectra: Sequence[NDArray[np.complexfloating]]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Returns each band's correlation with one and two pictures ago (by Parseval)."""
        sums = {
            (i, j): self._by_radius((spectra[i] * spectra[j].conj()).real)
            for i, j in ((2, 2), (1, 1), (0, 0), (2, 1), (2, 0))
        }
        squares = self._filters**2
        power = {key: squares @ one for key, one in sums.items()}
        tiny = 1e-12
        lag_1 = power[2, 1] / np.sqrt(power[2, 2] * power[1, 1] + tiny)
        lag_2 = power[2, 0] / np.sqrt(power[2, 2] * power[0, 0] + tiny)
        return lag_1, lag_2

    def _by_radius(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        weights = np.full(values.shape[1], 2.0)  # half of the spectrum stands for its mirror
        weights[0] = 1.0
        if self._shape[1] % 2 == 0:
            weights[-1] = 1.0
        values = values * weights
        values[0, 0] = 0.0
        sums = np.bincount(self._radii.ravel(), values.ravel(), self._filters.shape[1])
        return sums.astype(np.float64, copy=False)

    def after(self, steps: float) -> NDArray[np.float32]:
        """Returns the field after `steps`, in decibels above dry, not yet carried along."""
        shares = np.array([fading_after(phi, steps) for phi in self._phi])
        of_last, of_before = (shares.T @ self._filters).astype(np.float32)
        spectrum = of_last[self._radii] * self._last + of_before[self._radii] * self._before
        spectrum[0, 0] = self._means[0]
        return np.fft.irfft2(spectrum, self._shape).astype(np.float32, copy=False)


def _radii(shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Returns for each place of the spectrum its wavenumber, in places of the table."""
    longest = max(shape)
    y = np.fft.fftfreq(shape[0])[:, None] * longest
    x = np.fft.rfftfreq(shape[1])[None, :] * longest
    places: NDArray[np.int32] = np.rint(np.hypot(x, y) * _RADII_A_UNIT).astype(np.int32)
    return places


def band_filters(length: int, bands: int) -> NDArray[np.float64]:
    """Returns the share of each band `[band, radius]`; the shares of all bands sum to 1.

    Bands are Gaussians of the logarithm of the wavenumber, as wide as half the distance to the
    next one, from the whole picture to two pixels (Pulkkinen and others 2019, section 2.4).
    """
    count = int(np.ceil(np.sqrt(2) * length / 2 * _RADII_A_UNIT)) + 2
    wavenumbers = np.maximum(np.arange(count) / _RADII_A_UNIT, 0.5)
    q = (0.5 * length) ** (1 / bands)
    edges = q ** np.arange(bands + 1)
    centres = np.log(0.5 * (edges[:-1] + edges[1:]))[:, None]
    shares = np.exp(-0.5 * ((np.log(wavenumbers) - centres) / (0.5 * np.log(q))) ** 2)
    filters: NDArray[np.float64] = shares / shares.sum(axis=0)
    return filters


def ar2(lag_1: float, lag_2: float) -> tuple[float, float]:
    """Returns the coefficients of an AR(2) process with these correlations (Yule-Walker).

    Correlations no stationary process can have are moved to the nearest it can.

    >>> ar2(0.5, 0.25)
    (0.5, 0.0)
    """
    lag_1 = float(np.clip(lag_1, 0.0, 0.9999))
    lag_2 = float(np.clip(lag_2, 2 * lag_1**2 - 1 + 1e-4, 0.9999))
    phi_2 = (lag_2 - lag_1**2) / (1 - lag_1**2)
    return lag_1 * (1 - phi_2), phi_2


def fading_after(phi: tuple[float, float], steps: float) -> tuple[float, float]:
    """Returns how much of the last picture and of the one before is left after `steps`.

    Between whole steps the shares are interpolated.

    >>> fading_after((0.5, 0.0), 2)
    (0.25, 0.0)
    """
    now, before = (1.0, 0.0), (0.0, 1.0)
    whole = int(steps)
    for _ in range(whole):
        now, before = _next(phi, now, before), now
    part = steps - whole
    if part == 0:
        return now
    after = _next(phi, now, before)
    return (1 - part) * now[0] + part * after[0], (1 - part) * now[1] + part * after[1]


def _next(
    phi: tuple[float, float], now: tuple[float, float], before: tuple[float, float]
) -> tuple[float, float]:
    return phi[0] * now[0] + phi[1] * before[0], phi[0] * now[1] + phi[1] * before[1]


def match_amounts(field: NDArray[np.float32], amounts: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns rain in mm/h with the order of `field` and the distribution of `amounts`.

    The `len(amounts)` highest pixels get the amounts in order, all others are dry. Where more
    than as many again tie for the last place, those stay dry: a field of which nothing is left
    would be wet everywhere.

    Args:
        field: `[y, x]`, anything that grows with rain.
        amounts: rising rain rates of the wet pixels; as many as shall be wet.
    """
    rain = np.zeros(field.shape, np.float32)
    if not len(amounts):
        return rain
    cut = np.partition(field, field.size - len(amounts), axis=None)[field.size - len(amounts)]
    wet = np.flatnonzero(field >= cut)
    if len(wet) > 2 * len(amounts):
        wet = np.flatnonzero(field > cut)
    if not len(wet):
        return rain
    # Ranks by counting: 65536 levels are finer than any radar's values, and no sort is needed.
    values = field.ravel()[wet]
    low, high = float(values.min()), float(values.max())
    levels = ((values - low) * (65535 / max(high - low, 1e-9))).astype(np.uint16)
    counts = np.bincount(levels, minlength=65536)
    middles = np.cumsum(counts) - (counts + 1) / 2
    table = amounts[np.clip(middles, 0, len(amounts) - 1).astype(np.int64)]
    rain.ravel()[wet] = table[levels]
    return rain
