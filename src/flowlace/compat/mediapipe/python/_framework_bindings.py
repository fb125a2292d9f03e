"""Stands where MediaPipe's compiled module stood; much code imports its classes from here."""

from flowlace.compat.mediapipe.python import (
    calculator_graph,
    image,
    image_frame,
    packet,
    timestamp,
    validated_graph_config,
)

__all__ = [
    "calculator_graph",
    "image",
    "image_frame",
    "packet",
    "timestamp",
    "validated_graph_config",
]
