"""Which calculators MediaPipe's own C++ library has under the same name, by platform.

Checked against MediaPipe's sources and the calculators linked into its wheels 0.10.21 and 1.2.2.
Names a graph can use here and that MediaPipe registers only for one payload type each
(`BeginLoopCalculator` is `BeginLoopDetectionCalculator` and so on there) are not in the list.
"""

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Final

from google.protobuf.message import Message

from flowlace.framework.config import GivenOptions, GraphConfig, NodeConfig, canonical_names

FIRST_ADDED_FIELD: Final = 100
"""Fields from this number on in options of MediaPipe's are additions of this library."""


class Target(Enum):
    """Where a bundle is meant to run."""

    ANDROID = "android"
    IOS = "ios"
    LINUX = "linux"


MEDIAPIPE_CALCULATORS: Final = frozenset(
    (
        "AnnotationOverlayCalculator",
        "BoxDetectorCalculator",
        "BoxTrackerCalculator",
        "ConcatenateDetectionVectorCalculator",
        "ConstantSidePacketCalculator",
        "CountingSourceCalculator",
        "DequantizeByteArrayCalculator",
        "DetectionLabelIdToTextCalculator",
        "DetectionLetterboxRemovalCalculator",
        "DetectionProjectionCalculator",
        "DetectionUniqueIdCalculator",
        "DetectionsDeduplicateCalculator",
        "DetectionsToRectsCalculator",
        "DetectionsToRenderDataCalculator",
        "DetectionsToTimedBoxListCalculator",
        "FlowLimiterCalculator",
        "FlowPackagerCalculator",
        "GateCalculator",
        "GpuBufferToImageFrameCalculator",
        "ImagePropertiesCalculator",
        "ImageToTensorCalculator",
        "ImageTransformationCalculator",
        "ImmediateMuxCalculator",
        "InferenceCalculator",
        "MergeCalculator",
        "MotionAnalysisCalculator",
        "MuxCalculator",
        "NonMaxSuppressionCalculator",
        "PacketClonerCalculator",
        "PacketInnerJoinCalculator",
        "PacketPresenceCalculator",
        "PacketResamplerCalculator",
        "PacketSequencerCalculator",
        "PacketThinnerCalculator",
        "PassThroughCalculator",
        "PreviousLoopbackCalculator",
        "QuantizeFloatVectorCalculator",
        "RectTransformationCalculator",
        "RoundRobinDemuxCalculator",
        "ScoreCalibrationCalculator",
        "SequenceShiftCalculator",
        "SidePacketToStreamCalculator",
        "SsdAnchorsCalculator",
        "StreamToSidePacketCalculator",
        "SwitchDemuxCalculator",
        "SwitchMuxCalculator",
        "TensorsDequantizationCalculator",
        "TensorsToClassificationCalculator",
        "TensorsToDetectionsCalculator",
        "TensorsToEmbeddingsCalculator",
        "TensorsToFloatsCalculator",
        "TensorsToSegmentationCalculator",
        "TimedBoxListToRenderDataCalculator",
        "TrackedDetectionManagerCalculator",
    )
)
"""Calculators of this library that MediaPipe has under the same name, with the same options."""

_NEEDS_GPU: Final = frozenset({"GpuBufferToImageFrameCalculator"})


def missing_in_mediapipe(config: GraphConfig, target: Target) -> list[str]:
    """Returns what of an expanded graph MediaPipe's C++ library does not have on a platform."""
    named = zip(canonical_names(config.nodes), config.nodes, strict=True)
    return [problem for name, node in named for problem in _missing(name, node, target)]


def _missing(name: str, node: NodeConfig, target: Target) -> Iterator[str]:
    kind = node.calculator.rpartition("::")[2]
    if kind not in MEDIAPIPE_CALCULATORS:
        yield f"node {name!r}: MediaPipe has no {kind}"
        return
    if kind in _NEEDS_GPU and target is Target.LINUX:
        yield f"node {name!r}: {kind} needs a build of MediaPipe with GPU support"
    for given in node.options:
        if not given.type_name.startswith("mediapipe."):
            yield f"node {name!r}: MediaPipe has no options {given.type_name}"
        elif isinstance(given, GivenOptions):
            for field in _added_fields(given.message):
                yield f"node {name!r}: {given.type_name} has no field {field} in MediaPipe"


def _added_fields(message: Message) -> Iterator[str]:
    for field, value in message.ListFields():
        if field.number >= FIRST_ADDED_FIELD:
            yield field.name
        elif field.message_type is not None:
            inner: Iterable[Message] = value if field.is_repeated else (value,)
            for each in inner:
                yield from (f"{field.name}.{name}" for name in _added_fields(each))
