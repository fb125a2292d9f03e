"""Public models that can be fetched by name: where they lie, whose they are, and their digests.

Each has an address that does not change and the SHA-256 of the file there, so what is fetched is
what was tried.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_SUPPORT: Final = (
    "https://raw.githubusercontent.com/tensorflow/tflite-support/"
    "dd3362ea685bb7ab1f7268c81ec567d3b720ae57/tensorflow_lite_support/"
)
_MEDIAPIPE: Final = "https://storage.googleapis.com/mediapipe-models/object_detector/"


# MediaPipe `modules/face_detection/face_detection_short_range_common.pbtxt`.
_BLAZEFACE: Final[Mapping[str, Mapping[str, Any]]] = {
    "ImageToTensorCalculator": {
        "output_tensor_width": 128,
        "output_tensor_height": 128,
        "keep_aspect_ratio": True,
        "output_tensor_float_range": {"min": -1.0, "max": 1.0},
        "border_mode": "BORDER_ZERO",
    },
    "SsdAnchorsCalculator": {
        "num_layers": 4,
        "min_scale": 0.1484375,
        "max_scale": 0.75,
        "input_size_height": 128,
        "input_size_width": 128,
        "anchor_offset_x": 0.5,
        "anchor_offset_y": 0.5,
        "strides": [8, 16, 16, 16],
        "aspect_ratios": [1.0],
        "fixed_anchor_size": True,
    },
    "TensorsToDetectionsCalculator": {
        "num_classes": 1,
        "num_boxes": 896,
        "num_coords": 16,
        "box_coord_offset": 0,
        "keypoint_coord_offset": 4,
        "num_keypoints": 6,
        "num_values_per_keypoint": 2,
        "sigmoid_score": True,
        "score_clipping_thresh": 100.0,
        "reverse_output_order": True,
        "x_scale": 128.0,
        "y_scale": 128.0,
        "h_scale": 128.0,
        "w_scale": 128.0,
    },
}


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicModel:
    """A model somebody else published."""

    name: str
    """How commands and graphs name it."""
    task: str
    """What it does."""
    summary: str
    """One sentence for listings."""
    url: str
    """Where the file lies."""
    sha256: str
    """Digest of the file, in hexadecimal."""
    size_bytes: int
    """Size of the file."""
    licence: str
    """SPDX name of the weights' licence."""
    publisher: str
    """Who published it."""
    nodes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """As in a `ModelSpec`, where the file does not say it itself."""
    labels: tuple[str, ...] = ()
    """As in a `ModelSpec`, where the file holds none."""


PUBLIC_MODELS: Final[Mapping[str, PublicModel]] = {
    one.name: one
    for one in (
        PublicModel(
            name="coco-ssd-mobilenet-v1",
            task="object_detection",
            summary="SSD MobileNet v1, 300×300, uint8, 90 COCO classes; boxes decoded inside",
            url=f"{_SUPPORT}cc/test/testdata/task/vision/"
            "coco_ssd_mobilenet_v1_1.0_quant_2018_06_29.tflite",
            sha256="61d598093ed03ed41aa47c3a39a28ac01e960d6a810a5419b9a5016a1e9c469b",
            size_bytes=4_185_023,
            licence="Apache-2.0",
            publisher="TensorFlow",
        ),
        PublicModel(
            name="efficientdet-lite0",
            task="object_detection",
            summary="EfficientDet-Lite0, 320×320, int8, 90 COCO classes; raw boxes with anchors",
            url=f"{_MEDIAPIPE}efficientdet_lite0/int8/1/efficientdet_lite0.tflite",
            sha256="0720bf247bd76e6594ea28fa9c6f7c5242be774818997dbbeffc4da460c723bb",
            size_bytes=4_602_795,
            licence="Apache-2.0",
            publisher="MediaPipe",
        ),
        PublicModel(
            name="efficientdet-lite2",
            task="object_detection",
            summary="EfficientDet-Lite2, 448×448, int8, 90 COCO classes; raw boxes with anchors",
            url=f"{_MEDIAPIPE}efficientdet_lite2/int8/1/efficientdet_lite2.tflite",
            sha256="b3f50554cb0ea559e90328845f7d9ba4d13c8bff372914d24e06bc8bb72fa896",
            size_bytes=7_515_971,
            licence="Apache-2.0",
            publisher="MediaPipe",
        ),
        PublicModel(
            name="blazeface-short-range",
            task="object_detection",
            summary="BlazeFace, 128×128, float16 weights, faces near the camera with six points",
            url="https://raw.githubusercontent.com/google-ai-edge/mediapipe/v0.6.8/"
            "mediapipe/models/face_detection_front.tflite",
            sha256="a31cce739e9f5b9b08a15ef5ff90c500a46e96bd2c87f329d58a008dfd6c42ff",
            size_bytes=423_256,
            licence="Apache-2.0",
            publisher="MediaPipe",
            nodes=_BLAZEFACE,
            labels=("face",),
        ),
        PublicModel(
            name="mobilenet-v2",
            task="image_classification",
            summary="MobileNet v2 1.0, 224×224, uint8, 1001 ImageNet classes",
            url=f"{_SUPPORT}metadata/python/tests/testdata/image_classifier/"
            "mobilenet_v2_1.0_224_quant.tflite",
            sha256="f08d447cde49b4e0446428aa921aff0a14ea589fa9c5817b31f83128e9a43c1d",
            size_bytes=3_577_760,
            licence="Apache-2.0",
            publisher="TensorFlow",
        ),
        PublicModel(
            name="deeplab-v3",
            task="image_segmentation",
            summary="DeepLab v3 on MobileNet v2, 257×257, float32, 21 Pascal VOC classes",
            url=f"{_SUPPORT}cc/test/testdata/task/vision/deeplabv3.tflite",
            sha256="9711334db2b01d5894feb8ed0f5cb3e97d125b8d229f8d8692f625801818f5ef",
            size_bytes=2_780_051,
            licence="Apache-2.0",
            publisher="TensorFlow",
        ),
        PublicModel(
            name="yamnet",
            task="sound_events",
            summary="YAMNet, 0.975 s of 16 kHz waveform, float32, 521 AudioSet classes",
            url=f"{_SUPPORT}cc/test/testdata/task/audio/"
            "yamnet_audio_classifier_with_metadata.tflite",
            sha256="10c95ea3eb9a7bb4cb8bddf6feb023250381008177ac162ce169694d05c317de",
            size_bytes=4_126_810,
            licence="Apache-2.0",
            publisher="TensorFlow",
        ),
    )
}
"""By name."""


def public_model_of(sha256: str) -> PublicModel | None:
    """Returns the public model with this digest; None for any other file."""
    return next((one for one in PUBLIC_MODELS.values() if one.sha256 == sha256), None)
