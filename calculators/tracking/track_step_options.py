"""`TrackStepOptions` of a graph file, and what of it this library's step takes over.

As in `region_flow_options.py`: fields with a docstring are honoured when a graph sets them, the
rest is read so that MediaPipe's graphs load. Source of names and numbers: MediaPipe
`util/tracking/tracking.proto`, `util/tracking/box_tracker.proto`.
"""

from dataclasses import dataclass, replace
from enum import IntEnum

from flowlace.calculators.tracking.region_flow_options import given
from flowlace.formats.tracked_box import TimedBox
from flowlace.framework.contract import ContractError
from flowlace.framework.options import option, proto_options
from flowlace.tracking.step_options import TrackingDegrees, TrackStepOptions


class TrackingDegree(IntEnum):
    """What of a box may change besides its place."""

    TRACKING_DEGREE_TRANSLATION = 0
    TRACKING_DEGREE_CAMERA_SCALE = 1
    TRACKING_DEGREE_CAMERA_ROTATION = 2
    TRACKING_DEGREE_CAMERA_ROTATION_SCALE = 3
    TRACKING_DEGREE_CAMERA_PERSPECTIVE = 4
    TRACKING_DEGREE_OBJECT_SCALE = 5
    TRACKING_DEGREE_OBJECT_ROTATION = 6
    TRACKING_DEGREE_OBJECT_ROTATION_SCALE = 7
    TRACKING_DEGREE_OBJECT_PERSPECTIVE = 8


@proto_options("mediapipe.TrackStepOptions.IrlsInitialization", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class IrlsInitialization:
    """RANSAC before the fit."""

    activated: bool | None = option(1)
    rounds: int | None = option(2)
    cutoff: float | None = option(3)


@proto_options("mediapipe.TrackStepOptions.CancelTrackingWithOcclusionOptions", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class CancelTrackingWithOcclusionOptions:
    """When a hidden object is given up."""

    activated: bool | None = option(1)
    min_motion_continuity: float | None = option(2)
    min_inlier_ratio: float | None = option(3)


@proto_options("mediapipe.TrackStepOptions.CameraIntrinsics", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class CameraIntrinsics:
    """The camera's lens."""

    fx: float | None = option(1)
    fy: float | None = option(2)
    cx: float | None = option(3)
    cy: float | None = option(4)
    k0: float | None = option(5)
    k1: float | None = option(6)
    k2: float | None = option(7)
    w: int | None = option(8)
    h: int | None = option(9)


@proto_options("mediapipe.TrackStepOptions", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class TrackStepOptionsMessage:
    """How a box moves from one frame to the next."""

    tracking_degrees: TrackingDegree | None = option(28)
    """What of a box may change besides its place; unset is object scale."""
    track_object_and_camera: bool | None = option(32)
    """Also take the camera's scale and rotation."""
    irls_iterations: int | None = option(1)
    """Rounds of reweighting in the fit."""
    min_motion_sigma: float | None = option(3)
    """Least deviation of a new feature from the expected motion."""
    relative_motion_sigma: float | None = option(4)
    """The same as a part of the velocity."""
    velocity_update_weight: float | None = option(16)
    """Part of the old velocity kept in each step."""
    max_track_failures: int | None = option(17)
    """Steps without support before a box is given up."""
    expansion_size: float | None = option(18)
    """How far around the box features are looked at, at least."""
    prior_weight_increase: float | None = option(23)
    """Growth of the trust in the state with each good step."""
    static_motion_temporal_ratio: float | None = option(33)
    """A box slower than this is static."""
    box_similarity_max_scale: float | None = option(36)
    """Largest believable growth in one step."""
    box_similarity_max_rotation: float | None = option(37)
    """Largest believable turn in one step, radians."""
    quad_homography_max_scale: float | None = option(38)
    """The same for quads."""
    quad_homography_max_rotation: float | None = option(39)
    """The same for quads."""

    spatial_sigma: float | None = option(2)
    motion_disparity_low_level: float | None = option(6)
    motion_disparity_high_level: float | None = option(7)
    disparity_decay: float | None = option(8)
    motion_prior_weight: float | None = option(9)
    background_discrimination_low_level: float | None = option(10)
    background_discrimination_high_level: float | None = option(11)
    inlier_center_relative_distance: float | None = option(12)
    inlier_spring_force: float | None = option(13)
    kinetic_center_relative_distance: float | None = option(14)
    kinetic_spring_force: float | None = option(15)
    kinetic_spring_force_min_kinetic_energy: float | None = option(21)
    inlier_low_weight: float | None = option(19)
    inlier_high_weight: float | None = option(20)
    kinetic_energy_decay: float | None = option(22)
    low_kinetic_energy: float | None = option(24)
    high_kinetic_energy: float | None = option(25)
    return_internal_state: bool | None = option(26)
    use_post_estimation_weights_for_state: bool | None = option(29)
    compute_spatial_prior: bool | None = option(27)
    irls_initialization: IrlsInitialization | None = option(30)
    cancel_tracking_with_occlusion_options: CancelTrackingWithOcclusionOptions | None = option(34)
    object_similarity_min_contd_inliers: int | None = option(35)
    camera_intrinsics: CameraIntrinsics | None = option(40)
    forced_pnp_tracking: bool | None = option(41)


@proto_options("mediapipe.BoxTrackerOptions", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class BoxTrackerOptionsMessage:
    """The tracker behind the calculator."""

    track_step_options: TrackStepOptionsMessage | None = option(6)
    """Every step."""
    cache_file_format: str | None = option(2)
    """Name of a chunk file in the side packet CACHE_DIR; unset is `chunk_%04d`."""

    caching_chunk_size_msec: int | None = option(1)
    num_tracking_workers: int | None = option(3)
    read_chunk_timeout_msec: int | None = option(4)
    record_path_states: bool | None = option(5)


@proto_options("mediapipe.MotionBoxState.Quad", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class QuadMessage:
    """x, y of upper left, lower left, lower right, upper right."""

    vertices: tuple[float, ...] = option(1)


@proto_options("mediapipe.TimedBoxProto", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class TimedBoxMessage:
    """A box at one time, in fractions of the frame."""

    top: float = option(1)
    left: float = option(2)
    bottom: float = option(3)
    right: float = option(4)
    rotation: float = option(7)
    quad: QuadMessage | None = option(9)
    time_msec: int = option(5, "int64")
    id: int = option(6, default=-1)
    label: str = option(13)
    confidence: float = option(8)
    aspect_ratio: float | None = option(10)
    reacquisition: bool = option(11)
    request_grouping: bool = option(12)

    def to_timed_box(self) -> TimedBox:
        """Returns the box as trackers take it."""
        vertices = self.quad.vertices if self.quad is not None else ()
        if len(vertices) not in (0, 8):
            raise ContractError(
                f"quad of box {self.id} has {len(vertices)} numbers; expected x and y of 4 corners"
            )
        return TimedBox(
            timestamp_us=self.time_msec * 1000,
            top=self.top,
            left=self.left,
            bottom=self.bottom,
            right=self.right,
            rotation=self.rotation,
            quad=tuple(vertices) if vertices else None,  # type: ignore[arg-type]
            id=self.id,
            label=self.label,
            aspect_ratio=self.aspect_ratio,
            reacquisition=self.reacquisition,
            request_grouping=self.request_grouping,
        )


@proto_options("mediapipe.TimedBoxProtoList", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class TimedBoxListMessage:
    """Several boxes."""

    box: tuple[TimedBoxMessage, ...] = option(1)

    def to_timed_boxes(self) -> list[TimedBox]:
        """Returns the boxes as trackers take them."""
        return [box.to_timed_box() for box in self.box]


def track_step_options(message: TrackStepOptionsMessage | None) -> TrackStepOptions:
    """Returns the library's options with what a graph has set.

    Raises:
        ContractError: tracking degrees that do not exist yet.
    """
    if message is None:
        return TrackStepOptions()
    degrees = message.tracking_degrees
    if degrees is TrackingDegree.TRACKING_DEGREE_CAMERA_PERSPECTIVE:
        raise ContractError(
            "TRACKING_DEGREE_CAMERA_PERSPECTIVE is not implemented (nor in MediaPipe); use "
            "TRACKING_DEGREE_CAMERA_ROTATION_SCALE or TRACKING_DEGREE_OBJECT_PERSPECTIVE"
        )
    names = (
        "track_object_and_camera",
        "irls_iterations",
        "min_motion_sigma",
        "relative_motion_sigma",
        "velocity_update_weight",
        "max_track_failures",
        "expansion_size",
        "prior_weight_increase",
        "static_motion_temporal_ratio",
        "box_similarity_max_scale",
        "box_similarity_max_rotation",
        "quad_homography_max_scale",
        "quad_homography_max_rotation",
    )
    changes = given({name: getattr(message, name) for name in names})
    if degrees is not None:
        changes["tracking_degrees"] = TrackingDegrees(int(degrees))
    return replace(TrackStepOptions(), **changes)
