"""Finds where everything stands in protobuf text, without knowing any message.

`google.protobuf.text_format` does the reading; it says no positions of what it read and stops at
its first error. This scan gives the spans of all fields, so that messages name line and column,
unknown parts can be cut out, and one mistake doesn't hide the next.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from flowlace.framework.errors import Location, Problem

MAX_DEPTH: Final = 60
"""Messages in messages; more is a broken file, and would end in a RecursionError."""

_TOKEN = re.compile(
    r"""(?P<space>(?:[ \t\r\n\f\v]+|\#[^\n]*)+)
      | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      | (?P<number>(?:0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)[fF]?)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<mark>[{}<>\[\]:,;/.\-])
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_CLOSING: Final = {"{": "}", "<": ">"}
_TOP_LEVEL_FIELD = re.compile(r"^[A-Za-z_]\w*\s*[:{<]", re.MULTILINE)


class SourceText:
    """A text with the name of its file and the places of its lines."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def location(self, offset: int) -> Location:
        """Returns the place of a character."""
        line = bisect_right(self._line_starts, offset)
        return Location(self.file, line, offset - self._line_starts[line - 1] + 1)

    def offset(self, line: int, column: int) -> int:
        """Returns the character at a line and column that count from 1."""
        start = self._line_starts[min(max(line, 1), len(self._line_starts)) - 1]
        return min(start + max(column, 1) - 1, len(self.text))


@dataclass(slots=True)
class ScannedField:
    """One `name: value`; a list `[a, b]` is one field with several values."""

    name: str
    """As written; `[type.googleapis.com/mediapipe.X]` keeps its brackets."""
    start: int
    end: int = 0
    """After the separator, where there is one."""
    values: list["ScannedValue"] = field(default_factory=list)
    is_list: bool = False
    is_cut: bool = False
    """Whether this field was blanked out before the real parser saw it."""


@dataclass(slots=True)
class ScannedValue:
    """A scalar or, where `fields` is a list, a message in braces."""

    start: int
    end: int
    kind: str
    """`string`, `number`, `name` or `message`."""
    text: str
    fields: list[ScannedField] | None = None


class _ScanError(Exception):
    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


@dataclass(slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


def scan(source: SourceText) -> tuple[list[ScannedField], list[Problem], list[tuple[int, int]]]:
    """Returns the fields of a text, its syntax errors, and the spans those errors cover.

    After an error the scan goes on at the next line that starts with a field in column 1.
    """
    fields: list[ScannedField] = []
    problems: list[Problem] = []
    broken: list[tuple[int, int]] = []
    position = 0
    while position < len(source.text):
        scanner = _Scanner(source.text, position)
        try:
            fields += scanner.fields("", 0)
            break
        except _ScanError as stop:
            fields += scanner.top_level
            problems.append(Problem(stop.message, source.location(stop.offset)))
            begin = scanner.top_level[-1].end if scanner.top_level else position
            match = _TOP_LEVEL_FIELD.search(source.text, max(stop.offset, begin + 1))
            position = match.start() if match else len(source.text)
            broken.append((begin, position))
    return fields, problems, broken


def walk(fields: list[ScannedField]) -> Iterator[ScannedField]:
    """Yields every field, outer before inner."""
    for each in fields:
        yield each
        for value in each.values:
            yield from walk(value.fields or [])


class _Scanner:
    def __init__(self, text: str, position: int) -> None:
        self._text = text
        self._position = position
        self._previous_end = position
        self.top_level: list[ScannedField] = []
        self._token = self._read()

    def fields(self, closing: str, depth: int) -> list[ScannedField]:
        """Reads fields up to and without the closing mark, or to the end of the text."""
        found = self.top_level if depth == 0 else []
        if depth > MAX_DEPTH:
            raise _ScanError(f"messages are nested more than {MAX_DEPTH} deep", self._token.start)
        opened_at = max(self._previous_end - 1, 0)
        while self._token.text != closing or self._token.kind != "mark":
            if self._token.kind == "end":
                if depth == 0:
                    break
                raise _ScanError(f"expected {closing!r} before the end of the file", opened_at)
            found.append(self._field(depth))
        return found

    def _field(self, depth: int) -> ScannedField:
        start = self._token.start
        result = ScannedField(self._field_name(), start)
        has_colon = self._take(":")
        if self._token.text == "[" and self._token.kind == "mark":
            result.is_list = True
            self._list(result, depth, has_colon)
        elif self._token.kind == "mark" and self._token.text in _CLOSING:
            result.values.append(self._message(depth))
        elif has_colon:
            result.values.append(self._scalar())
        else:
            raise self._expected(f"':' or '{{' after {result.name}")
        if not self._take(","):
            self._take(";")
        result.end = self._previous_end
        return result

    def _field_name(self) -> str:
        if self._token.kind == "name":
            return self._next().text
        if not self._take("["):
            raise self._expected("a field name")
        start = self._previous_end
        while self._token.kind in ("name", "number") or self._token.text in ("/", ".", "-"):
            self._next()
        name = re.sub(r"\s|#[^\n]*", "", self._text[start : self._previous_end])
        if not self._take("]"):
            raise self._expected("']' after the type name")
        return f"[{name}]"

    def _list(self, result: ScannedField, depth: int, has_colon: bool) -> None:
        no_colon = self._expected("':' before a list")
        self._next()
        while not self._take("]"):
            if self._token.kind == "mark" and self._token.text in _CLOSING:
                result.values.append(self._message(depth))
            elif not has_colon:
                raise no_colon  # only a list of messages may go without
            else:
                result.values.append(self._scalar())
            if not self._take(",") and self._token.text != "]":
                raise self._expected("',' or ']' in the list")

    def _message(self, depth: int) -> ScannedValue:
        opening = self._next()
        closing = _CLOSING[opening.text]
        fields = self.fields(closing, depth + 1)
        end = self._next().end
        return ScannedValue(opening.start, end, "message", self._text[opening.start : end], fields)

    def _scalar(self) -> ScannedValue:
        start = self._token.start
        is_negative = self._take("-")
        kind = self._token.kind
        if kind not in ("string", "number", "name") or (is_negative and kind == "string"):
            raise self._expected("a value")
        self._next()
        while kind == "string" and self._token.kind == "string":
            self._next()  # neighbouring strings are one string
        return ScannedValue(start, self._previous_end, kind, self._text[start : self._previous_end])

    def _expected(self, what: str) -> _ScanError:
        token = self._token
        if token.kind == "end":
            return _ScanError(f"expected {what}, but the file ends", self._previous_end)
        if token.text in ("'", '"'):
            return _ScanError("a string does not end on its line", token.start)
        return _ScanError(f"expected {what}, but got {_shorten(token.text)!r}", token.start)

    def _take(self, mark: str) -> bool:
        if self._token.kind == "mark" and self._token.text == mark:
            self._next()
            return True
        return False

    def _next(self) -> _Token:
        token = self._token
        self._previous_end = token.end
        self._token = self._read()
        return token

    def _read(self) -> _Token:
        match = _TOKEN.match(self._text, self._position)
        if match is not None and match.lastgroup == "space":
            self._position = match.end()
            match = _TOKEN.match(self._text, self._position)
        if match is None:
            return _Token("end", "", len(self._text), len(self._text))
        self._position = match.end()
        return _Token(str(match.lastgroup), match.group(), match.start(), match.end())


def _shorten(text: str) -> str:
    return text if len(text) <= 30 else f"{text[:27]}…"
