"""Hands stream headers on, and changes the frame rate in them."""

import dataclasses
from typing import Any

from flowlace.framework.calculator import OutputPort
from flowlace.framework.contract import PortMap
from flowlace.framework.packet import Packet


def hand_on_headers(headers: PortMap[Packet[Any]], outputs: PortMap[OutputPort]) -> None:
    """Gives every output the header of the input of the same key, where there is one."""
    for key, output in outputs.items():
        header = headers.get(key)
        if header:
            output.set_header(header)


def with_frame_rate(header: Any, frame_rate: float) -> Any:
    """Returns a video header with another frame rate.

    Args:
        header: a dataclass with a field `frame_rate`, in frames a second.
        frame_rate: the new rate.

    Raises:
        TypeError: the header is something else.
    """
    if not dataclasses.is_dataclass(header) or not hasattr(header, "frame_rate"):
        raise TypeError(
            f"a video header is a dataclass with a frame_rate, but a {type(header).__name__} came"
        )
    changed: Any = dataclasses.replace(header, frame_rate=frame_rate)  # type: ignore[type-var]
    return changed
