"""Nowcasts by a U-Net: rain is carried along its motion, and the network says what becomes of it.

The network sees the last pictures carried to the newest one, and gives for each pixel, in place,
for several leads the chance of rain above thresholds, and a field that is high where it rains more
(trainers: `flowlace_trainers.nowcast`). The amounts of the newest frame are given to that field by
rank, over as large an area as the chances expect to be wet. The result is then carried to each
lead's time as any rain is. One pass makes all leads, and a network of fixed size does any grid in
tiles that overlap.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from threading import Lock

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.formats.tensor import Tensor
from flowlace.inference.cpu_model import CpuModel
from flowlace.inference.errors import ModelError
from flowlace.inference.find_model import find_described, find_model
from flowlace.inference.tflite_file import TfliteFile
from flowlace.nowcasting.aligned_frames import (
    CHANNELS,
    UNKNOWN_GREY,
    AlignedFrames,
    align,
    is_rain,
)
from flowlace.nowcasting.amounts import match_amounts, spread_amounts
from flowlace.nowcasting.decibels import from_grey
from flowlace.nowcasting.errors import NowcastError
from flowlace.nowcasting.extrapolation import origins, read_all_at
from flowlace.nowcasting.lagrangian_logits import LagrangianLogits
from flowlace.nowcasting.logit_pool import LogitPool
from flowlace.nowcasting.rain_forecast import RainForecast
from flowlace.nowcasting.rain_history import RainHistory
from flowlace.nowcasting.tiles import Tile, tiles

MODEL = "rain_unet"
"""The packaged model."""

TASK = "nowcast"
NODE = "UnetNowcast"
"""Under this name a model's spec holds `lead_minutes` and `threshold_mm_h` of its outputs, and how
its logits are pooled with those of Lagrangian probability (`LogitPool`)."""

_MARGIN_PX = 32
_ALIGNMENT_PX = 16
_LEAST_SIDE_PX = 2 * _MARGIN_PX + _ALIGNMENT_PX
_MOST_THREADS = 4
_FITTING_PIXEL_KM = (0.7, 1.4)
_ORDER_BLUR_PX = 0.8
"""No rain is rough from pixel to pixel, but a network's last bits are."""

_LEAST_CHANCE = 0.05
"""A chance counts for the wet area from here on: the dregs of all dry pixels would add up."""


@lru_cache(maxsize=4)
def load_unet(name_or_path: str = MODEL) -> UnetNowcast:
    """Returns the model of that name or file, ready to run; the same one each time.

    Raises:
        NowcastError: there is none, or it is no nowcasting model.
    """
    try:
        return UnetNowcast(find_model(name_or_path))
    except ModelError as error:
        raise NowcastError(str(error)) from error


class UnetNowcast:
    """A method of nowcasting (see `methods.py`); may be called from several threads."""

    def __init__(self, path: Path) -> None:
        file = TfliteFile(path)
        described = find_described(path)
        options = described.spec.options(NODE) if described else {}
        try:
            self.leads_minutes = [float(one) for one in options["lead_minutes"]]
            self.thresholds_mm_h = [float(one) for one in options["threshold_mm_h"]]
            self._pool = LogitPool.of_spec(options, self.leads_minutes)
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"model {path.name!r} is no nowcasting model: a spec beside it has to hold "
                f"lead_minutes and threshold_mm_h under nodes.{NODE} ({error})"
            ) from error
        entry, (exit_, *_) = file.main.inputs, file.main.outputs
        channels = len(self.leads_minutes) * (len(self.thresholds_mm_h) + 1)
        wanted_in, wanted_out = (CHANNELS,), (channels,)
        if len(entry) != 1 or entry[0].shape[-1:] != wanted_in or exit_.shape[-1:] != wanted_out:
            listed = "; ".join(map(str, [*entry, *file.main.outputs]))
            raise ModelError(
                f"model {path.name!r}: expected [1, y, x, {CHANNELS}] in and [1, y, x, {channels}] "
                f"out, found {listed}"
            )
        self._side = entry[0].shape[1]
        if self._side < _LEAST_SIDE_PX:
            raise ModelError(
                f"model {path.name!r} takes tiles of {self._side} pixels; they have to overlap by "
                f"{_MARGIN_PX} at each side, so {_LEAST_SIDE_PX} are needed"
            )
        threads = min(_MOST_THREADS, os.cpu_count() or 1)
        self._model = CpuModel(file, num_threads=threads)
        self._lock = Lock()

    def __call__(
        self,
        history: RainHistory,
        leads_minutes: Sequence[float],
        thresholds: Sequence[float] | None,
    ) -> RainForecast:
        """Returns the forecast; NowcastError for leads or thresholds beyond what was learnt."""
        leads = [lead + history.age_minutes for lead in leads_minutes]
        self.check(leads, thresholds)
        fitting = _with_fitting_pixels(history)
        made, is_known = self._in_place(fitting, leads, thresholds)
        _carry(made, is_known, fitting, leads)
        return made if fitting is history else _as_large_as(made, history.newest.shape)

    def check(self, leads: Sequence[float], thresholds: Sequence[float] | None) -> None:
        """Raises NowcastError for leads or thresholds beyond what was learnt."""
        if leads[-1] > self.leads_minutes[-1]:
            raise NowcastError(
                f"the model knows leads up to {self.leads_minutes[-1]:g} minutes after the newest "
                f"frame, not {leads[-1]:g}; try method='extrapolation'"
            )
        least, most = self.thresholds_mm_h[0], self.thresholds_mm_h[-1]
        if thresholds and not least <= thresholds[0] <= thresholds[-1] <= most:
            raise NowcastError(
                f"the model knows thresholds from {least:g} to {most:g} mm/h, not {thresholds}"
            )

    def _in_place(
        self, history: RainHistory, leads: Sequence[float], thresholds: Sequence[float] | None
    ) -> tuple[RainForecast, NDArray[np.bool_]]:
        """Returns the forecast as if nothing moved, 0 where nothing is known, and what is known."""
        frames = align(history)
        is_known = frames.grey[0] != UNKNOWN_GREY
        shape = is_known.shape
        limits = thresholds or ()
        wet = self.thresholds_mm_h[:1]
        priors = self._priors(frames, [*wet, *limits], leads, history.pixel_km)
        order = np.zeros((len(leads), *shape), np.float32)
        chances = np.zeros((len(leads), len(limits), *shape), np.float32)
        wet_px = np.zeros(len(leads))
        for tile in tiles((shape[0], shape[1]), self._side, _MARGIN_PX, _ALIGNMENT_PX):
            if not is_rain(frames.grey[:, *tile.outer]).any():
                continue
            by_lead, known = self._run(frames, tile), is_known[tile.kept]
            for number, lead in enumerate(leads):
                place, share = _between(self.leads_minutes, lead)
                below, above = by_lead[place], by_lead[place + 1]
                order[number, *tile.kept] = _mean(below[-1], above[-1], share)[tile.inner]
                logits = {}
                for level, prior in priors[number].items():
                    given = _mean(below[level], above[level], share)
                    given = self._pool.smoothed(given, is_known[tile.outer], lead, history.pixel_km)
                    logits[level] = self._pool.pooled(
                        given[tile.inner], prior.part(*tile.kept), lead
                    )
                (of_wet,) = self._chances(logits, wet)
                wet_px[number] += of_wet.sum(where=known & (of_wet >= _LEAST_CHANCE))
                if limits:
                    chances[number, :, *tile.kept] = self._chances(logits, limits)
        newest = from_grey(frames.grey[0][is_known].astype(np.float32))
        amounts = np.sort(newest[newest >= wet[0]])
        for one, count in zip(order, wet_px, strict=True):
            cv2.GaussianBlur(one, (0, 0), _ORDER_BLUR_PX, dst=one)
            one[~is_known] = -np.inf
            one[...] = match_amounts(one, spread_amounts(amounts, round(count)))
        chances *= is_known
        return RainForecast(order, chances if limits else None), is_known

    def _priors(
        self,
        frames: AlignedFrames,
        thresholds: Sequence[float],
        leads: Sequence[float],
        pixel_km: float,
    ) -> list[dict[int, LagrangianLogits]]:
        """Returns for each lead the Lagrangian side, by the place of the thresholds needed."""
        places = sorted({one for each in thresholds for one, _ in self._levels(each)})
        return [
            {
                one: LagrangianLogits(frames.grey[0], lead, self.thresholds_mm_h[one], pixel_km)
                for one in places
            }
            for lead in leads
        ]

    def _run(self, frames: AlignedFrames, tile: Tile) -> NDArray[np.float32]:
        """Returns the network's output for a tile.

        `[lead, threshold, y, x]`, behind the last threshold the order of amounts.
        """
        part = frames.network_input(*tile.outer)
        rows, columns = part.shape[:2]
        if (rows, columns) != (self._side, self._side):
            # Beyond the grid nothing is known, which is all zeros.
            part = np.pad(part, ((0, self._side - rows), (0, self._side - columns), (0, 0)))
        with self._lock:
            (output,) = self._model.run([Tensor(part[None])])
            # A copy: the output's memory is the model's own.
            made = np.ascontiguousarray(np.moveaxis(output.array[0, :rows, :columns], -1, 0))
        return made.reshape(len(self.leads_minutes), -1, rows, columns)

    def _levels(self, threshold: float) -> list[tuple[int, float]]:
        """Returns the places of the learnt thresholds around one, and the share of each."""
        levels = [float(np.log(one)) for one in self.thresholds_mm_h]
        place, share = _between(levels, float(np.log(threshold)))
        return [one for one in ((place, 1 - share), (place + 1, share)) if one[1]]

    def _chances(
        self, logits: Mapping[int, NDArray[np.float32]], thresholds: Sequence[float]
    ) -> NDArray[np.float32]:
        """Returns the chance of at least each threshold, `[threshold, y, x]`, of logits of ours."""
        shape = next(iter(logits.values())).shape
        made = np.zeros((len(thresholds), *shape), np.float32)
        for one, threshold in zip(made, thresholds, strict=True):
            for place, share in self._levels(threshold):
                one -= np.float32(share) * logits[place]
        for less, more in pairwise(made):
            np.maximum(less, more, out=more)  # more rain is never likelier than less
        np.exp(np.minimum(made, 80, out=made), out=made)
        made += 1
        return np.reciprocal(made, out=made)


def _between(places: Sequence[float], wanted: float) -> tuple[int, float]:
    """Returns the place below and the share of the one above; the ends count for all beyond.

    >>> _between([10.0, 20.0, 40.0], 30.0), _between([10.0, 20.0], 5.0)
    ((1, 0.5), (0, 0.0))
    """
    below = min(max(bisect_right(places, wanted) - 1, 0), len(places) - 2)
    share = (wanted - places[below]) / (places[below + 1] - places[below])
    return below, min(max(share, 0.0), 1.0)


def _mean(
    below: NDArray[np.float32], above: NDArray[np.float32], share: float
) -> NDArray[np.float32]:
    if share in (0.0, 1.0):
        return above if share else below
    return below * np.float32(1 - share) + above * np.float32(share)


def _carry(
    made: RainForecast, is_known: NDArray[np.bool_], history: RainHistory, leads: Sequence[float]
) -> None:
    """Carries each lead to its time, in place."""
    for number, (x, y) in enumerate(origins(history.moving(), leads)):
        fields = [made.rain_mm_h[number]]
        if made.probability is not None:
            fields += list(made.probability[number])
        for one, moved in zip(fields, read_all_at(fields, is_known, x, y), strict=True):
            one[...] = moved


def _with_fitting_pixels(history: RainHistory) -> RainHistory:
    """Returns a history with pixels of about a kilometre, as the network has learnt them."""
    if _FITTING_PIXEL_KM[0] <= history.pixel_km <= _FITTING_PIXEL_KM[1]:
        return history
    shape = history.newest.shape
    size = tuple(max(1, round(one * history.pixel_km)) for one in shape[::-1])
    finer = (size[0] / shape[1], size[1] / shape[0])
    motion = np.stack(
        [
            _resized(one, size) * np.float32(scale)
            for one, scale in zip(history.moving(), finer, strict=True)
        ]
    )
    return replace(
        history,
        frames=[_resized(one, size) for one in history.frames],
        pixel_km=1.0,
        motion=motion,
    )


def _as_large_as(made: RainForecast, shape: tuple[int, ...]) -> RainForecast:
    size = shape[::-1]
    rain = np.stack([_resized(one, size) for one in made.rain_mm_h])
    if made.probability is None:
        return RainForecast(rain, None)
    chances = [[_resized(one, size) for one in of_lead] for of_lead in made.probability]
    return RainForecast(rain, np.array(chances, np.float32))


def _resized(values: NDArray[np.float32], size: tuple[int, ...]) -> NDArray[np.float32]:
    """Returns values at another resolution; NaN where most of a pixel is unknown."""
    is_coarser = size[0] < values.shape[1]
    how = cv2.INTER_AREA if is_coarser else cv2.INTER_LINEAR
    is_known = ~np.isnan(values)
    known = cv2.resize(is_known.astype(np.float32), size, interpolation=how)
    filled = cv2.resize(np.where(is_known, values, np.float32(0)), size, interpolation=how)
    with np.errstate(invalid="ignore", divide="ignore"):
        made: NDArray[np.float32] = np.divide(filled, known, dtype=np.float32)
    made[known < 0.5] = np.nan
    return made
