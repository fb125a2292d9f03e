"""Message classes of places in a picture, in a private pool."""

from typing import Any

from flowlace.compat.mediapipe.framework.formats.format_messages import message_class


def __getattr__(name: str) -> Any:
    return message_class(name)
