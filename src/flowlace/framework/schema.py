"""Protobuf descriptors of graph files and of every options message, in a pool of our own.

The default pool stays untouched: a `mediapipe` wheel imported in the same process brings the same
message names. Field numbers are MediaPipe's, so binary graphs read and write too. The pool is
built when it is first needed and built anew when an options class was registered since.
"""

from collections.abc import Iterable
from functools import cached_property

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from flowlace.framework import (
    builtin_options,  # noqa: F401 - registers policies' options
    options,
    registry,
)
from flowlace.framework.graph_messages import ANY, EXTENDABLE, GRAPH, NODE, graph_files
from flowlace.framework.option_descriptors import OptionFiles, add_file, native_message
from flowlace.framework.options import options_message

__all__ = ["ANY", "EXTENDABLE", "GRAPH", "NODE", "Schema", "current_schema", "native_message"]


class Schema:
    """Message classes of graph files and of the option classes known when it was built."""

    def __init__(self, classes: Iterable[type]) -> None:
        self.pool = descriptor_pool.DescriptorPool()
        for file in graph_files():
            add_file(self.pool, file)
        self.classes = {options_message(cls).full_name: cls for cls in classes}
        OptionFiles(self.pool, self.classes).add_all()

    @cached_property
    def graph(self) -> type[Message]:
        """The message class of a whole graph."""
        return self.message_class(GRAPH)

    @cached_property
    def graph_descriptor(self) -> Descriptor:
        """The descriptor of a whole graph."""
        found: Descriptor = self.pool.FindMessageTypeByName(GRAPH)
        return found

    def message_class(self, full_name: str) -> type[Message]:
        """Returns the message class of a name this schema has."""
        descriptor: Descriptor = self.pool.FindMessageTypeByName(full_name)
        found: type[Message] = message_factory.GetMessageClass(descriptor)
        return found

    def descriptor(self, full_name: str) -> Descriptor | None:
        """Returns the descriptor of a message, or None where it isn't known."""
        try:
            found: Descriptor = self.pool.FindMessageTypeByName(full_name)
        except KeyError:
            return None
        return found

    def extension(self, name: str) -> FieldDescriptor | None:
        """Returns an extension by its name in brackets, `mediapipe.XOptions.ext`."""
        try:
            found: FieldDescriptor = self.pool.FindExtensionByName(name)
        except KeyError:
            return None
        return found

    def extension_of(self, full_name: str, extendee: str) -> FieldDescriptor | None:
        """Returns the field by which the message `full_name` sits in `extendee`."""
        found = self.extension(f"{full_name}.ext")
        owner = None if found is None else found.containing_type
        if owner is None or owner.full_name != extendee:
            return None
        return found

    def extensions(self, extendee: str) -> list[FieldDescriptor]:
        """Returns every extension of `extendee`, by number."""
        descriptor = self.pool.FindMessageTypeByName(extendee)
        found = self.pool.FindAllExtensions(descriptor)
        return sorted(found, key=lambda field: field.number)


_schema: Schema | None = None
_built_generation = -1


def current_schema() -> Schema:
    """Returns the schema with every option class registered so far, calculators' included."""
    global _schema, _built_generation
    for calculator in registry.known_calculators().values():
        if calculator.options_class is not None:
            options_message(calculator.options_class)
    if _schema is None or _built_generation != options.generation():
        _schema = Schema(options.registered_options().values())
        _built_generation = options.generation()
    return _schema
