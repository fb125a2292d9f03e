"""MediaPipe's option for textures; pictures lie in memory here, top row first."""

from enum import IntEnum


class Mode(IntEnum):
    """Where row 0 of a texture is."""

    DEFAULT = 0
    CONVENTIONAL = 1
    TOP_LEFT = 2
