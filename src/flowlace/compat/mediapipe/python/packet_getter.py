"""Reads packets; the functions of `mediapipe.python.packet_getter`, and `get_object`.

Every function but `get_object` raises ValueError for a packet of another type. For an empty packet
it is a RuntimeError, except from those that read numbers: theirs is a ValueError, as in MediaPipe.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from google.protobuf.message import Message
from numpy.typing import NDArray

from flowlace.compat.mediapipe.python import payload_types as types
from flowlace.compat.mediapipe.python.image import Image
from flowlace.compat.mediapipe.python.image_frame import ImageFrame
from flowlace.compat.mediapipe.python.packet import Packet
from flowlace.framework.packet import EMPTY


def get_object(packet: Packet) -> Any:
    """Returns the payload, whatever it is; RuntimeError for an empty packet."""
    return _payload(packet, lambda _: True, "object")


def get_bool(packet: Packet) -> bool:
    """Returns a bool."""
    return bool(_payload(packet, types.is_bool, "bool"))


def get_int(packet: Packet) -> int:
    """Returns an integer that was not created as an unsigned one."""
    what = "int, int8, int16, int32, or int64 data"
    return int(_number(packet, types.is_signed, what))


def get_uint(packet: Packet) -> int:
    """Returns an integer that was not created as a signed one."""
    what = "uint8, uint16, uint32, or uint64 data"
    return int(_number(packet, types.is_unsigned, what))


def get_float(packet: Packet) -> float:
    """Returns a float; one created by `create_double` keeps all its digits."""
    return float(_number(packet, types.is_float, "float or double data"))


def get_str(packet: Packet) -> str:
    """Returns text; UnicodeDecodeError for bytes that are no UTF-8."""
    return _text(_payload(packet, types.is_string, "string"))


def get_bytes(packet: Packet) -> bytes:
    """Returns bytes; text comes as UTF-8."""
    value = _payload(packet, types.is_string, "string")
    return value.encode() if isinstance(value, str) else bytes(value)


def get_int_list(packet: Packet) -> list[int]:
    """Returns a list of integers."""
    what = "int, int8, int16, int32, or int64 containers"
    return [int(each) for each in _number(packet, _list_of(types.is_signed), what)]


def get_float_list(packet: Packet) -> list[float]:
    """Returns a list of floats."""
    what = "std::vector<float> or std::array<float, 4 / 16> containers"
    return [float(each) for each in _number(packet, _list_of(types.is_float), what)]


def get_bool_list(packet: Packet) -> list[bool]:
    """Returns a list of bools."""
    return list(map(bool, _payload(packet, _list_of(types.is_bool), "::std::vector<bool>")))


def get_str_list(packet: Packet) -> list[str]:
    """Returns a list of texts."""
    wanted = "::std::vector<std::string>"
    return list(map(_text, _payload(packet, _list_of(types.is_string), wanted)))


def get_image_list(packet: Packet) -> list[Image]:
    """Returns a list of pictures."""
    wanted = f"::std::vector<{types.IMAGE}>"
    return [Image.of(each) for each in _payload(packet, _list_of(types.is_image), wanted)]


def get_packet_list(packet: Packet) -> list[Packet]:
    """Returns a list of packets."""
    wanted = "::std::vector<::mediapipe::Packet>"
    return [Packet.of(each) for each in _payload(packet, _list_of(types.is_packet), wanted)]


def get_str_to_packet_dict(packet: Packet) -> dict[str, Packet]:
    """Returns a dictionary of packets."""
    entries = _payload(packet, types.is_packet_map, types.PACKET_MAP)
    return {name: Packet.of(each) for name, each in entries.items()}


def get_image(packet: Packet) -> Image:
    """Returns a picture; pixels are shared."""
    image: Image = Image.of(_payload(packet, types.is_image, types.IMAGE))
    return image


def get_image_frame(packet: Packet) -> ImageFrame:
    """Returns a picture; pixels are shared."""
    frame: ImageFrame = ImageFrame.of(_payload(packet, types.is_image, types.IMAGE_FRAME))
    return frame


def get_matrix(packet: Packet) -> NDArray[np.float32]:
    """Returns a matrix `[row, column]` of float32, read-only."""
    payload = _payload(packet, types.is_matrix, types.MATRIX)
    view: NDArray[np.float32] = payload.astype(np.float32, copy=False).view()
    view.flags.writeable = False
    return view


def get_proto(packet: Packet) -> Message:
    """Returns a copy of a protobuf message."""
    return types.copied(_payload(packet, types.is_message, "proto_ns::MessageLite"))


def get_proto_list(packet: Packet) -> list[Message]:
    """Returns copies of a list of protobuf messages."""
    wanted = "vector<proto_ns::MessageLite*>"
    return list(map(types.copied, _payload(packet, _list_of(types.is_message), wanted)))


def _payload(packet: Packet, fits: Callable[[Any], bool], wanted: str) -> Any:
    payload = packet.inner.payload
    if payload is EMPTY:
        raise RuntimeError(f"Expected a Packet of type: {wanted}, but received an empty Packet.")
    if not fits(payload):
        given = types.cpp_type_of(payload) or type(payload).__name__
        raise ValueError(f'The Packet stores "{given}", but "{wanted}" was requested.')
    return payload


def _number(packet: Packet, fits: Callable[[Any], bool], what: str) -> Any:
    payload = packet.inner.payload
    if payload is EMPTY or not fits(payload):
        raise ValueError(f"Packet doesn't contain {what}: {packet!r}")
    return payload


def _list_of(is_item: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda payload: types.is_vector(payload, is_item)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
