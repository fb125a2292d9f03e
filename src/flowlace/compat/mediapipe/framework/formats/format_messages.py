"""The messages of detections and where they are, as protobuf descriptors in a pool of their own."""

from functools import cache
from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message

from flowlace.framework.graph_messages import add_fields

# `name number kind`, `*` for repeated; nested messages after a dot. MediaPipe's own numbers.
_MESSAGES: Final = {
    "Rasterization": "interval 1 .mediapipe.Rasterization.Interval*",
    "Rasterization.Interval": "y 1 int32\n left_x 2 int32\n right_x 3 int32",
    "LocationData": """
        bounding_box 2 .mediapipe.LocationData.BoundingBox
        relative_bounding_box 3 .mediapipe.LocationData.RelativeBoundingBox
        mask 4 .mediapipe.LocationData.BinaryMask
        relative_keypoints 5 .mediapipe.LocationData.RelativeKeypoint*""",
    "LocationData.BoundingBox": "xmin 1 int32\n ymin 2 int32\n width 3 int32\n height 4 int32",
    "LocationData.RelativeBoundingBox": """
        xmin 1 float
        ymin 2 float
        width 3 float
        height 4 float""",
    "LocationData.BinaryMask": """
        width 1 int32
        height 2 int32
        rasterization 3 .mediapipe.Rasterization""",
    "LocationData.RelativeKeypoint": """
        x 1 float
        y 2 float
        keypoint_label 3 string
        score 4 float""",
    "Detection": """
        label 1 string*
        label_id 2 int32*
        score 3 float*
        location_data 4 .mediapipe.LocationData
        feature_tag 5 string
        track_id 6 string
        detection_id 7 int64
        associated_detections 8 .mediapipe.Detection.AssociatedDetection*
        display_name 9 string*
        timestamp_usec 10 int64""",
    "Detection.AssociatedDetection": "id 1 int32\n confidence 2 float",
    "DetectionList": "detection 1 .mediapipe.Detection*",
}
_PACKED: Final = frozenset({"label_id", "score"})
_LOCATION_FORMATS: Final = ("GLOBAL", "BOUNDING_BOX", "RELATIVE_BOUNDING_BOX", "MASK")


def message_class(name: str) -> type[Message]:
    """Returns the message class `mediapipe.{name}`; AttributeError where there is none."""
    try:
        descriptor = _pool().FindMessageTypeByName(f"mediapipe.{name}")
    except KeyError:
        raise AttributeError(f"there is no message mediapipe.{name}") from None
    found: type[Message] = message_factory.GetMessageClass(descriptor)
    return found


@cache
def _pool() -> Any:
    file = descriptor_pb2.FileDescriptorProto(
        name="flowlace/formats.proto", package="mediapipe", syntax="proto2"
    )
    made: dict[str, Any] = {}
    for name, listing in _MESSAGES.items():
        owner, _, own_name = name.rpartition(".")
        siblings = made[owner].nested_type if owner else file.message_type
        made[name] = siblings.add(name=own_name)
        add_fields(made[name], listing)
    _add_location_format(made["LocationData"])
    for field in made["Detection"].field:
        if field.name in _PACKED:
            field.options.packed = True
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return pool


def _add_location_format(location: Any) -> None:
    formats = location.enum_type.add(name="Format")
    for number, name in enumerate(_LOCATION_FORMATS):
        formats.value.add(name=name, number=number)
    location.field.add(
        name="format",
        number=1,
        type=descriptor_pb2.FieldDescriptorProto.TYPE_ENUM,
        label=descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL,
        type_name=".mediapipe.LocationData.Format",
    )
