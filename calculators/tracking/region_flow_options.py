"""`RegionFlowComputationOptions` of a graph file, and what of it this library's flow takes over.

Every field MediaPipe publishes is read, so that its graphs load unchanged. The fields with a
docstring are honoured when a graph sets them; unset ones leave the settings of
`flowlace.tracking.region_flow` alone, which differ from MediaPipe's where measurements said so.
The rest stands for steps that this analysis does another way or does not have.
Source of names and numbers: MediaPipe `util/tracking/region_flow_computation.proto`.
"""

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from flowlace.framework.options import option, proto_options
from flowlace.tracking.region_flow import RegionFlowOptions


class FlowDirection(IntEnum):
    """Which way features are tracked."""

    FORWARD = 1
    BACKWARD = 2
    CONSECUTIVELY = 3


class TrackingPolicy(IntEnum):
    """What a feature is tracked against."""

    POLICY_SINGLE_FRAME = 1
    POLICY_MULTI_FRAME = 2
    POLICY_LONG_TRACKS = 3


class CornerExtractionMethod(IntEnum):
    """How corners are found."""

    EXTRACTION_HARRIS = 1
    EXTRACTION_MIN_EIG_VAL = 2
    EXTRACTION_FAST = 3


class KltTrackerImplementation(IntEnum):
    """Whose Lucas-Kanade tracker runs."""

    UNSPECIFIED = 0
    KLT_OPENCV = 1


class DownsampleMode(IntEnum):
    """How frames are shrunk before the analysis."""

    DOWNSAMPLE_NONE = 1
    DOWNSAMPLE_TO_MAX_SIZE = 2
    DOWNSAMPLE_BY_FACTOR = 3
    DOWNSAMPLE_BY_SCHEDULE = 4
    DOWNSAMPLE_TO_MIN_SIZE = 5
    DOWNSAMPLE_TO_INPUT_SIZE = 6


class FlowWeights(IntEnum):
    """First weights of features in the fit of the camera's motion."""

    INIT_UNIFORM = 1
    INIT_CONSISTENCY = 2


class GainCorrectMode(IntEnum):
    """Bounds of the gain correction."""

    GAIN_CORRECT_DEFAULT_USER = 1
    GAIN_CORRECT_VIDEO = 2
    GAIN_CORRECT_HDR = 3
    GAIN_CORRECT_PHOTO_BURST = 4


class FlowImageFormat(IntEnum):
    """Colours of the input; here the image itself says it."""

    FORMAT_GRAYSCALE = 1
    FORMAT_RGB = 2
    FORMAT_RGBA = 3
    FORMAT_BGR = 4
    FORMAT_BGRA = 5


class DescriptorExtractorType(IntEnum):
    """Feature descriptors."""

    ORB = 0


@proto_options("mediapipe.TrackingOptions.MinEigValExtractionSettings", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class MinEigValExtractionSettings:
    """Thresholds of corners."""

    feature_quality_level: float | None = option(1)
    """Corners weaker than this part of the strongest one of their grid cell are left out."""
    adaptive_lowest_quality_level: float | None = option(2)
    """Corners weaker than this are always left out."""


@proto_options("mediapipe.TrackingOptions.HarrisExtractionSettings", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class HarrisExtractionSettings:
    """Thresholds of Harris corners."""

    feature_quality_level: float | None = option(1)


@proto_options("mediapipe.TrackingOptions.FastExtractionSettings", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class FastExtractionSettings:
    """Thresholds of FAST corners."""

    threshold: int | None = option(1)


@proto_options("mediapipe.TrackingOptions", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class TrackingOptionsMessage:
    """How points are found and followed."""

    max_features: int | None = option(2)
    """Most points followed at once."""
    tracking_window_size: int | None = option(4)
    """Side of the Lucas-Kanade window in pixels of the analysed frame."""
    tracking_iterations: int | None = option(5)
    """Lucas-Kanade steps on each pyramid level."""
    min_feature_distance: float | None = option(7)
    """Pixels between points."""
    long_tracks_max_frames: int | None = option(26)
    """A point is dropped at this age."""
    reuse_features_min_survived_frac: float | None = option(18)
    """Fresh corners are looked for once fewer of the points than this are left."""
    min_eig_val_settings: MinEigValExtractionSettings | None = option(28)
    """Thresholds of corners."""

    internal_tracking_direction: FlowDirection | None = option(19)
    output_flow_direction: FlowDirection | None = option(20)
    tracking_policy: TrackingPolicy | None = option(25)
    multi_frames_to_track: int | None = option(1)
    corner_extraction_method: CornerExtractionMethod | None = option(27)
    harris_settings: HarrisExtractionSettings | None = option(29)
    fast_settings: FastExtractionSettings | None = option(31)
    fractional_tracking_distance: float | None = option(6)
    adaptive_tracking_distance: bool | None = option(24)
    distance_downscale_sqrt: bool | None = option(21)
    adaptive_good_features_to_track: bool | None = option(8)
    adaptive_features_block_size: float | None = option(9)
    adaptive_features_levels: int | None = option(10)
    adaptive_extraction_levels: int | None = option(22)
    adaptive_extraction_levels_lowest_size: int | None = option(23)
    synthetic_zero_motion_grid_step: float | None = option(13)
    wide_baseline_matching: bool | None = option(14)
    ratio_test_threshold: float | None = option(15)
    refine_wide_baseline_matches: bool | None = option(16)
    reuse_features_max_frame_distance: int | None = option(17)
    use_cv_tracking_algorithm: bool | None = option(30)
    klt_tracker_implementation: KltTrackerImplementation | None = option(32)


@proto_options("mediapipe.RegionFlowComputationOptions.DownSampleSchedule", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class DownSampleSchedule:
    """Factors by frame size."""

    downsample_factor_360p: float | None = option(1)
    downsample_factor_480p: float | None = option(2)
    downsample_factor_720p: float | None = option(3)
    downsample_factor_1080p: float | None = option(4)


@proto_options("mediapipe.RegionFlowComputationOptions.BlurScoreOptions", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class BlurScoreOptions:
    """How blur is scored."""

    box_filter_diam: int | None = option(1)
    relative_cornerness_threshold: float | None = option(2)
    absolute_cornerness_threshold: float | None = option(3)
    median_percentile: float | None = option(5)


@proto_options("mediapipe.RegionFlowComputationOptions.VisualConsistencyOptions", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class VisualConsistencyOptions:
    """How changes of the whole picture are scored."""

    compute_consistency: bool | None = option(1)
    tiny_image_dimension: int | None = option(2)


@proto_options("mediapipe.ToneEstimationOptions.GainBiasBounds", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class GainBiasBounds:
    """Bounds of gain and bias."""

    min_inlier_fraction: float | None = option(1)
    min_inlier_weight: float | None = option(2)
    lower_gain: float | None = option(3)
    upper_gain: float | None = option(4)
    lower_bias: float | None = option(5)
    upper_bias: float | None = option(6)


@proto_options("mediapipe.RegionFlowComputationOptions", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class RegionFlowComputationOptions:
    """How flow is computed and doubted."""

    tracking_options: TrackingOptionsMessage | None = option(1)
    """How points are found and followed."""
    max_magnitude_threshold_ratio: float | None = option(23)
    """Longer flow, as a part of the frame's diagonal, is not believed."""
    verify_features: bool | None = option(27)
    """Whether every point is tracked back."""
    verification_distance: float | None = option(28)
    """How far from its start a verified point may return, pixels."""
    verify_long_feature_acceleration: bool | None = option(63)
    """Whether points that change speed abruptly are tracked back."""

    min_feature_inliers: int | None = option(2)
    relative_min_feature_inliers: float | None = option(46)
    pre_blur_sigma: float | None = option(33)
    ransac_rounds_per_region: int | None = option(3)
    absolute_inlier_error_threshold: float | None = option(4)
    frac_inlier_error_threshold: float | None = option(52)
    relative_inlier_error_threshold: float | None = option(44)
    top_inlier_sets: int | None = option(45)
    no_estimation_mode: bool | None = option(40)
    fast_estimation_block_size: float | None = option(6)
    fast_estimation_min_block_size: int | None = option(25)
    fast_estimation_overlap_grids: int | None = option(22)
    median_magnitude_bounds: float | None = option(51)
    irls_initialization: FlowWeights | None = option(49)
    downsample_mode: DownsampleMode | None = option(11)
    downsampling_size: int | None = option(12)
    downsample_factor: float | None = option(18)
    round_downsample_factor: bool | None = option(62)
    downsample_schedule: DownSampleSchedule | None = option(19)
    min_feature_requirement: int | None = option(13)
    min_feature_cover: float | None = option(14)
    min_feature_cover_grid: int | None = option(20)
    compute_blur_score: bool | None = option(17)
    blur_score_options: BlurScoreOptions | None = option(31)
    visual_consistency_options: VisualConsistencyOptions | None = option(55)
    patch_descriptor_radius: int | None = option(21)
    distance_from_border: int | None = option(50)
    corner_response_scale: float | None = option(26)
    verify_long_features: bool | None = option(53)
    long_feature_verification_threshold: float | None = option(54)
    max_long_feature_acceleration: float | None = option(56)
    verify_long_feature_trigger_ratio: float | None = option(64)
    histogram_equalization: bool | None = option(57)
    use_synthetic_zero_motion_tracks_all_frames: bool | None = option(34)
    use_synthetic_zero_motion_tracks_first_frame: bool | None = option(35)
    gain_correction: bool | None = option(36)
    fast_gain_correction: bool | None = option(61)
    gain_correction_multiple_hypotheses: bool | None = option(47)
    gain_correction_inlier_improvement_frac: float | None = option(48)
    gain_correction_bright_reference: bool | None = option(59)
    gain_correction_triggering_ratio: float | None = option(60)
    frac_gain_feature_size: float | None = option(37)
    frac_gain_step: float | None = option(38)
    gain_correct_mode: GainCorrectMode | None = option(41)
    gain_bias_bounds: GainBiasBounds | None = option(39)
    image_format: FlowImageFormat | None = option(58)
    descriptor_extractor_type: DescriptorExtractorType | None = option(65)
    compute_derivative_in_pyramid: bool | None = option(66)


def region_flow_options(message: RegionFlowComputationOptions | None) -> RegionFlowOptions:
    """Returns the library's options with what a graph has set."""
    options = RegionFlowOptions()
    if message is None:
        return options
    tracking = message.tracking_options or TrackingOptionsMessage()
    quality = tracking.min_eig_val_settings or MinEigValExtractionSettings()
    distance = tracking.min_feature_distance
    corners = {
        "max_features": tracking.max_features,
        "min_feature_distance": None if distance is None else max(1, round(distance)),
        "feature_quality_level": quality.feature_quality_level,
        "lowest_quality_level": quality.adaptive_lowest_quality_level,
    }
    flow = {
        "tracking_window_size": tracking.tracking_window_size,
        "tracking_iterations": tracking.tracking_iterations,
        "long_tracks_max_frames": tracking.long_tracks_max_frames,
        "reuse_features_min_survived_frac": tracking.reuse_features_min_survived_frac,
        "max_flow_fraction": message.max_magnitude_threshold_ratio,
        "verify_features": message.verify_features,
        "verification_distance": message.verification_distance,
        "verify_long_feature_acceleration": message.verify_long_feature_acceleration,
    }
    return replace(options, corners=replace(options.corners, **given(corners)), **given(flow))


def given(values: dict[str, Any]) -> dict[str, Any]:
    """Returns the values a graph has set: those that are not None."""
    return {name: value for name, value in values.items() if value is not None}
