"""Calculator options: a frozen dataclass is the schema of its protobuf message.

The field numbers, kinds and defaults that a `.proto` file would hold are in the dataclass, so a
graph file reads and writes with the same numbers as MediaPipe's where MediaPipe has the message.
`schema.py` turns the dataclasses into descriptors, `options_message.py` turns values around.
"""

import ast
import dataclasses
import inspect
import textwrap
import types
from collections.abc import Callable
from dataclasses import MISSING, dataclass
from enum import IntEnum
from functools import cache
from itertools import pairwise
from typing import Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints
from zlib import crc32

from flowlace.framework.errors import FlowlaceError

T = TypeVar("T", bound=type[Any])

SCALAR_KINDS: Final = frozenset(
    [f"{sign}int{bits}" for sign in ("", "u", "s") for bits in (32, 64)]
    + [f"{sign}fixed{bits}" for sign in ("", "s") for bits in (32, 64)]
    + ["float", "double", "bool", "string", "bytes"]
)
_INFERRED_KINDS: Final = {
    bool: "bool",
    int: "int32",
    float: "float",
    str: "string",
    bytes: "bytes",
}
_METADATA_KEY: Final = "flowlace.option"
_TO_FILL: Final = object()
"""The default of a field until its annotation is read; `_fill_defaults` replaces it."""

CALCULATOR_OPTIONS: Final = "mediapipe.CalculatorOptions"
MEDIAPIPE_OPTIONS: Final = "mediapipe.MediaPipeOptions"


@dataclass(frozen=True, slots=True)
class OptionField:
    """One field of an options message, as resolved from a dataclass field."""

    name: str
    number: int
    kind: str
    """A protobuf scalar kind, `enum` or `message`."""
    type: Any
    """The Python class of one value: for enums and messages their class."""
    default: Any
    is_repeated: bool = False
    is_optional: bool = False
    """Whether an absent value is None instead of the kind's zero."""
    is_packed: bool = False
    oneof: str = ""
    doc: str = ""

    @property
    def type_name(self) -> str:
        """How listings name the type: `int32`, `repeated float`, `Mode (SLOW, FAST)`."""
        name = self.kind
        if self.kind == "enum":
            name = f"{self.type.__name__} ({', '.join(self.type.__members__)})"
        elif self.kind == "message":
            name = str(self.type.__name__)
        return f"repeated {name}" if self.is_repeated else name


@dataclass(frozen=True, slots=True)
class OptionsMessage:
    """What makes a dataclass a protobuf message."""

    full_name: str
    extension: int
    """Field number of the `ext` extension; 0 where the message is no extension."""
    extends: str


_messages: dict[str, type] = {}
_identities: dict[type, OptionsMessage] = {}
_generation = 0


def proto_options(
    full_name: str, *, extension: int | None = None, extends: str = CALCULATOR_OPTIONS
) -> Callable[[T], T]:
    """Makes a dataclass an options message a graph file can hold; use as a decorator.

    Args:
        full_name: package and message, e.g. `mediapipe.FlowLimiterCalculatorOptions`.
        extension: field number of `[full_name.ext]` in `extends`, MediaPipe's where it has one.
            Left out, a number is derived from the name; 0 makes a message that is only used
            inside others.
        extends: the message that `options { … }` is.

    Example:
        ```python
        @proto_options("mediapipe.PacketThinnerCalculatorOptions", extension=288533508)
        @dataclass(frozen=True, kw_only=True, slots=True)
        class PacketThinnerOptions:
            period_us: int = option(2, "int64", default=1)
        ```
    """

    def register(cls: T) -> T:
        number = derived_extension(full_name) if extension is None else extension
        _register(cls, OptionsMessage(full_name, number, extends))
        return cls

    return register


def option(
    number: int,
    kind: str = "",
    default: Any = MISSING,
    *,
    packed: bool = False,
    oneof: str = "",
) -> Any:
    """Returns a dataclass field with its protobuf number.

    Args:
        number: the field number.
        kind: a protobuf scalar kind; left out it follows from the annotation (`int` is int32,
            `float` is float; enums, messages, `tuple[X, ...]` and `X | None` say all by
            themselves).
        default: the value when the graph says nothing; zero of the kind, None or `()` if left out.
        packed: whether a repeated number is packed on the wire.
        oneof: name of the oneof this field belongs to.
    """
    if kind and kind not in SCALAR_KINDS:
        known = ", ".join(sorted(SCALAR_KINDS))
        raise FlowlaceError(f"option kind {kind!r} is not one of {known}")
    metadata = {
        _METADATA_KEY: {
            "number": number,
            "kind": kind,
            "is_packed": packed,
            "oneof": oneof,
        }
    }
    return dataclasses.field(default=_TO_FILL if default is MISSING else default, metadata=metadata)


def options_message(cls: type) -> OptionsMessage:
    """Returns the message identity of an options dataclass.

    A dataclass without `proto_options` gets `<top-level package>.<class name>`, and its fields
    count from 1 in their listing order.
    """
    if cls not in _identities:
        if not dataclasses.is_dataclass(cls):
            raise FlowlaceError(
                f"options class {cls.__qualname__} is no dataclass; write "
                "@dataclass(frozen=True, kw_only=True, slots=True) above it"
            )
        package = cls.__module__.partition(".")[0]
        name = f"{package}.{cls.__name__}"
        _register(cls, OptionsMessage(name, derived_extension(name), CALCULATOR_OPTIONS))
    return _identities[cls]


def registered_options() -> dict[str, type]:
    """Returns every options dataclass by its message name."""
    return dict(_messages)


def generation() -> int:
    """Returns a number that changes whenever an options class is registered."""
    return _generation


def derived_extension(full_name: str) -> int:
    """Returns the extension number of a message that was given none: a hash of its name."""
    return (1 << 28) + crc32(full_name.encode()) % ((1 << 28) - 1)


def _register(cls: type, identity: OptionsMessage) -> None:
    global _generation
    known = _messages.get(identity.full_name)
    if known is not None and not _is_redefinition(known, cls):
        raise FlowlaceError(
            f"options message {identity.full_name!r} is already {known.__module__}."
            f"{known.__qualname__}; {cls.__module__}.{cls.__qualname__} needs another name"
        )
    _fill_defaults(cls)
    _messages[identity.full_name] = cls
    _identities[cls] = identity
    _generation += 1


def _is_redefinition(known: type, cls: type) -> bool:
    # A notebook cell that runs again, or `slots=True`, makes a second class of the same name.
    return (known.__module__, known.__qualname__) == (cls.__module__, cls.__qualname__)


def _fill_defaults(cls: type) -> None:
    """Gives fields declared without a default the zero of their kind, also in `__init__`."""
    init: Any = cls.__init__  # type: ignore[misc]
    zeros = {field.name: field.default for field in option_fields(cls)}
    for field in dataclasses.fields(cls):
        if field.default is _TO_FILL:
            field.default = zeros[field.name]
            if field.name in (init.__kwdefaults__ or {}):
                init.__kwdefaults__[field.name] = zeros[field.name]
            else:
                raise FlowlaceError(f"{cls.__qualname__}: write @dataclass(kw_only=True, …)")


def option_fields(cls: Any) -> tuple[OptionField, ...]:
    """Returns the fields of an options dataclass, by listing order.

    Raises:
        FlowlaceError: a field has a type no protobuf field has, or a number is used twice.
    """
    return _option_fields(cls)


@cache
def _option_fields(cls: type) -> tuple[OptionField, ...]:
    hints = get_type_hints(cls)
    docs = _field_docs(cls)
    fields = tuple(
        _resolve(cls, position, field, hints[field.name], docs.get(field.name, ""))
        for position, field in enumerate(dataclasses.fields(cls), start=1)
        if field.init
    )
    numbers: dict[int, str] = {}
    for field in fields:
        other = numbers.setdefault(field.number, field.name)
        if other != field.name:
            raise FlowlaceError(
                f"{cls.__qualname__}: {other} and {field.name} both have number {field.number}"
            )
    return fields


def _resolve(
    cls: type, position: int, field: "dataclasses.Field[Any]", hint: Any, doc: str
) -> OptionField:
    given = field.metadata.get(_METADATA_KEY, {})
    is_optional, hint = _without_none(hint)
    is_repeated, value_type = _without_tuple(hint)
    kind = given.get("kind") or _kind_of(value_type)
    if not kind:
        raise FlowlaceError(
            f"{cls.__qualname__}.{field.name}: {value_type!r} has no place in a graph file; use "
            "int, float, bool, str, bytes, an IntEnum, an options dataclass, or a tuple of one"
        )
    default = _default_of(field)
    if default is _TO_FILL:
        default = None if is_optional else _zero_of(kind, value_type, is_repeated)
    return OptionField(
        name=field.name,
        number=given.get("number", position),
        kind=kind,
        type=value_type,
        default=default,
        is_repeated=is_repeated,
        is_optional=is_optional,
        is_packed=given.get("is_packed", False),
        oneof=given.get("oneof", ""),
        doc=doc,
    )


def _default_of(field: "dataclasses.Field[Any]") -> Any:
    if field.default is not MISSING:
        return field.default
    return None if field.default_factory is MISSING else field.default_factory()


def _without_none(hint: Any) -> tuple[bool, Any]:
    if get_origin(hint) not in (Union, types.UnionType):
        return False, hint
    rest = [each for each in get_args(hint) if each is not types.NoneType]
    return len(rest) < len(get_args(hint)), rest[0] if len(rest) == 1 else hint


def _without_tuple(hint: Any) -> tuple[bool, Any]:
    arguments = get_args(hint)
    if get_origin(hint) is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return True, arguments[0]
    return False, hint


def _kind_of(value_type: Any) -> str:
    if not isinstance(value_type, type):
        return ""
    if value_type in _INFERRED_KINDS:
        return _INFERRED_KINDS[value_type]
    if issubclass(value_type, IntEnum):
        return "enum"
    return "message" if dataclasses.is_dataclass(value_type) else ""


def _zero_of(kind: str, value_type: Any, is_repeated: bool) -> Any:
    if is_repeated:
        return ()
    if kind == "message":
        return value_type()
    if kind == "enum":
        return next(iter(value_type))
    zeros = {"bool": False, "string": "", "bytes": b"", "float": 0.0, "double": 0.0}
    return zeros.get(kind, 0)


def _field_docs(cls: type) -> dict[str, str]:
    """Returns the string that follows each field in the source, where there is a source."""
    try:
        body = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    except (OSError, TypeError, SyntaxError):
        return {}
    statements = getattr(body, "body", [])
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(statements)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class NoOptions:
    """The options of a calculator that has none."""
