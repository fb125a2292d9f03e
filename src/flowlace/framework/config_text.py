"""Reads a graph from protobuf text, and says where everything stands and what is wrong with it."""

import re
from dataclasses import dataclass
from typing import Final

from google.protobuf import text_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from flowlace.framework.config import GraphConfig, UnknownOptions
from flowlace.framework.config_message import graph_from_message
from flowlace.framework.errors import Problem
from flowlace.framework.places import Places
from flowlace.framework.registry import nearest_name
from flowlace.framework.schema import ANY, EXTENDABLE, Schema, current_schema
from flowlace.framework.text_scan import (
    ScannedField,
    ScannedValue,
    SourceText,
    scan,
    walk,
)

_MAX_PARSE_ERRORS: Final = 50
_SPACED_MINUS = re.compile(r"-\s*[ \t](?=[^\s#])")
_INTEGER = re.compile(r"-?\s*(0[xX][0-9a-fA-F]+|[0-9]+)")
_ODD_ESCAPE = re.compile(
    r"\\(?![abfnrtv\\'\"?]|[0-7]|[xX][0-9a-fA-F]|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})|\\\\"
)
_FLOAT_WORDS: Final = frozenset({"inf", "infinity", "nan", "inff", "infinityf", "nanf"})
_BOOL_WORDS: Final = frozenset({"true", "false", "True", "False", "t", "f", "0", "1"})
_TEMPLATE = re.compile(r"^\s*(template\b|%\s*\w+)", re.MULTILINE)


@dataclass(slots=True)
class ParsedText:
    """What could be read of a text."""

    config: GraphConfig
    problems: list[Problem]
    has_syntax_errors: bool
    """Whether whole parts of the text are missing from `config`."""


def parse_text(text: str, file: str = "<text>", *, schema: Schema | None = None) -> ParsedText:
    """Reads a graph from text; never raises, whatever the text."""
    schema = schema or current_schema()
    source = SourceText(text, file)
    fields, syntax_problems, broken = scan(source)
    if syntax_problems and _TEMPLATE.search(text):
        place = syntax_problems[0].location
        syntax_problems = [
            Problem(
                "this is a graph template, not a graph",
                place,
                "expand it with MediaPipe's template tool, or write a subgraph",
            )
        ]
    reader = _Reader(source, schema)
    for start, end in broken:
        reader.blank(start, end)
    reader.check(fields, schema.graph_descriptor)
    message = reader.parse(fields)
    places = Places.of_text(fields, reader.cut_options, source)
    config = graph_from_message(message, places)
    problems = sorted(
        syntax_problems + reader.problems,
        key=lambda each: (each.location.line, each.location.column) if each.location else (0, 0),
    )
    return ParsedText(config, problems, bool(syntax_problems))


class _Reader:
    """Checks scanned fields against their descriptors, then lets `text_format` read the rest."""

    def __init__(self, source: SourceText, schema: Schema) -> None:
        self._source = source
        self._schema = schema
        self._characters = list(source.text)
        self._missing: list[str] | None = None
        self.problems: list[Problem] = []
        self.cut_options: dict[int, UnknownOptions] = {}

    def blank(self, start: int, end: int) -> None:
        """Hides a span from the real parser; the places of all else stay."""
        for offset in range(start, end):
            if self._characters[offset] != "\n":
                self._characters[offset] = " "

    def parse(self, fields: list[ScannedField]) -> Message:
        """Returns the message of what was not blanked, and reports what `text_format` refuses."""
        for _ in range(_MAX_PARSE_ERRORS):
            message = self._schema.graph()
            try:
                text = "".join(self._characters)
                text_format.Parse(text, message, descriptor_pool=self._schema.pool)
            except text_format.ParseError as error:
                offset = self._source.offset(error.GetLine() or 1, error.GetColumn() or 1)
                self._report(_reworded(error), offset)
                culprit = _innermost(fields, offset)
                if culprit is None:
                    return message
                self._cut(culprit)
            except ValueError as error:  # a lone surrogate, a byte that is no UTF-8
                self._report(f"a string is not UTF-8 text: {error}", 0)
                break
            else:
                return message
        return self._schema.graph()

    def check(self, fields: list[ScannedField], descriptor: Descriptor) -> None:
        """Reports fields and values the descriptor doesn't have, and cuts them out."""
        for field in fields:
            if field.name.startswith("["):
                self._check_bracketed(field, descriptor)
            else:
                self._check_named(field, descriptor)

    def _check_named(self, field: ScannedField, descriptor: Descriptor) -> None:
        known = descriptor.fields_by_name.get(field.name)
        if known is None:
            names = [each.name for each in descriptor.fields]
            self._refuse(
                field,
                f"{descriptor.name} has no field {field.name!r}",
                nearest_name(field.name, names) or _listing(names),
            )
            return
        if field.is_list and not known.is_repeated:
            self._refuse(field, f"{field.name} takes one value, not a list")
            return
        for value in field.values:
            self._check_value(field, value, known)

    def _check_value(
        self, field: ScannedField, value: ScannedValue, known: FieldDescriptor
    ) -> None:
        if known.message_type is not None:
            if value.fields is None:
                what = f"{field.name} is a {known.message_type.name} in braces"
                self._refuse(field, f"{what}, but got {value.text}", offset=value.start)
            else:
                self.check(value.fields, known.message_type)
        elif value.fields is not None:
            what = f"{field.name} is {_kind_words(known)}"
            self._refuse(field, f"{what}, but got a message in braces", offset=value.start)
        elif escape := _odd_escape(value):
            what = f"{escape} is no escape sequence of a string"
            self._refuse(field, what, "write \\\\ for a backslash", offset=value.start)
        elif not _can_read(known, value):
            hint = ""
            if known.enum_type is not None:
                names = [each.name for each in known.enum_type.values]
                hint = nearest_name(value.text, names) or _listing(names)
            what = f"{field.name} is {_kind_words(known)}"
            self._refuse(field, f"{what}, but got {value.text}", hint, offset=value.start)
        elif value.kind != "string":
            self._close_up_minus(value)

    def _close_up_minus(self, value: ScannedValue) -> None:
        """Moves a minus up to its number: `- 1` is good text, but `text_format` refuses it."""
        match = _SPACED_MINUS.match(value.text)
        if match and self._characters[value.start] == "-":  # and not cut out already
            self._characters[value.start] = " "
            self._characters[value.start + match.end() - 1] = "-"

    def _check_bracketed(self, field: ScannedField, descriptor: Descriptor) -> None:
        name = field.name[1:-1]
        is_any = descriptor.full_name == ANY
        if is_any:
            inner = self._schema.descriptor(name.rpartition("/")[2])
        elif descriptor.full_name in EXTENDABLE:
            extension = self._schema.extension(name)
            if extension is not None and extension.containing_type is not descriptor:
                self._refuse(field, f"{field.name} has no place in {descriptor.name}")
                return
            inner = extension.message_type if extension is not None else None
        else:
            self._refuse(field, f"{descriptor.name} takes no {field.name}")
            return
        if len(field.values) != 1 or field.values[0].fields is None:
            self._refuse(field, f"{field.name} takes one message in braces")
            return
        self._check_block(field, name, inner, is_any)

    def _check_block(
        self, field: ScannedField, name: str, inner: Descriptor | None, is_any: bool
    ) -> None:
        """Checks one options message; the outermost one with an unknown type in it is cut out."""
        type_name = name.rpartition("/")[2] if is_any else name.removesuffix(".ext")
        outer = self._missing
        missing = self._missing = [] if outer is None else outer
        if inner is None:
            missing.append(type_name)
        else:
            self.check(field.values[0].fields or [], inner)
        self._missing = outer
        if missing and outer is None:
            self.cut_options[field.start] = UnknownOptions(
                type_name,
                text=field.values[0].text[1:-1],
                is_any=is_any,
                missing=missing[0],
                location=self._source.location(field.start),
            )
            self._cut(field)

    def _refuse(
        self, field: ScannedField, message: str, hint: str = "", *, offset: int | None = None
    ) -> None:
        self._report(message, field.start if offset is None else offset, hint)
        self._cut(field)

    def _report(self, message: str, offset: int, hint: str = "") -> None:
        self.problems.append(Problem(message, self._source.location(offset), hint))

    def _cut(self, field: ScannedField) -> None:
        field.is_cut = True
        self.blank(field.start, field.end)


def _innermost(fields: list[ScannedField], offset: int) -> ScannedField | None:
    holding = [each for each in walk(fields) if each.start <= offset < each.end and not each.is_cut]
    return min(holding, key=lambda each: each.end - each.start, default=None)


def _odd_escape(value: ScannedValue) -> str:
    """Returns the first escape sequence in a string that protobuf text has not, or nothing."""
    if value.kind != "string":
        return ""
    for match in _ODD_ESCAPE.finditer(value.text):
        if match.group() != "\\\\":
            return value.text[match.start() : match.start() + 2]
    return ""


def _can_read(known: FieldDescriptor, value: ScannedValue) -> bool:
    text = value.text
    if known.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return value.kind == "string"
    if value.kind == "string":
        return False
    if known.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return text in _BOOL_WORDS
    if known.enum_type is not None:
        return text in known.enum_type.values_by_name or _INTEGER.fullmatch(text) is not None
    if known.cpp_type in (FieldDescriptor.CPPTYPE_FLOAT, FieldDescriptor.CPPTYPE_DOUBLE):
        return value.kind == "number" or text.lstrip("- \t").lower() in _FLOAT_WORDS
    return _INTEGER.fullmatch(text) is not None


def _kind_words(known: FieldDescriptor) -> str:
    words: dict[int, str] = {
        FieldDescriptor.CPPTYPE_STRING: "a string in quotes",
        FieldDescriptor.CPPTYPE_BOOL: "true or false",
        FieldDescriptor.CPPTYPE_FLOAT: "a number",
        FieldDescriptor.CPPTYPE_DOUBLE: "a number",
    }
    if known.enum_type is not None:
        return f"a {known.enum_type.name}"
    return words.get(known.cpp_type, "a whole number")


def _listing(names: list[str]) -> str:
    shown = ", ".join(sorted(names)[:12])
    return f"known: {shown}{', …' if len(names) > 12 else ''}" if names else ""


def _reworded(error: text_format.ParseError) -> str:
    message = re.sub(r"^\d+:\d+ : ('.*': )?", "", str(error)).rstrip(".")
    return message[:1].lower() + message[1:]
