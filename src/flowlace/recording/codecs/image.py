"""Pictures as they are, in the message that Foxglove's viewers show."""

from typing import Any, ClassVar, Final

import numpy as np
from google.protobuf.message import DecodeError

from flowlace.formats.image import Image, ImageFormat
from flowlace.recording.codecs.codec import Buffer, PacketCodec
from flowlace.recording.codecs.messages import message_class, schema_of, set_time
from flowlace.recording.codecs.wire import with_bytes, without_bytes
from flowlace.recording.errors import CodecError

_RawImage = message_class("foxglove.RawImage")
_DATA: Final = _RawImage.DESCRIPTOR.fields_by_name["data"].number

_ENCODINGS: Final = {
    ImageFormat.SRGB: "rgb8",
    ImageFormat.SRGBA: "rgba8",
    ImageFormat.GRAY8: "mono8",
    ImageFormat.GRAY16: "mono16",
    ImageFormat.SBGRA: "bgra8",
    ImageFormat.VEC32F1: "32FC1",
}
"""Names that viewers know; other formats are written by their own name."""
_FORMATS: Final = {encoding: each for each, encoding in _ENCODINGS.items()}


class ImageCodec(PacketCodec):
    """Writes pixels row by row, uncompressed: chunks of the file are compressed if asked for."""

    schema_name: ClassVar[str] = "foxglove.RawImage"
    schema: ClassVar[bytes] = schema_of("foxglove.RawImage")

    def encode(self, payload: Any, timestamp_us: int) -> bytes:
        """Returns one picture as bytes; CodecError if it is none."""
        return b"".join(self.encode_parts(payload, timestamp_us))

    def encode_parts(self, payload: Any, timestamp_us: int) -> list[Buffer]:
        """Returns the same in pieces; the last one is the picture's memory."""
        if not isinstance(payload, Image):
            raise CodecError(f"expected an Image, got {type(payload).__name__}")
        message = _RawImage(
            width=payload.width_px,
            height=payload.height_px,
            encoding=_ENCODINGS.get(payload.format, payload.format.name),
            step=payload.width_px * payload.channels * payload.format.dtype.itemsize,
        )
        set_time(message, timestamp_us)
        return with_bytes(message, _DATA, [np.ascontiguousarray(payload.pixels)])

    def decode(self, data: bytes) -> Image:
        """Returns the picture; CodecError if the bytes hold none."""
        try:
            head, data_fields = without_bytes(data, _DATA)
            message = _RawImage.FromString(head)
            image_format = _format_of(message.encoding)
            row_values = message.step // image_format.dtype.itemsize
            flat = np.frombuffer(data_fields[-1] if data_fields else b"", image_format.dtype)
            # Numbers of several bytes may begin anywhere in a file, but not where they are used.
            rows = np.require(flat, requirements="A").reshape(message.height, row_values)
            # Other writers may pad rows.
            rows = rows[:, : message.width * image_format.channels]
            shape = (message.height, message.width, image_format.channels)
            pixels = rows.reshape(shape[:2] if image_format.channels == 1 else shape)
            return Image(image_format, pixels)
        except (DecodeError, ValueError, KeyError) as error:
            raise CodecError(f"a picture of the recording can't be read: {error}") from error


def _format_of(encoding: str) -> ImageFormat:
    return _FORMATS[encoding] if encoding in _FORMATS else ImageFormat[encoding]
