"""From gray frames to TrackingData: flow, camera motion, packing."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.tracking_data import TrackingData
from flowlace.tracking.camera_motion import MotionEstimationOptions, estimate_camera_motion
from flowlace.tracking.flow_packager import FlowPackagerOptions, pack_flow
from flowlace.tracking.region_flow import RegionFlow, RegionFlowOptions


@dataclass(frozen=True, kw_only=True, slots=True)
class MotionAnalysisOptions:
    """Options of the three steps."""

    flow_options: RegionFlowOptions = field(default_factory=RegionFlowOptions)
    """Finding and following points."""

    motion_options: MotionEstimationOptions = field(default_factory=MotionEstimationOptions)
    """The camera's motion."""

    packager_options: FlowPackagerOptions = field(default_factory=FlowPackagerOptions)
    """The domain of the result."""


class MotionAnalysis:
    """Analyses the frames of one video in order."""

    def __init__(self, options: MotionAnalysisOptions | None = None) -> None:
        self._options = options or MotionAnalysisOptions()
        self._flow = RegionFlow(self._options.flow_options)
        self._previous_timestamp_us: int | None = None

    def analyze(self, gray: NDArray[np.uint8], timestamp_us: int) -> TrackingData:
        """Returns the motion of `gray` `[y, x]` relative to the frame before.

        The first frame gives data without vectors. Raises ValueError when a frame differs in
        size or type from the first, or its timestamp does not grow.
        """
        previous_us = self._previous_timestamp_us
        if previous_us is not None and timestamp_us <= previous_us:
            raise ValueError(
                f"motion analysis expects growing timestamps, but {timestamp_us} us follows "
                f"{previous_us} us"
            )
        flow = self._flow.track(gray)
        aspect = gray.shape[1] / gray.shape[0]
        self._previous_timestamp_us = timestamp_us
        if previous_us is None:
            return TrackingData.empty(
                timestamp_us=timestamp_us, previous_timestamp_us=timestamp_us, frame_aspect=aspect
            )
        camera = estimate_camera_motion(
            flow.positions, flow.flow_to_previous, flow.frame_size, self._options.motion_options
        )
        return pack_flow(
            flow,
            camera,
            timestamp_us=timestamp_us,
            previous_timestamp_us=previous_us,
            frame_aspect=aspect,
            options=self._options.packager_options,
        )
