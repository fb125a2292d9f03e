"""Runs many boxes through a clip at once: from many starts, forwards and backwards."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from tracking_clips import Clip, Run, started

from flowlace.tracking.appearance import AppearanceModel
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
    model_options: AppearanceModel | None = None,
    options: TrackStepOptions = TrackStepOptions(),
    most_frames: int = 10**9,
) -> list[Run]:
    """Returns one run a start; with `frames` an `AppearanceModel` corrects each step.

    A lost box stays where it was lost, with a confidence of 0.
    """
    runs = [Run() for _ in starts]
    for direction in (1, -1):
        chosen = [k for k, s in enumerate(starts) if s.direction == direction]
        if chosen:
            model = AppearanceModel(model_options) if frames is not None else None
            _run_one_way(clip, starts, chosen, runs, frames, model, options, most_frames)
    return runs


def _run_one_way(clip, starts, chosen, runs, frames, model, options, most_frames):  # type: ignore[no-untyped-def]
    direction = starts[chosen[0]].direction
    firsts = {k: starts[k].frame * direction for k in chosen}
    states = BoxStates.none()
    last: dict[int, FloatArray] = {}
    longer = max(clip.size)
    for position in range(min(firsts.values()), 10**9):
        index = position * direction
        if not 0 <= index < len(clip.motion):
            break
        if len(states):
            data = clip.inverted[index] if direction > 0 else clip.motion[index + 1]
            states = step_boxes(states, data, options)
            states = states.select(np.flatnonzero(~states.is_failed))
        for k in [k for k in chosen if firsts[k] == position]:
            new = started(
                clip, clip.tracks[starts[k].track][index], clip.motion[index].timestamp_us
            )
            states = states.joined(replace(new, ids=np.array([k])))
        if model is not None and len(states):
            states = model.correct(frames[index], states)
        features = confidence_features(states)
        size = states.scaled_size * longer
        boxes = np.concatenate((states.center * longer - size / 2, size), axis=1)
        alive = {int(id_): row for row, id_ in enumerate(states.ids)}
        for k in chosen:
            truth = clip.tracks[starts[k].track]
            if not firsts[k] <= position < firsts[k] + most_frames or index not in truth:
                continue
            row = alive.get(k)
            if row is not None:
                last[k] = boxes[row]
            runs[k].boxes.append(last[k])
            runs[k].truth.append(truth[index])
            runs[k].confidence.append(0.0 if row is None else float(states.confidence[row]))
            if row is not None:
                runs[k].features.append(features[row])
