"""Any value made of plain types, arrays and the payload types of `flowlace.formats`."""

import json
from typing import Any, ClassVar, Final

from google.protobuf.message import DecodeError

from flowlace.recording.codecs.codec import Buffer, PacketCodec
from flowlace.recording.codecs.messages import message_class, schema_of
from flowlace.recording.codecs.value_tree import from_tree, to_tree
from flowlace.recording.codecs.wire import with_bytes, without_bytes
from flowlace.recording.errors import CodecError

_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
_Value = message_class("flowlace.Value")
_ARRAYS: Final = _Value.DESCRIPTOR.fields_by_name["arrays"].number


class ValueCodec(PacketCodec):
    """Writes JSON that any tool can read, with the arrays beside it as `.npy`."""

    schema_name: ClassVar[str] = "flowlace.Value"
    schema: ClassVar[bytes] = schema_of("flowlace.Value")

    def encode(self, payload: Any, timestamp_us: int) -> bytes:
        """Returns one payload as bytes; CodecError if a part of it has a type nobody knows."""
        return b"".join(self.encode_parts(payload, timestamp_us))

    def encode_parts(self, payload: Any, timestamp_us: int) -> list[Buffer]:  # noqa: ARG002
        """Returns the same in pieces."""
        arrays: list[bytes] = []
        text = _json(to_tree(payload, arrays))
        try:
            return with_bytes(_Value(json=text), _ARRAYS, arrays)
        except UnicodeEncodeError as error:
            raise CodecError(f"a text of a payload is not Unicode: {error}") from error

    def decode(self, data: bytes) -> Any:
        """Returns the payload; CodecError if the bytes hold none."""
        try:
            head, arrays = without_bytes(data, _ARRAYS)
            return from_tree(json.loads(_Value.FromString(head).json), arrays)
        except (DecodeError, ValueError, RecursionError) as error:
            raise CodecError(f"a value of the recording can't be read: {error}") from error
