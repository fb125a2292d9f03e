"""The names of `mediapipe.python`."""

from flowlace.compat.mediapipe.python import packet_creator, packet_getter
from flowlace.compat.mediapipe.python.calculator_graph import (
    CalculatorGraph,
    GraphInputStreamAddMode,
)
from flowlace.compat.mediapipe.python.image import Image
from flowlace.compat.mediapipe.python.image_frame import ImageFormat, ImageFrame
from flowlace.compat.mediapipe.python.packet import Packet
from flowlace.compat.mediapipe.python.timestamp import Timestamp
from flowlace.compat.mediapipe.python.validated_graph_config import ValidatedGraphConfig

__all__ = [
    "CalculatorGraph",
    "GraphInputStreamAddMode",
    "Image",
    "ImageFormat",
    "ImageFrame",
    "Packet",
    "Timestamp",
    "ValidatedGraphConfig",
    "packet_creator",
    "packet_getter",
]
