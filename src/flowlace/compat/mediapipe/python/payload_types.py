"""What C++ type a payload stands for.

Payloads stay plain Python values, so that calculators written in Python read what MediaPipe-style
code made. A number that was created as an int8 is an `int` that remembers it: what a calculator
computes from it is a plain number again, which every getter it fits reads.
"""

from collections.abc import Callable
from operator import index
from typing import Any, ClassVar, Final, Self

import numpy as np
from google.protobuf.message import Message

from flowlace.formats.image import Image
from flowlace.framework.packet import Packet as FlowPacket

MATRIX: Final = "Eigen::Matrix<float, -1, -1, 0, -1, -1>"
IMAGE_FRAME: Final = "::mediapipe::ImageFrame"
IMAGE: Final = "::mediapipe::Image"
PACKET_MAP: Final = "::std::map<std::string,::mediapipe::Packet>"
_INT64: Final = range(-(2**63), 2**63)
_UINT64: Final = range(2**64)


class SizedInt(int):
    """An integer with a C++ size.

    Raises OverflowError when a value does not fit, TypeError for what is no 64-bit integer.
    """

    __slots__ = ()

    cpp_type: ClassVar[str]
    bounds: ClassVar[range]
    accepted: ClassVar[range] = _INT64
    """Outside of this MediaPipe can't read the argument at all."""

    @classmethod
    def of(cls, value: Any) -> Self:
        """Returns `value` as this type, numpy's integers included."""
        if isinstance(value, np.bool_):
            value = bool(value)
        if not hasattr(value, "__index__") or index(value) not in cls.accepted:
            raise TypeError(f"a {cls.cpp_type} packet takes an integer, not {value!r}")
        number = index(value)
        # The misspelling is MediaPipe's, and its tests look for it.
        if number > cls.bounds[-1]:
            what = f"execeeds the maximum value ({cls.bounds[-1]})"
            raise OverflowError(f"{number} {what} the data type can have.")
        if number < cls.bounds[0]:
            what = f"goes below the minimum value ({cls.bounds[0]})"
            raise OverflowError(f"{number} {what} the data type can have.")
        return cls(number)


class Int8(SizedInt):
    """A signed char."""

    __slots__ = ()
    cpp_type = "signed char"
    bounds = range(-(2**7), 2**7)


class Int16(SizedInt):
    """A short."""

    __slots__ = ()
    cpp_type = "short"
    bounds = range(-(2**15), 2**15)


class Int32(SizedInt):
    """An int."""

    __slots__ = ()
    cpp_type = "int"
    bounds = range(-(2**31), 2**31)


class Int64(SizedInt):
    """An int64_t."""

    __slots__ = ()
    cpp_type = "int64_t"
    bounds = _INT64


class Uint8(SizedInt):
    """An unsigned char."""

    __slots__ = ()
    cpp_type = "unsigned char"
    bounds = range(2**8)


class Uint16(SizedInt):
    """An unsigned short."""

    __slots__ = ()
    cpp_type = "unsigned short"
    bounds = range(2**16)


class Uint32(SizedInt):
    """An unsigned int."""

    __slots__ = ()
    cpp_type = "unsigned int"
    bounds = range(2**32)


class Uint64(SizedInt):
    """A uint64_t."""

    __slots__ = ()
    cpp_type = "uint64_t"
    bounds = _UINT64
    accepted = _UINT64


class Float32(float):
    """A float that has been rounded to 32 bits."""

    __slots__ = ()
    cpp_type: ClassVar[str] = "float"


class Array(list[Any]):
    """A C++ array; MediaPipe has no getter for it."""

    __slots__ = ()


def is_bool(payload: Any) -> bool:
    """Returns whether the payload is a bool."""
    return isinstance(payload, bool | np.bool_)


def is_signed(payload: Any) -> bool:
    """Returns whether `get_int` reads the payload."""
    if isinstance(payload, SizedInt):
        return payload.bounds[0] < 0
    return _is_plain_int(payload) and payload in _INT64


def is_unsigned(payload: Any) -> bool:
    """Returns whether `get_uint` reads the payload."""
    if isinstance(payload, SizedInt):
        return payload.bounds[0] == 0
    return _is_plain_int(payload) and payload in _UINT64


def is_float(payload: Any) -> bool:
    """Returns whether `get_float` reads the payload."""
    return isinstance(payload, float | np.floating)


def is_string(payload: Any) -> bool:
    """Returns whether the payload is a C++ string: text or bytes."""
    return isinstance(payload, str | bytes)


def is_matrix(payload: Any) -> bool:
    """Returns whether the payload is a matrix of numbers."""
    return isinstance(payload, np.ndarray) and payload.ndim == 2


def is_vector(payload: Any, is_item: Callable[[Any], bool]) -> bool:
    """Returns whether the payload is a list of such items; an empty one is of any kind."""
    is_list = isinstance(payload, list | tuple) and not isinstance(payload, Array)
    return is_list and all(map(is_item, payload))


def is_image(payload: Any) -> bool:
    """Returns whether the payload is a picture."""
    return isinstance(payload, Image)


def is_packet(payload: Any) -> bool:
    """Returns whether the payload is itself a packet."""
    return isinstance(payload, FlowPacket)


def is_message(payload: Any) -> bool:
    """Returns whether the payload is a protobuf message."""
    return isinstance(payload, Message)


def is_packet_map(payload: Any) -> bool:
    """Returns whether the payload is a dictionary of packets."""
    return isinstance(payload, dict) and all(map(is_packet, payload.values()))


def _is_plain_int(payload: Any) -> bool:
    return isinstance(payload, int | np.integer) and not isinstance(payload, bool)


_VECTORS: Final[tuple[tuple[Callable[[Any], bool], str], ...]] = (
    (is_bool, "bool"),
    (is_signed, "int"),
    (is_float, "float"),
    (is_string, "std::string"),
    (is_image, IMAGE),
    (is_packet, "::mediapipe::Packet"),
)
_KINDS: Final[tuple[tuple[Callable[[Any], bool], str], ...]] = (
    (is_bool, "bool"),
    (is_signed, "int"),
    (is_unsigned, "uint64_t"),
    (is_float, "double"),
    (is_string, "string"),
    (is_image, IMAGE_FRAME),
    (is_matrix, MATRIX),
    (is_packet_map, PACKET_MAP),
)


def cpp_type_of(payload: Any) -> str:
    """Returns the name MediaPipe prints for such a payload; empty for any other object."""
    if isinstance(payload, SizedInt | Float32):
        return payload.cpp_type
    if isinstance(payload, Message):
        return str(payload.DESCRIPTOR.full_name).replace(".", "::")
    if isinstance(payload, Array):
        return f"{'int' if all(map(is_signed, payload)) else 'float'} []"
    if isinstance(payload, list | tuple):
        names = (name for is_item, name in _VECTORS if all(map(is_item, payload)))
        return f"::std::vector<{name}>" if payload and (name := next(names, "")) else ""
    return next((name for is_kind, name in _KINDS if is_kind(payload)), "")


def cpp_name(python_type: Any) -> str:
    """Returns what MediaPipe calls the type of a port; empty where it has none."""
    known = {int: "int", bool: "bool", float: "float", str: "string", bytes: "string"}
    known[Image] = IMAGE_FRAME
    return known.get(python_type, "") if isinstance(python_type, type) else ""


def copied(message: Message) -> Message:
    """Returns a copy of a protobuf message."""
    copy = type(message)()
    copy.CopyFrom(message)
    return copy
