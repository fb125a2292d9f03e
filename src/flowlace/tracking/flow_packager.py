"""Packs feature flow and camera motion into TrackingData."""

from dataclasses import dataclass

import numpy as np

from flowlace.formats.tracking_data import FrameFlags, TrackingData
from flowlace.tracking.camera_motion import CameraMotion, CameraMotionType
from flowlace.tracking.motion_models import apply_model
from flowlace.tracking.region_flow import FeatureFlow


@dataclass(frozen=True, kw_only=True, slots=True)
class FlowPackagerOptions:
    """Coordinate system of the packed data; field names as in MediaPipe."""

    domain_width: int = 256
    """Width of the domain positions and vectors are given in."""

    domain_height: int = 192
    """Height of the same."""

    binary_tracking_data_support: bool = True
    """Refuse domains over 256, which the compact binary form cannot hold."""

    high_fidelity_16bit_encode: bool = True
    """16 bits a vector component in the compact form instead of 8."""

    def __post_init__(self) -> None:
        """Refuses a domain the promised binary form cannot hold."""
        if self.binary_tracking_data_support and max(self.domain_width, self.domain_height) > 256:
            raise ValueError(
                f"domain {self.domain_width}x{self.domain_height} is over 256, which binary "
                "tracking data cannot hold; shrink it or set binary_tracking_data_support=False"
            )


def pack_flow(
    flow: FeatureFlow,
    camera: CameraMotion,
    *,
    timestamp_us: int,
    previous_timestamp_us: int,
    frame_aspect: float,
    options: FlowPackagerOptions,
) -> TrackingData:
    """Returns the flow in domain units with the camera's motion taken out of each vector."""
    domain = np.array([options.domain_width, options.domain_height], np.float64)
    scale = domain / np.array(flow.frame_size)
    to_domain = np.diag((*scale, 1.0))
    is_stable = camera.type <= CameraMotionType.UNSTABLE_SIM
    model = to_domain @ camera.model @ np.diag((*1 / scale, 1.0)) if is_stable else np.eye(3)
    model = model / model[2, 2]
    positions = flow.positions * scale
    # Vectors are residuals of the very model that is stored, so that adding it back gives the
    # measured flow whatever its quality.
    data = TrackingData(
        timestamp_us=timestamp_us,
        previous_timestamp_us=previous_timestamp_us,
        domain_width=options.domain_width,
        domain_height=options.domain_height,
        frame_aspect=frame_aspect,
        background_model=model,
        positions=positions,
        object_vectors=flow.flow_to_previous * scale - (apply_model(model, positions) - positions),
        track_ids=flow.track_ids,
        actively_discarded_track_ids=flow.actively_discarded_track_ids,
        frame_flags=_flags(is_stable, flow.is_duplicated),
        average_motion_magnitude=camera.average_magnitude,
    )
    return data.sorted_by_column()


def _flags(is_stable: bool, is_duplicated: bool) -> FrameFlags:
    flags = FrameFlags.NONE
    if not is_stable:
        flags |= FrameFlags.BACKGROUND_UNSTABLE
    if is_duplicated:
        flags |= FrameFlags.DUPLICATED
    return flags
