"""Options of one tracking step."""

from dataclasses import dataclass, field
from enum import IntEnum


class TrackingDegrees(IntEnum):
    """What of a box may change besides its place, numbered as in MediaPipe."""

    TRANSLATION = 0
    CAMERA_SCALE = 1
    CAMERA_ROTATION = 2
    CAMERA_ROTATION_SCALE = 3
    OBJECT_SCALE = 5
    OBJECT_ROTATION = 6
    OBJECT_ROTATION_SCALE = 7
    OBJECT_PERSPECTIVE = 8

    @property
    def has_scale(self) -> bool:
        """Whether the box may grow."""
        return self in (1, 3, 5, 7, 8)

    @property
    def has_rotation(self) -> bool:
        """Whether the box may turn."""
        return self in (2, 3, 6, 7, 8)

    @property
    def is_object(self) -> bool:
        """Whether growing and turning is also measured on the object itself."""
        return self >= TrackingDegrees.OBJECT_SCALE


@dataclass(frozen=True, kw_only=True, slots=True)
class BeliefOptions:
    """How features come to be counted as part of the object. Lengths in the aspect domain."""

    center_log_odds: float = 1.0
    """Log-odds of a new feature in the middle of the box."""

    edge_log_odds: float = -1.0
    """The same on the ellipse that touches the box's sides; falls with the square outwards."""

    outside_log_odds: float = -5.0
    """The least a place can give."""

    limit: float = 5.0
    """Log-odds stay within ± this, so that a change of mind takes few steps."""

    learning_rate: float = 0.5
    """Part of a step's evidence that is believed: steps are not independent."""

    motion_sigma: float = 1.2e-3
    """Deviation of a feature from its object's motion: flow noise and bending."""

    max_evidence: float = 3.0
    """Most log-odds one step can give."""

    separation: float = 2.0
    """Object and camera must differ by this many sigmas for most of the evidence to count.

    The object's motion is fitted to the very features it is then compared on; where both
    motions are alike that head start would win over the surroundings one by one.
    """

    return_rate: float = 0.15
    """Part of the way back to what its place says that a belief goes in each step."""

    misfit_penalty: float = 0.4
    """Log-odds lost by a feature that neither object nor camera explains."""

    caution: float = 1.5
    """Power of the probability that weighs a feature: doubtful ones count less than in a vote."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrackStepOptions:
    """Options of a step. Names and units are MediaPipe's where it has them."""

    tracking_degrees: TrackingDegrees = TrackingDegrees.OBJECT_SCALE
    """MediaPipe's default is TRANSLATION; its box tracking graph sets OBJECT_SCALE."""

    track_object_and_camera: bool = True
    """Also take the camera's scale and rotation; MediaPipe's graph sets this."""

    irls_iterations: int = 5
    """Rounds of reweighting in the fit."""

    min_motion_sigma: float = 2e-3
    """Least deviation of a new feature from the expected motion."""

    relative_motion_sigma: float = 0.3
    """The same as a fraction of the velocity."""

    velocity_update_weight: float = 0.5
    """Part of the old velocity kept in each step."""

    velocity_measurements: float = 1.0
    """How many features the old velocity counts as in the fit."""

    expansion_size: float = 0.03
    """The search area reaches this far around the box, at least."""

    prior_weight_increase: float = 0.2
    """Growth of the trust in the state with each good step."""

    max_track_failures: int = 30
    """Steps without support by features before a box is given up.

    MediaPipe's 10 count strong changes of velocity. Here a hidden object is carried on by its
    velocity, which is worth a second.
    """

    static_motion_temporal_ratio: float = 3e-3
    """A box slower than this is static, per standard frame period."""

    box_similarity_max_scale: float = 1.05
    """Largest believable growth in one step."""

    box_similarity_max_rotation: float = 0.2
    """Largest believable turn in one step, radians."""

    quad_homography_max_scale: float = 1.2
    """Largest believable growth of a quad in one step."""

    quad_homography_max_rotation: float = 0.3
    """Largest believable turn of a quad in one step, radians."""

    object_perspective_min_support: float = 12.0
    """A quad with less agreeing features than this moves by a similarity."""

    scale_sigma: float = 0.012
    """Expected size of growth and turn in a step; few features give less than they measure."""

    belief: BeliefOptions = field(default_factory=BeliefOptions)
    """How features are told from the background."""
