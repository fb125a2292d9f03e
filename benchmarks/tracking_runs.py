"""Runs many boxes through a clip at once: from many starts, forwards and backwards."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from tracking_clips import Clip, Run, started

from flowlace.tracking.appearance import AppearanceModel
from flowlace.tracking.appearance_options import AppearanceOptions
from flowlace.tracking.box_states import BoxStates
from flowlace.tracking.box_step import step_boxes
from flowlace.tracking.confidence import confidence_features
from flowlace.tracking.step_options import TrackStepOptions

FloatArray = NDArray[np.float64]
Bgr = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Start:
    """Where one run begins."""

    track: int
    frame: int
    direction: int = 1


def first_starts(clip: Clip) -> list[Start]:
    """Returns one start a track: its first frame."""
    return [Start(number, min(truth)) for number, truth in clip.tracks.items()]


def many_starts(clip: Clip, parts: Sequence[float] = (0.0, 0.25, 0.5)) -> list[Start]:
    """Returns starts at parts of each track, from its begin forwards and its end backwards."""
    starts = []
    for number, truth in clip.tracks.items():
        order = sorted(truth)
        for part in parts:
            at = int(part * (len(order) - 1))
            starts += [Start(number, order[at], 1), Start(number, order[-1 - at], -1)]
    return starts


def run_all(
    clip: Clip,
    starts: Sequence[Start],
    frames: Sequence[Bgr] | None = None,
    look: AppearanceOptions | None = None,
) -> list[Run]:
    """Returns one run a start; with `frames` an `AppearanceModel` corrects each step.

    A lost box stays where it was lost, with a confidence of 0.
    """
    runs = [Run() for _ in starts]
    for direction in (1, -1):
        chosen = {k: s for k, s in enumerate(starts) if s.direction == direction}
        if chosen:
            model = AppearanceModel(look) if frames is not None else None
            _run_one_way(clip, chosen, runs, frames or (), model)
    return runs


def _run_one_way(
    clip: Clip,
    starts: dict[int, Start],
    runs: list[Run],
    frames: Sequence[Bgr],
    model: AppearanceModel | None,
) -> None:
    direction = next(iter(starts.values())).direction
    states = BoxStates.none()
    last: dict[int, FloatArray] = {}
    longer = max(clip.size)
    position = min(start.frame * direction for start in starts.values())
    while 0 <= position * direction < len(clip.motion):
        index = position * direction
        if len(states):
            data = clip.inverted[index] if direction > 0 else clip.motion[index + 1]
            states = step_boxes(states, data, TrackStepOptions())
            states = states.select(np.flatnonzero(~states.is_failed))
        for k, start in starts.items():
            if start.frame == index:
                truth = clip.tracks[start.track][index]
                new = started(clip, truth, clip.motion[index].timestamp_us)
                states = states.joined(replace(new, ids=np.array([k])))
                last[k] = truth
        evidence: FloatArray = confidence_features(states)
        if model is not None and len(states):
            states = model.correct(frames[index], states)
        size = states.scaled_size * longer
        boxes = np.concatenate((states.center * longer - size / 2, size), axis=1)
        rows = {int(id_): row for row, id_ in enumerate(states.ids)}
        last.update((k, boxes[row]) for k, row in rows.items())
        for k in last.keys() & {k for k, s in starts.items() if index in clip.tracks[s.track]}:
            runs[k].boxes.append(last[k])
            runs[k].truth.append(clip.tracks[starts[k].track][index])
            runs[k].confidence.append(float(states.confidence[rows[k]]) if k in rows else 0.0)
            if k in rows:
                runs[k].features.append(evidence[rows[k]])
                runs[k].feature_rows.append(len(runs[k].boxes) - 1)
        position += 1
