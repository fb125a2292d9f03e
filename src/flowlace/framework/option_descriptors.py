"""Protobuf descriptors of the option dataclasses."""

from collections import defaultdict
from enum import IntEnum
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool

from flowlace.framework.errors import FlowlaceError
from flowlace.framework.graph_messages import GRAPH_FILE, OPTIONS_FILE, FieldProto, set_kind
from flowlace.framework.options import OptionField, option_fields, options_message


def add_file(pool: descriptor_pool.DescriptorPool, file: Any) -> None:
    """Adds a file to a pool; says which messages are at fault where that fails."""
    try:
        pool.AddSerializedFile(file.SerializeToString())
    except TypeError as error:
        names = ", ".join(message.name for message in file.message_type)
        raise FlowlaceError(f"option message {names} can't be built: {error}") from error


class OptionFiles:
    """Adds one file per top-level options message, after the files it depends on."""

    def __init__(self, pool: descriptor_pool.DescriptorPool, classes: dict[str, type]) -> None:
        self._pool = pool
        self._classes = dict(classes)
        for cls in classes.values():
            self._find_inner(cls)
        self._members: dict[str, list[str]] = defaultdict(list)
        for name in sorted(self._classes):
            self._members[_top_level(name)].append(name)
        self._added: set[str] = set()

    def add_all(self) -> None:
        """Adds the files of all messages."""
        for name in self._members:
            self._add(name)

    def _find_inner(self, cls: type) -> None:
        """Registers messages that are only used inside others."""
        for field in option_fields(cls):
            if field.kind == "message" and not native_message(field.type):
                name = options_message(field.type).full_name
                if name not in self._classes:
                    self._classes[name] = field.type
                    self._find_inner(field.type)

    def _add(self, top_level: str) -> None:
        if top_level in self._added:
            return
        self._added.add(top_level)
        package, _, name = top_level.rpartition(".")
        file = descriptor_pb2.FileDescriptorProto(
            name=f"flowlace/options/{top_level}.proto", package=package, syntax="proto2"
        )
        file.dependency.extend([OPTIONS_FILE, GRAPH_FILE])
        root = file.message_type.add(name=name)
        for member in self._members[top_level]:
            message = _nested(root, member.removeprefix(top_level).strip("."))
            self._fill(message, member, self._classes[member], file)
        add_file(self._pool, file)

    def _fill(self, message: Any, full_name: str, cls: type, file: Any) -> None:
        identity = options_message(cls)
        if identity.extension:
            message.extension.add(
                name="ext",
                number=identity.extension,
                label=FieldProto.LABEL_OPTIONAL,
                type=FieldProto.TYPE_MESSAGE,
                type_name=f".{full_name}",
                extendee=f".{identity.extends}",
            )
        for field in option_fields(cls):
            proto = message.field.add(name=field.name, number=field.number)
            repeated = field.is_repeated
            proto.label = FieldProto.LABEL_REPEATED if repeated else FieldProto.LABEL_OPTIONAL
            self._set_type(proto, field, message, full_name, file)
            _set_default(proto, field)
            _set_oneof(proto, field, message)

    def _set_type(
        self, proto: Any, field: OptionField, message: Any, full_name: str, file: Any
    ) -> None:
        if field.kind == "enum":
            proto.type = FieldProto.TYPE_ENUM
            proto.type_name = f".{full_name}.{field.type.__name__}"
            _add_enum(message, field.type)
        elif field.kind == "message":
            proto.type = FieldProto.TYPE_MESSAGE
            native = native_message(field.type)
            name = native or options_message(field.type).full_name
            proto.type_name = f".{name}"
            if not native and _top_level(name) != _top_level(full_name):
                self._add(_top_level(name))
                dependency = f"flowlace/options/{_top_level(name)}.proto"
                if dependency not in file.dependency:
                    file.dependency.append(dependency)
        else:
            set_kind(proto, field.kind)


def native_message(value_type: Any) -> str:
    """Returns the message name of a class that is a part of a graph itself, or nothing."""
    name: str = getattr(value_type, "__proto_message__", "")
    return name


def _top_level(full_name: str) -> str:
    """Returns the outermost message: packages are lower case, messages aren't."""
    parts = full_name.split(".")
    for position, part in enumerate(parts):
        if part[:1].isupper():
            return ".".join(parts[: position + 1])
    return full_name


def _nested(message: Any, path: str) -> Any:
    for name in filter(None, path.split(".")):
        inner = next((each for each in message.nested_type if each.name == name), None)
        message = inner if inner is not None else message.nested_type.add(name=name)
    return message


def _add_enum(message: Any, enum_class: type[IntEnum]) -> None:
    if any(known.name == enum_class.__name__ for known in message.enum_type):
        return
    enum = message.enum_type.add(name=enum_class.__name__)
    for name, member in enum_class.__members__.items():
        enum.value.add(name=name, number=int(member))
    enum.options.allow_alias = len(enum_class.__members__) > len(set(enum_class))


def _set_default(proto: Any, field: OptionField) -> None:
    default = field.default
    if default is None or field.is_repeated or field.kind == "message":
        return
    if field.kind == "enum":
        proto.default_value = field.type(default).name
    elif field.kind == "bool":
        proto.default_value = str(default).lower()
    elif field.kind == "bytes":
        proto.default_value = "".join(f"\\{byte:03o}" for byte in default)
    elif field.kind in ("float", "double"):
        proto.default_value = repr(float(default))
    else:
        proto.default_value = str(default)


def _set_oneof(proto: Any, field: OptionField, message: Any) -> None:
    if field.is_packed:
        proto.options.packed = True
    if not field.oneof:
        return
    names = [each.name for each in message.oneof_decl]
    if field.oneof not in names:
        message.oneof_decl.add(name=field.oneof)
        names.append(field.oneof)
    proto.oneof_index = names.index(field.oneof)
