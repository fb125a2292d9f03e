"""From events to what the network learns from: aligned frames, and what came, carried back.

All that does not change from step to step is done once and kept in a file: motion, and the carrying
of frames. Targets are carried back along the same motion that a nowcast carries its output forward,
so the network is asked for what it can give: rain at the place of the newest frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.nowcasting.aligned_frames import AGE_SPANS_MINUTES, UNKNOWN_GREY, AlignedFrames, align
from flowlace.nowcasting.decibels import to_grey
from flowlace.nowcasting.extrapolation import origins
from flowlace.nowcasting.rain_history import RainHistory
from flowlace_trainers.nowcast.events import RainEvent, digest

HISTORY_MINUTES = 31.0
_STEPS_MINUTES = (0.0, 10.0, 15.0)
_STEP_SHARES = (0.5, 0.25, 0.25)
_SPEED_UNIT = 0.01
_LEAST_SPACING_MINUTES = 4.0
"""Of starts: sooner, there is little new."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class EventSamples:
    """The nowcasts one event allows."""

    event: str
    network: str
    grey: NDArray[np.uint8]
    """`[sample, 1 + older, y, x]`, as `AlignedFrames.grey`."""
    ages_minutes: NDArray[np.float32]
    """`[sample, older]`."""
    speed: NDArray[np.uint8]
    """`[sample, y, x]` in hundredths of km a minute."""
    targets: NDArray[np.uint8]
    """`[sample, lead, y, x]` grey values, `UNKNOWN_GREY` where nothing was seen."""

    def __len__(self) -> int:
        return len(self.grey)


def samples_of(
    events: Sequence[RainEvent],
    leads_minutes: Sequence[float],
    *,
    is_varied: bool,
    data: Path,
    seed: int = 1,
) -> list[EventSamples]:
    """Returns the samples of events, from files in `data` where they were made before.

    Args:
        events: to make them of.
        leads_minutes: rising; targets that nobody saw are unknown throughout.
        is_varied: half of the histories have longer steps than the event.
        data: folder for what can be made again.
        seed: of the choice of steps.
    """
    made = []
    for event in events:
        key = (
            digest([event])[:12]
            + f"_{int(is_varied)}_{seed}_"
            + "_".join(f"{lead:g}" for lead in leads_minutes)
        )
        folder = data / "nowcast" / f"{event.name}_{key}"
        if not (folder / "done").exists():
            _write(event, leads_minutes, is_varied, seed, folder)
        made.append(_read(event, folder))
    return made


def _read(event: RainEvent, folder: Path) -> EventSamples:
    def mapped(name: str) -> NDArray[np.uint8]:
        array: NDArray[np.uint8] = np.load(folder / f"{name}.npy", mmap_mode="r")
        return array

    return EventSamples(
        event=event.name,
        network=event.network,
        grey=mapped("grey"),
        ages_minutes=np.load(folder / "ages.npy"),
        speed=mapped("speed"),
        targets=mapped("targets"),
    )


def _write(
    event: RainEvent, leads: Sequence[float], is_varied: bool, seed: int, folder: Path
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    starts = list(_starts(event, leads))
    rng = np.random.default_rng((seed, *event.name.encode()))
    shape = event.rain_mm_h.shape[1:]

    def opened(name: str, *channels: int) -> NDArray[np.uint8]:
        array: NDArray[np.uint8] = np.lib.format.open_memmap(
            folder / f"{name}.npy", "w+", np.uint8, (len(starts), *channels, *shape)
        )
        return array

    grey, speed = opened("grey", 1 + len(AGE_SPANS_MINUTES)), opened("speed")
    targets = opened("targets", len(leads))
    ages = np.zeros((len(starts), len(AGE_SPANS_MINUTES)), np.float32)
    for number, start in enumerate(starts):
        step = rng.choice(_STEPS_MINUTES, p=_STEP_SHARES) if is_varied else 0.0
        history = history_at(event, start, step)
        aligned = align(history)
        grey[number], ages[number] = aligned.grey, aligned.ages_minutes
        speed[number] = np.minimum(aligned.speed_km_minute / _SPEED_UNIT, 255)
        targets[number] = _targets(event, start, history, leads)
    np.save(folder / "ages.npy", ages)
    for one in (grey, speed, targets):
        one.flush()  # type: ignore[attr-defined]  # of memory maps
    (folder / "done").touch()


def _starts(event: RainEvent, leads: Sequence[float]) -> Iterator[int]:
    """Yields pictures with one before them and, after them, two leads that were seen."""
    last = -np.inf
    for number, minute in enumerate(event.minutes[1:], 1):
        is_soon = minute - last < _LEAST_SPACING_MINUTES - 1e-6
        if not is_soon and minute + leads[1] <= event.minutes[-1]:
            last = minute
            yield number


def history_at(event: RainEvent, start: int, step_minutes: float) -> RainHistory:
    """Returns the pictures up to a start, at least a step apart; two where there are no more."""
    ages = event.minutes[start] - event.minutes[: start + 1]
    kept = [start]
    for place in range(start - 1, -1, -1):
        if ages[place] <= HISTORY_MINUTES and ages[place] - ages[kept[-1]] >= step_minutes - 1e-6:
            kept.append(place)
    if len(kept) == 1:
        kept.append(start - 1)
    kept.reverse()
    return RainHistory(
        frames=[event.rain_mm_h[one] for one in kept],
        minutes=tuple(float(event.minutes[one] - event.minutes[start]) for one in kept),
        pixel_km=event.pixel_km,
    )


def _targets(
    event: RainEvent, start: int, history: RainHistory, leads: Sequence[float]
) -> NDArray[np.uint8]:
    made = np.full((len(leads), *event.rain_mm_h.shape[1:]), UNKNOWN_GREY, np.uint8)
    for target, lead, (x, y) in zip(made, leads, origins(-history.moving(), leads), strict=True):
        nearest = event.nearest(float(event.minutes[start]) + lead)
        if nearest is not None:
            rain = event.rain_mm_h[nearest]
            grey = to_grey(rain)
            grey[np.isnan(rain)] = UNKNOWN_GREY
            # The nearest value: a mean of two would blur what the network has to learn.
            cv2.remap(grey, x, y, cv2.INTER_NEAREST, dst=target,
                      borderValue=UNKNOWN_GREY)  # fmt: skip
    return made


def network_inputs(
    grey: NDArray[np.uint8], ages_minutes: NDArray[np.float32], speed: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """Returns `[sample, y, x, channel]` of parts of samples, as a nowcast makes it."""
    everything = slice(None)
    return np.stack(
        [
            AlignedFrames(
                grey=one, ages_minutes=tuple(map(float, ages)), speed_km_minute=fast * _SPEED_UNIT
            ).network_input(everything, everything)
            for one, ages, fast in zip(grey, ages_minutes, speed, strict=True)
        ]
    )
