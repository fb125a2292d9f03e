"""Corrects tracked boxes by what they look like: an anchor against drift.

Motion alone integrates small errors; a correlation filter compares with the pictures seen so
far. The flow says where to look and how far to trust the look: the response is weighed by a
window around the predicted place, and a box whose response is weak compared to its own past is
left to the flow, unlearned, until it looks like itself again (behind a lamp post, say).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from flowlace.tracking.appearance_models import AppearanceModels
from flowlace.tracking.appearance_options import AppearanceOptions
from flowlace.tracking.box_states import BoxStates
from flowlace.tracking.correlation_filter import CorrelationFilters, parabola_peak
from flowlace.tracking.patch_features import (
    CELL_PX,
    FramePyramid,
    colour_cells,
    gradient_cells,
    gray_patches,
)

FloatArray = NDArray[np.float64]
Float32 = NDArray[np.float32]
IntArray = NDArray[np.int64]


WARM_UP_FRAMES = 6

EDGE_MARGIN = 0.1
"""A box closer to the frame's edge than this part of its size counts as being at it."""

CONFIDENCE_WEIGHTS = (3.70, -1.36, 0.40)
"""Response, frames without a sure look / 20, constant: logistic fit of IoU > 0.5.

Fitted on eight clips, four starts each; AUROC .875 and calibration error .05 on clips left out.
The motion's own confidence adds nothing to it.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What one look at the boxes gave."""

    shift: FloatArray
    """`[box, xy]` pixels from the predicted centre."""

    peak: FloatArray
    """`[box]` response there."""

    is_sure: NDArray[np.bool_]
    """`[box]` whether the response is as strong as usual."""


class AppearanceModel:
    """Learns and finds any number of boxes in the frames of one video."""

    def __init__(self, options: AppearanceOptions | None = None) -> None:
        self._options = options or AppearanceOptions()
        self._models: AppearanceModels | None = None
        cells = self._options.patch_px // CELL_PX
        self._cells = cells
        taper = np.hanning(cells + 2)[1:-1].astype(np.float32)
        self._taper = taper[:, None] * taper
        self._offsets = np.minimum(np.arange(cells), cells - np.arange(cells))
        self.last_look: Look | None = None

    def correct(self, frame: NDArray[np.uint8], states: BoxStates) -> BoxStates:
        """Returns `states` moved to where `frame` `[y, x, bgr]` shows the boxes, and learns.

        Boxes seen for the first time, by id or because they were started again, are learned as
        they are. Raises ValueError for a frame that is not BGR.
        """
        if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != np.uint8:
            raise ValueError(
                f"appearance expects a BGR frame [y, x, 3] of uint8, but got {frame.shape} of "
                f"{frame.dtype}; convert it first"
            )
        pyramid = FramePyramid(frame)
        longer = max(frame.shape[:2])
        center, size = states.center * longer - 0.5, states.scaled_size * longer
        self._meet(pyramid, center, size, states)
        if self._models is None or not len(states):
            return states
        is_known = self._models.seen > 0
        look = self._look(pyramid, center, size, states.rotation)
        look = self._searched(pyramid, center, size, states.rotation, look)
        # A box that is not seen properly keeps the place the flow gave it.
        moves = look.is_sure & is_known
        center = center + np.where(moves[:, None], look.shift, 0)
        factor = self._grown(pyramid, center, size, states.rotation, moves)
        size = size * factor[:, None]
        self._learn(pyramid, center, size, states.rotation, look)
        self.last_look = look
        return replace(
            states,
            center=(center + 0.5) / longer,
            scale=states.scale * factor,
            confidence=np.where(is_known, self._confidence(look), states.confidence),
        )

    def _confidence(self, look: Look) -> FloatArray:
        models = self._models
        assert models is not None
        by_peak, by_unsure, constant = CONFIDENCE_WEIGHTS
        unsure = np.minimum(models.unsure, 20) / 20
        probability: FloatArray = 1 / (
            1 + np.exp(-(by_peak * look.peak + by_unsure * unsure + constant))
        )
        return probability

    def _meet(
        self, pyramid: FramePyramid, center: FloatArray, size: FloatArray, states: BoxStates
    ) -> None:
        """Brings the models in the order of the boxes; learns new ones, forgets the gone."""
        models = self._models
        old_ids = models.ids.tolist() if models is not None else []
        row_of = {id_: row for row, id_ in enumerate(old_ids)}
        is_new = np.array([id_ not in row_of for id_ in states.ids.tolist()], np.bool_)
        is_new |= states.age_us == 0
        if not is_new.any() and old_ids == states.ids.tolist():
            return
        kept = np.array([row_of[i] for i in states.ids[~is_new].tolist()], np.int64)
        fresh = np.flatnonzero(is_new)
        known = np.flatnonzero(~is_new)
        order = np.argsort(np.concatenate((known, fresh)), kind="stable")
        parts = []
        if len(kept) and models is not None:
            parts.append(models.select(kept))
        if len(fresh):
            parts.append(
                self._new_models(
                    pyramid, center[fresh], size[fresh], states.rotation[fresh], states.ids[fresh]
                )
            )
        self._models = None
        if parts:
            joined = parts[0] if len(parts) == 1 else parts[0].joined(parts[1])
            self._models = joined.select(order)

    def _new_models(
        self,
        pyramid: FramePyramid,
        center: FloatArray,
        size: FloatArray,
        rotation: FloatArray,
        ids: IntArray,
    ) -> AppearanceModels:
        place = CorrelationFilters.learned(
            self._place_target(size), self._place_features(pyramid, center, size, rotation)
        )
        sizes = max(self._options.scales, 1)
        steps = np.arange(sizes) - sizes // 2
        wanted = np.exp(-0.5 * (steps / (sizes / 16)) ** 2)
        target = np.fft.fft(np.tile(wanted, (len(ids), 1))).astype(np.complex64)
        scale = CorrelationFilters.learned(
            target, self._size_features(pyramid, center, size, rotation)
        )
        return AppearanceModels(
            ids=ids.copy(),
            place=place,
            first=place,
            size=scale,
            usual_peak=np.zeros(len(ids)),
            seen=np.zeros(len(ids), np.int64),
            unsure=np.zeros(len(ids), np.int64),
        )

    def _region(self, size: FloatArray) -> FloatArray:
        region: FloatArray = size + self._options.padding * size.mean(axis=1, keepdims=True)
        return region

    def _gaussian(self, sigma_cells: FloatArray) -> Float32:
        """Returns `[box, y, x]` with its top at cell 0, 0, as transforms want it."""
        x = np.exp(-0.5 * (self._offsets / sigma_cells[:, :1]) ** 2)
        y = np.exp(-0.5 * (self._offsets / sigma_cells[:, 1:]) ** 2)
        gaussian: Float32 = (y[:, :, None] * x[:, None, :]).astype(np.float32)
        return gaussian

    def _place_target(self, size: FloatArray) -> NDArray[np.complex64]:
        box_cells = size / self._region(size) * self._cells
        gaussian = self._gaussian(self._options.label_sigma * box_cells)
        return np.fft.rfft2(gaussian).astype(np.complex64)

    def _place_features(
        self, pyramid: FramePyramid, center: FloatArray, size: FloatArray, rotation: FloatArray
    ) -> NDArray[np.complex64]:
        patches = pyramid.patches(center, self._region(size), rotation, self._options.patch_px)
        gray = gray_patches(patches)
        colour = colour_cells(patches)
        colour = colour - colour.mean(axis=(2, 3), keepdims=True)
        cells = np.concatenate((gradient_cells(gray), colour), axis=1) * self._taper
        return np.fft.rfft2(cells).astype(np.complex64)

    def _size_features(
        self, pyramid: FramePyramid, center: FloatArray, size: FloatArray, rotation: FloatArray
    ) -> NDArray[np.complex64]:
        """Returns `[box, feature, scale]`, transformed along the scale."""
        count = max(self._options.scales, 1)
        factors = self._options.scale_step ** (np.arange(count) - count // 2.0)
        sizes = (size[:, None] * factors[None, :, None]).reshape(-1, 2)
        patches = pyramid.patches(
            np.repeat(center, count, axis=0),
            sizes,
            np.repeat(rotation, count),
            self._options.scale_patch_px,
        )
        gray = gray_patches(patches)
        cells = gradient_cells(gray).reshape(len(center), count, -1)
        taper = np.hanning(count + 2)[1:-1].astype(np.float32)
        return np.fft.fft(cells.transpose(0, 2, 1) * taper, axis=2).astype(np.complex64)

    def _searched(
        self,
        pyramid: FramePyramid,
        center: FloatArray,
        size: FloatArray,
        rotation: FloatArray,
        look: Look,
    ) -> Look:
        """Looks around the boxes that have not been seen for a while."""
        models, options = self._models, self._options
        assert models is not None
        is_lost = (models.unsure >= options.search_after_frames) & ~look.is_sure
        # What was lost at the frame's edge has most likely left: anything found there is not it.
        lost = np.flatnonzero(is_lost & ~_at_edge(center, size, pyramid.level(0).shape))
        if not options.search_after_frames or not len(lost):
            return look
        # Three of nine places a frame: a third of the cost, and an object does not get out of a
        # region in three frames.
        row = models.unsure[lost] % 3 - 1
        around = np.stack([np.column_stack((np.full(len(lost), x), row)) for x in (-1, 0, 1)])
        away = 0.6 * around * self._region(size[lost])
        tiles = (center[lost] + away).reshape(-1, 2)
        features = self._place_features(
            pyramid, tiles, np.tile(size[lost], (3, 1)), np.tile(rotation[lost], 3)
        )
        filters = models.place.select(np.tile(lost, 3))
        spectrum = filters.spectrum(features, options.regularisation)
        cells, peak = _highest(np.fft.irfft2(spectrum, s=(self._cells, self._cells)))
        best = peak.reshape(3, -1).argmax(axis=0)
        pick = best * len(lost) + np.arange(len(lost))
        found = peak[pick] > options.search_peak_ratio * models.usual_peak[lost]
        rows = lost[found]
        shift, highest, is_sure = look.shift.copy(), look.peak.copy(), look.is_sure.copy()
        inner = cells[pick] * self._region(size[lost]) / self._cells
        shift[rows] = (away[best, np.arange(len(lost))] + inner)[found]
        highest[rows], is_sure[rows] = peak[pick][found], True
        return Look(shift=shift, peak=highest, is_sure=is_sure)

    def _look(
        self, pyramid: FramePyramid, center: FloatArray, size: FloatArray, rotation: FloatArray
    ) -> Look:
        models, options = self._models, self._options
        assert models is not None
        features = self._place_features(pyramid, center, size, rotation)
        spectrum = models.place.spectrum(features, options.regularisation)
        if options.first_share:
            first = models.first.spectrum(features, options.regularisation)
            spectrum = spectrum + options.first_share * (first - spectrum)
        response = np.fft.irfft2(spectrum, s=(self._cells, self._cells))
        region_cells = self._cells / self._region(size)
        # The longer a box has not been seen, the less is known about where it is.
        reach = options.motion_window * (1 + 0.1 * models.unsure)[:, None] * size * region_cells
        cells, peak = _highest(response * self._gaussian(reach))
        is_warming_up = models.seen < WARM_UP_FRAMES
        is_sure = is_warming_up | (peak > options.min_peak_ratio * models.usual_peak)
        return Look(shift=cells / region_cells, peak=peak, is_sure=is_sure)

    def _grown(
        self,
        pyramid: FramePyramid,
        center: FloatArray,
        size: FloatArray,
        rotation: FloatArray,
        moves: NDArray[np.bool_],
    ) -> FloatArray:
        """Returns the factor `[box]` on the size that fits best."""
        models, options = self._models, self._options
        assert models is not None
        if options.scales < 3:
            return np.ones(len(size))
        features = self._size_features(pyramid, center, size, rotation)
        spectrum = models.size.spectrum(features, options.regularisation)
        response = np.fft.ifft(spectrum, axis=1).real
        rows = np.arange(len(size))
        best = response.argmax(axis=1)
        count = options.scales
        offset = parabola_peak(
            response[rows, (best - 1) % count],
            response[rows, best],
            response[rows, (best + 1) % count],
        )
        most = options.max_scale_steps
        steps = np.clip(best - count // 2 + offset, -most, most)
        factor: FloatArray = options.scale_step ** np.where(moves, steps, 0)
        return factor

    def _learn(
        self,
        pyramid: FramePyramid,
        center: FloatArray,
        size: FloatArray,
        rotation: FloatArray,
        look: Look,
    ) -> None:
        models, options = self._models, self._options
        assert models is not None
        is_known = models.seen > 0
        rate = np.where(look.is_sure & is_known, options.learning_rate, 0).astype(np.float32)
        if rate.any():
            place = self._place_features(pyramid, center, size, rotation)
            models.place = models.place.updated(place, rate)
            if options.scales >= 3:
                sizes = self._size_features(pyramid, center, size, rotation)
                models.size = models.size.updated(sizes, rate)
        # The first answers come from almost the picture that was learned and are far above any
        # later one: they must not set the standard.
        early = 1 / np.clip(models.seen, 1, 3)
        follow = np.where(models.seen < WARM_UP_FRAMES, early, options.usual_peak_rate)
        follow = np.where(look.is_sure & is_known, follow, 0)
        models.usual_peak = models.usual_peak + follow * (look.peak - models.usual_peak)
        models.unsure = np.where(look.is_sure, 0, models.unsure + 1)
        models.seen = models.seen + 1


def _highest(response: FloatArray | Float32) -> tuple[FloatArray, FloatArray]:
    """Returns the place `[box, xy]` in cells, wrapped around 0, and the value of each top."""
    count, _, cells = response.shape
    flat = response.reshape(count, -1)
    at = flat.argmax(axis=1)
    y, x = np.divmod(at, cells)
    rows = np.arange(count)
    peak = flat[rows, at].astype(np.float64)
    left, right = response[rows, y, (x - 1) % cells], response[rows, y, (x + 1) % cells]
    above, below = response[rows, (y - 1) % cells, x], response[rows, (y + 1) % cells, x]
    fine = np.column_stack((parabola_peak(left, peak, right), parabola_peak(above, peak, below)))
    half = cells // 2
    coarse = np.column_stack(((x + half) % cells - half, (y + half) % cells - half))
    return coarse + fine, peak


def _at_edge(center: FloatArray, size: FloatArray, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Returns `[box]` whether a box reaches the frame's edge, up to a tenth of its size."""
    margin = EDGE_MARGIN * size
    low, high = center - size / 2 - margin, center + size / 2 + margin
    reaches = (low < 0) | (high > (shape[1], shape[0]))
    return np.asarray(reaches.any(axis=1), np.bool_)
