"""Pictures as H.264: a hundredth of the size, and no longer the same in every bit.

A recording made with it says so. What it replays is what the decoder makes of it, the same at every
replay, but not what the graph saw when it was recorded.
"""

from fractions import Fraction
from typing import Any, ClassVar, Final

import av
import numpy as np
from google.protobuf.message import DecodeError

from flowlace.formats.image import Image, ImageFormat
from flowlace.recording.codecs.codec import PacketCodec
from flowlace.recording.codecs.messages import message_class, schema_of, set_time
from flowlace.recording.errors import CodecError

_CompressedVideo = message_class("foxglove.CompressedVideo")

_PIXELS: Final = {ImageFormat.SRGB: "rgb24", ImageFormat.GRAY8: "gray"}
_OPTIONS: Final = {"preset": "ultrafast", "tune": "zerolatency", "crf": "20"}


def fits_video(image: Image) -> bool:
    """Returns whether a picture can be written as video: eight bits, gray or three colours."""
    return image.format in _PIXELS


class VideoCodec(PacketCodec):
    """Writes one access unit a picture, with a key frame every second or less.

    A picture of another size or format begins a new sequence with a key frame.
    """

    schema_name: ClassVar[str] = "foxglove.CompressedVideo"
    schema: ClassVar[bytes] = schema_of("foxglove.CompressedVideo")
    is_lossless: ClassVar[bool] = False
    lead_in_us: ClassVar[int] = 1_000_000

    def __init__(self) -> None:
        self._encoder: Any = None
        self._decoder: Any = None
        self._shape: tuple[Any, ...] = ()
        self._key_us = 0
        self._count = 0

    def encode(self, payload: Any, timestamp_us: int) -> bytes:
        """Returns one picture as an access unit; CodecError if it is none or FFmpeg refuses."""
        if not isinstance(payload, Image) or not fits_video(payload):
            raise CodecError(f"expected an Image of SRGB or GRAY8, got {payload!r}")
        is_key = self._begins_sequence(payload) or timestamp_us - self._key_us >= self.lead_in_us
        if is_key:
            self._key_us = timestamp_us
        message = _CompressedVideo(
            data=self._access_unit(payload, is_key=is_key),
            format="h264",
            image_format=payload.format.name,
            is_key_frame=is_key,
        )
        set_time(message, timestamp_us)
        encoded: bytes = message.SerializeToString()
        return encoded

    def decode(self, data: bytes) -> Image | None:
        """Returns the picture; None before the first key frame."""
        try:
            message = _CompressedVideo.FromString(data)
            if message.format != "h264":
                raise CodecError(f"video of format {message.format!r} can't be read, only h264")
            if message.is_key_frame or (self._decoder is None and not message.image_format):
                self._decoder = _new_decoder()
            if self._decoder is None:
                return None
            frames = self._decoder.decode(av.Packet(message.data))
            image_format = ImageFormat[message.image_format or "SRGB"]
        except (DecodeError, KeyError, av.error.FFmpegError) as error:
            self._decoder = None  # what follows is built on this picture
            raise CodecError(f"a picture of the recording can't be decoded: {error}") from error
        return _image(frames[0], image_format) if frames else None

    def _begins_sequence(self, image: Image) -> bool:
        shape = (image.format, image.pixels.shape)
        if shape == self._shape:
            return False
        self._shape = shape
        self._encoder = _new_encoder(image)
        return True

    def _access_unit(self, image: Image, *, is_key: bool) -> bytes:
        pixels = np.ascontiguousarray(image.pixels)
        frame = av.VideoFrame.from_ndarray(pixels, format=_PIXELS[image.format])
        frame = frame.reformat(format=self._encoder.pix_fmt)
        frame.pts = self._count
        self._count += 1
        frame.pict_type = (
            av.video.frame.PictureType.I if is_key else av.video.frame.PictureType.NONE
        )
        try:
            return b"".join(bytes(packet) for packet in self._encoder.encode(frame))
        except av.error.FFmpegError as error:
            raise CodecError(f"a picture can't be written as H.264: {error}") from error


def _new_encoder(image: Image) -> Any:
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height = image.width_px, image.height_px
    # Half the colours need an even number of rows and columns.
    is_even = image.width_px % 2 == image.height_px % 2 == 0
    encoder.pix_fmt = "yuv420p" if is_even else "yuv444p"
    encoder.time_base = Fraction(1, 30)
    encoder.gop_size = 1 << 20  # key frames are asked for by time
    encoder.thread_count = 1
    encoder.options = dict(_OPTIONS) | {"forced-idr": "1"}
    return encoder


def _new_decoder() -> Any:
    decoder: Any = av.CodecContext.create("h264", "r")
    # Threads would hold pictures back.
    decoder.thread_count = 1
    decoder.flags |= av.codec.context.Flags.low_delay
    return decoder


def _image(frame: Any, image_format: ImageFormat) -> Image:
    return Image(image_format, frame.to_ndarray(format=_PIXELS[image_format]))
