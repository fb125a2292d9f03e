"""The protobuf messages that recordings are made of, in a descriptor pool of their own.

`foxglove.RawImage` and `foxglove.CompressedVideo` have the fields and numbers of Foxglove's public
schemas, so their viewers show the pictures. The pool is private because an application may have
loaded Foxglove's own package.
"""

from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2

FieldProto = descriptor_pb2.FieldDescriptorProto

_KINDS: Final = {
    "string": FieldProto.TYPE_STRING,
    "bytes": FieldProto.TYPE_BYTES,
    "fixed32": FieldProto.TYPE_FIXED32,
    "bool": FieldProto.TYPE_BOOL,
}
_MESSAGES: Final = {
    "foxglove.RawImage": {
        "timestamp": (1, "time"),
        "frame_id": (7, "string"),
        "width": (2, "fixed32"),
        "height": (3, "fixed32"),
        "encoding": (4, "string"),
        "step": (5, "fixed32"),
        "data": (6, "bytes"),
    },
    "foxglove.CompressedVideo": {
        "timestamp": (1, "time"),
        "frame_id": (2, "string"),
        "data": (3, "bytes"),
        "format": (4, "string"),
        # Ours: which pixels to make of it, and whether decoding may begin here.
        "image_format": (100, "string"),
        "is_key_frame": (101, "bool"),
    },
    "flowlace.Value": {
        "json": (1, "string"),
        "arrays": (2, "bytes*"),
    },
}


def _file(full_name: str) -> descriptor_pb2.FileDescriptorProto:
    package, _, name = full_name.rpartition(".")
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{full_name}.proto", package=package, syntax="proto3"
    )
    message = file.message_type.add(name=name)
    for field_name, (number, kind) in _MESSAGES[full_name].items():
        field = message.field.add(name=field_name, number=number)
        is_repeated = kind.endswith("*")
        field.label = FieldProto.LABEL_REPEATED if is_repeated else FieldProto.LABEL_OPTIONAL
        if kind == "time":
            field.type, field.type_name = FieldProto.TYPE_MESSAGE, ".google.protobuf.Timestamp"
            file.dependency[:] = [timestamp_pb2.DESCRIPTOR.name]
        else:
            field.type = _KINDS[kind.rstrip("*")]
    return file


def _timestamp_file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto()
    timestamp_pb2.DESCRIPTOR.CopyToProto(file)
    return file


_pool = descriptor_pool.DescriptorPool()
_pool.Add(_timestamp_file())
for _name in _MESSAGES:
    _pool.Add(_file(_name))


def message_class(full_name: str) -> Any:
    """Returns the class of a message."""
    return message_factory.GetMessageClass(_pool.FindMessageTypeByName(full_name))


def schema_of(full_name: str) -> bytes:
    """Returns a FileDescriptorSet that describes a message by itself, as MCAP wants it."""
    needed = [_file(full_name)]
    if needed[0].dependency:
        needed.insert(0, _timestamp_file())
    serialised: bytes = descriptor_pb2.FileDescriptorSet(file=needed).SerializeToString()
    return serialised


def set_time(message: Any, timestamp_us: int) -> None:
    """Sets a message's `timestamp` for other tools; times before 1970 are left out."""
    if 0 <= timestamp_us < 1 << 57:
        message.timestamp.FromMicroseconds(timestamp_us)
