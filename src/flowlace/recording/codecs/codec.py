"""What turns the payloads of one stream into bytes and back."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

Buffer = bytes | memoryview


class PacketCodec(ABC):
    """Writes and reads payloads; one object a stream, so it may remember what came before.

    The class attributes are what other MCAP tools read a channel by. A payload has to come back
    equal in every bit, or `is_lossless` has to say that it does not.
    """

    schema_name: ClassVar[str]
    """Names the codec in a file: `foxglove.RawImage`."""

    schema_encoding: ClassVar[str] = "protobuf"
    """How `schema` is written, by MCAP's names."""

    message_encoding: ClassVar[str] = "protobuf"
    """How messages are written, by MCAP's names."""

    schema: ClassVar[bytes] = b""
    """The schema itself; of protobuf a serialised FileDescriptorSet."""

    is_lossless: ClassVar[bool] = True
    """Whether `decode` gives back every bit."""

    lead_in_us: ClassVar[int] = 0
    """How much earlier reading has to begin so that a payload can be decoded: its key frame."""

    @abstractmethod
    def encode(self, payload: Any, timestamp_us: int) -> bytes:
        """Returns one payload as bytes; CodecError if it can't."""

    def encode_parts(self, payload: Any, timestamp_us: int) -> list[Buffer]:
        """Returns what `encode` does, in pieces that may be the payload's own memory.

        A codec of large payloads overrides it to save a copy; payloads never change.
        """
        return [self.encode(payload, timestamp_us)]

    @abstractmethod
    def decode(self, data: bytes) -> Any | None:
        """Returns the payload; None where it needs one that came before reading began.

        Raises:
            CodecError: the bytes are not what `encode` wrote.
        """
