"""Follows points from frame to frame and finds the camera's motion."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from flowlace.calculators.tracking.region_flow_options import (
    RegionFlowComputationOptions,
    region_flow_options,
)
from flowlace.formats.image import Image
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.registry import register_calculator
from flowlace.tracking.camera_motion import (
    CameraMotion,
    MotionEstimationOptions,
    estimate_camera_motion,
)
from flowlace.tracking.region_flow import FeatureFlow, RegionFlow


class AnalysisPolicy(IntEnum):
    """MediaPipe's presets; the analysis here has one setting that fits all of them."""

    ANALYSIS_POLICY_LEGACY = 0
    ANALYSIS_POLICY_VIDEO = 1
    ANALYSIS_POLICY_VIDEO_MOBILE = 2
    ANALYSIS_POLICY_CAMERA_MOBILE = 3
    ANALYSIS_POLICY_HYPERLAPSE = 4


@proto_options("mediapipe.MotionAnalysisOptions", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class MotionAnalysisOptionsMessage:
    """What is analysed."""

    flow_options: RegionFlowComputationOptions | None = option(1)
    """How points are found, followed and doubted."""

    analysis_policy: AnalysisPolicy | None = option(14)
    estimation_clip_size: int | None = option(4)
    subtract_camera_motion_from_features: bool | None = option(5)
    track_index: int | None = option(6)
    compute_motion_saliency: bool | None = option(7)
    select_saliency_inliers: bool | None = option(8)
    filter_saliency: bool | None = option(9)
    post_irls_smoothing: bool | None = option(10)
    rejection_transform_threshold: float | None = option(13)


@proto_options("mediapipe.MotionAnalysisCalculatorOptions", extension=270698255)
@dataclass(frozen=True, kw_only=True, slots=True)
class MotionAnalysisOptions:
    """Options of MotionAnalysisCalculator."""

    analysis_options: MotionAnalysisOptionsMessage | None = option(1)
    """What is analysed."""

    bypass_mode: bool = option(7)
    """Do nothing and send nothing."""

    meta_models_per_frame: int | None = option(6)
    hybrid_selection_camera: bool | None = option(5)
    meta_outlier_domain_ratio: float | None = option(9)


@register_calculator
class MotionAnalysisCalculator(Calculator[MotionAnalysisOptions]):
    """Follows points from frame to frame and finds the camera's motion.

    Inputs:   VIDEO (Image), frames of one size
    Outputs:  FLOW (FeatureFlow), points with their way to the frame before
              CAMERA (CameraMotion), the motion most of the picture agrees on
              VIDEO_OUT, GRAY_VIDEO_OUT (Image), the frame itself, and its brightness

    One packet on every output for every frame, at its timestamp; the first frame has no motion.
    Frames larger than 480 pixels are shrunk for the analysis, so there is no need to scale them
    before. Cost: about 3 ms of one core a frame.

    Example:
        ```
        node {
          calculator: "MotionAnalysisCalculator"
          input_stream: "VIDEO:camera_frames"
          output_stream: "FLOW:region_flow"
          output_stream: "CAMERA:camera_motion"
        }
        ```
    """

    input_ports = (Port("VIDEO", Image, doc="frames of one size"),)
    output_ports = (
        Port("FLOW", FeatureFlow, optional=True, doc="points and their way to the frame before"),
        Port("CAMERA", CameraMotion, optional=True, doc="the camera's motion since the last frame"),
        Port("VIDEO_OUT", Image, optional=True, doc="the frame itself"),
        Port("GRAY_VIDEO_OUT", Image, optional=True, doc="the frame's brightness"),
    )
    timestamp_offset = 0

    def open(self) -> None:
        """Prepares the flow."""
        analysis = self.options.analysis_options or MotionAnalysisOptionsMessage()
        self._flow = RegionFlow(region_flow_options(analysis.flow_options))
        self._is_first = True

    def process(self, packets: PacketSet) -> None:
        """Analyses one frame."""
        if self.options.bypass_mode or not packets["VIDEO"]:
            return
        frame = packets["VIDEO"]
        gray = frame.payload.gray()
        flow = self._flow.track(gray.pixels)
        results = {"FLOW": flow, "CAMERA": self._camera(flow)}
        results |= {"VIDEO_OUT": frame.payload, "GRAY_VIDEO_OUT": gray}
        for port, payload in results.items():
            if port in self.outputs:
                self.outputs[port].send(frame.with_payload(payload))
        self._is_first = False

    def _camera(self, flow: FeatureFlow) -> CameraMotion:
        positions, vectors = flow.positions, flow.flow_to_previous
        if self._is_first:
            positions = vectors = np.empty((0, 2))
        return estimate_camera_motion(
            positions, vectors, flow.frame_size, MotionEstimationOptions()
        )
