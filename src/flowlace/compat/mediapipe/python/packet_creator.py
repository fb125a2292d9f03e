"""Makes packets; the functions of `mediapipe.python.packet_creator`, and `create_object`."""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from google.protobuf.message import Message
from numpy.typing import ArrayLike, NDArray

from flowlace.compat.mediapipe.python import payload_types as types
from flowlace.compat.mediapipe.python.image import Image
from flowlace.compat.mediapipe.python.image_frame import (
    ImageFormat,
    ImageFrame,
    PixelHolder,
    owned_pixels,
    shared_pixels,
)
from flowlace.compat.mediapipe.python.packet import Packet
from flowlace.formats.image import Image as FlowImage
from flowlace.framework.packet import Packet as FlowPacket


def create_object(payload: Any) -> Packet:
    """Returns a packet of any Python object, which MediaPipe could not make."""
    return Packet.of(FlowPacket(payload))


def create_bool(value: bool) -> Packet:
    """Returns a packet of a bool."""
    return create_object(_bool(value))


def create_int(value: int) -> Packet:
    """Returns a packet of an int of 32 bits."""
    return create_object(types.Int32.of(value))


def create_int8(value: int) -> Packet:
    """Returns a packet of an int8."""
    return create_object(types.Int8.of(value))


def create_int16(value: int) -> Packet:
    """Returns a packet of an int16."""
    return create_object(types.Int16.of(value))


def create_int32(value: int) -> Packet:
    """Returns a packet of an int32."""
    return create_object(types.Int32.of(value))


def create_int64(value: int) -> Packet:
    """Returns a packet of an int64."""
    return create_object(types.Int64.of(value))


def create_uint8(value: int) -> Packet:
    """Returns a packet of a uint8."""
    return create_object(types.Uint8.of(value))


def create_uint16(value: int) -> Packet:
    """Returns a packet of a uint16."""
    return create_object(types.Uint16.of(value))


def create_uint32(value: int) -> Packet:
    """Returns a packet of a uint32."""
    return create_object(types.Uint32.of(value))


def create_uint64(value: int) -> Packet:
    """Returns a packet of a uint64."""
    return create_object(types.Uint64.of(value))


def create_float(value: float) -> Packet:
    """Returns a packet of a float, rounded to 32 bits."""
    return create_object(_float32(value))


def create_double(value: float) -> Packet:
    """Returns a packet of a float of 64 bits."""
    return create_object(_float64(value))


def create_string(value: str | bytes) -> Packet:
    """Returns a packet of text or bytes."""
    return create_object(_string(value))


def create_int_array(values: Sequence[int]) -> Packet:
    """Returns a packet of a C++ array of int32."""
    return create_object(types.Array(_items(values, _int32_item)))


def create_float_array(values: Sequence[float]) -> Packet:
    """Returns a packet of a C++ array of floats."""
    return create_object(types.Array(_items(values, _float32)))


def create_int_vector(values: Sequence[int]) -> Packet:
    """Returns a packet of a list of int32."""
    return create_object(_items(values, _int32_item))


def create_bool_vector(values: Sequence[bool]) -> Packet:
    """Returns a packet of a list of bools."""
    return create_object(_items(values, _bool))


def create_float_vector(values: Sequence[float]) -> Packet:
    """Returns a packet of a list of floats."""
    return create_object(_items(values, _float32))


def create_string_vector(values: Sequence[str | bytes]) -> Packet:
    """Returns a packet of a list of strings."""
    return create_object(_items(values, _string))


def create_image_vector(values: Sequence[Image]) -> Packet:
    """Returns a packet of a list of pictures."""
    return create_object([_checked(each, Image).inner for each in _items(values)])


def create_packet_vector(values: Sequence[Packet]) -> Packet:
    """Returns a packet of a list of packets."""
    return create_object([_checked(each, Packet).inner for each in _items(values)])


def create_string_to_packet_map(values: Mapping[str, Packet]) -> Packet:
    """Returns a packet of a dictionary of packets."""
    entries = {_checked(name, str): _checked(values[name], Packet).inner for name in values}
    return create_object(dict(sorted(entries.items())))


def create_matrix(matrix: ArrayLike, transpose: bool = False) -> Packet:
    """Returns a packet of a matrix `[row, column]` of float32, a copy; a vector is one column.

    With `transpose`, rows and columns change places.
    """
    try:
        array = np.array(matrix, dtype=np.float32, order="F", copy=True)
    except ValueError as error:
        raise TypeError(f"create_matrix takes numbers, not {matrix!r}") from error
    if array.ndim == 1:
        array = array[:, np.newaxis]
    if array.ndim != 2:
        raise TypeError(f"create_matrix takes [row, column], not {array.ndim} dimensions")
    if transpose:
        array = np.asfortranarray(array.T)
    array.flags.writeable = False
    return create_object(array)


def create_image_frame(
    data: ImageFrame | NDArray[Any],
    *,
    image_format: ImageFormat | None = None,
    copy: bool | None = None,
) -> Packet:
    """Returns a packet of a picture.

    Args:
        data: an `ImageFrame`, or pixels `[y, x]` or `[y, x, channel]`.
        image_format: what the channels mean; needed for pixels.
        copy: by default pixels are copied where they may still be written to, and shared
            otherwise. False shares them always and warns where they may be written to.

    Raises:
        ValueError: the format is missing or another one, or the pixels can't be shared.
        TypeError: the pixels' type does not fit the format.
    """
    return _create_picture(data, ImageFrame, image_format, copy)


def create_image(
    data: Image | NDArray[Any],
    *,
    image_format: ImageFormat | None = None,
    copy: bool | None = None,
) -> Packet:
    """Returns a packet of a picture; arguments and errors are `create_image_frame`'s."""
    return _create_picture(data, Image, image_format, copy)


def create_proto(proto_message: Message) -> Packet:
    """Returns a packet of a copy of a protobuf message of any type."""
    return create_object(_copy_message(proto_message))


def create_proto_vector(message_list: Sequence[Message]) -> Packet:
    """Returns a packet of copies of protobuf messages, which MediaPipe never implemented."""
    return create_object(_items(message_list, _copy_message))


def _create_picture(
    data: Any, holder: type[PixelHolder], image_format: ImageFormat | None, copy: bool | None
) -> Packet:
    if isinstance(data, holder):
        return _create_from_holder(data, image_format, copy)
    if image_format is None:
        raise ValueError("Please provide 'image_format' with 'data'.")
    shares = not (data.flags.writeable if copy is None else copy)
    if shares and not data.flags.c_contiguous:
        raise ValueError("Reference mode is unavailable if 'data' is not c_contiguous.")
    if shares and data.flags.writeable:
        warnings.warn(
            "'data' is still writeable. Taking a reference of the data to create an image packet "
            "is dangerous.",
            RuntimeWarning,
            stacklevel=3,
        )
    fitting = data.astype(image_format.dtype, casting="safe", copy=False)
    pixels = (shared_pixels if shares else owned_pixels)(image_format, fitting)
    return create_object(FlowImage(image_format, pixels))


def _create_from_holder(
    data: PixelHolder, image_format: ImageFormat | None, copy: bool | None
) -> Packet:
    name = type(data).__name__
    if image_format is not None and data.image_format != image_format:
        raise ValueError("The provided image_format doesn't match the one from the data arg.")
    if copy is not None and not copy:
        raise ValueError(
            f"Creating {name} packet by taking a reference of another {name} object is not "
            "supported yet."
        )
    # Nobody can write to a picture, so MediaPipe's copy would be a waste.
    return create_object(data.inner)


def _items(values: Any, convert: Callable[[Any], Any] | None = None) -> list[Any]:
    is_list = isinstance(values, Sequence | np.ndarray) and not isinstance(values, str | bytes)
    if not is_list:
        raise TypeError(f"a vector packet takes a list, not {values!r}")
    items: Iterable[Any] = values
    return [convert(each) for each in items] if convert else list(items)


def _checked(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"expected {kind.__name__}, not {value!r}")
    return value


def _bool(value: Any) -> bool:
    if not types.is_bool(value):
        raise TypeError(f"a bool packet takes True or False, not {value!r}")
    return bool(value)


def _int32_item(value: Any) -> int:
    try:
        return int(types.Int32.of(value))
    except OverflowError as error:
        raise TypeError(str(error)) from error


def _float64(value: Any) -> float:
    if isinstance(value, str | bytes):
        raise TypeError(f"a float packet takes a number, not {value!r}")
    return float(value)


def _float32(value: Any) -> float:
    with np.errstate(over="ignore"):
        return types.Float32(np.float32(_float64(value)))


def _string(value: Any) -> str | bytes:
    if not types.is_string(value):
        raise TypeError(f"a string packet takes str or bytes, not {value!r}")
    text: str | bytes = value
    return text


def _copy_message(message: Any) -> Message:
    return types.copied(_checked(message, Message))
