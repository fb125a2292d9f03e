"""MediaPipe's former Python framework API (wheel 0.10.21) on flowlace graphs.

Code ports by changing an import: `import flowlace.compat.mediapipe as mp`, and
`from flowlace.compat.mediapipe.python import packet_getter`. Modules stand where MediaPipe has
them. docs/porting_from_mediapipe.md says what differs.
"""

from flowlace.compat.mediapipe.python import (
    CalculatorGraph,
    GraphInputStreamAddMode,
    Image,
    ImageFormat,
    ImageFrame,
    Packet,
    Timestamp,
    ValidatedGraphConfig,
    packet_creator,
    packet_getter,
)

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
