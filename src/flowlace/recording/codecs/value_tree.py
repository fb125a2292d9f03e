"""Values of Python as JSON beside a list of arrays.

JSON holds what it can hold; the rest are objects whose first key begins with a tilde:
`{"~tuple": […]}`, `{"~float": "nan"}`, `{"~bytes": "base64"}`, `{"~map": [[key, value], …]}`,
`{"~array": 0}` (number in the list) and, for classes that `recordable` knows,
`{"~make": name, "of": {…}}`.
"""

import base64
import math
from collections.abc import Sequence
from enum import Enum
from typing import Any, Final

import numpy as np

from flowlace.formats.tensor import Quantization, Tensor
from flowlace.recording.codecs.npy import array_bytes, array_from_bytes
from flowlace.recording.codecs.recordable import (
    field_names,
    is_recordable,
    name_of,
    recordable_class,
)
from flowlace.recording.errors import CodecError

_TENSOR: Final = name_of(Tensor)
DEEPEST: Final = 200
"""Levels of nesting; a file made to exhaust the stack stops here."""


def to_tree(value: Any, arrays: list[bytes], depth: int = 0) -> Any:
    """Returns a value as JSON can hold it; appends its arrays, written as `.npy`, to `arrays`.

    Raises:
        CodecError: a part of it is of a type that recordings don't know.
    """
    if value is None or isinstance(value, bool) or type(value) in (int, str):
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"~float": repr(value)}
    if depth > DEEPEST:
        raise CodecError(f"a payload is nested more than {DEEPEST} levels deep")
    if type(value) in (list, tuple):
        items = [to_tree(each, arrays, depth + 1) for each in value]
        return items if type(value) is list else {"~tuple": items}
    if type(value) is dict:
        return _dict_tree(value, arrays, depth)
    if type(value) is bytes:
        return {"~bytes": base64.b64encode(value).decode()}
    if isinstance(value, np.ndarray | np.generic):
        arrays.append(array_bytes(np.asarray(value)))
        return {"~array" if isinstance(value, np.ndarray) else "~number": len(arrays) - 1}
    return _object_tree(value, arrays, depth)


def from_tree(tree: Any, arrays: Sequence[bytes | memoryview]) -> Any:
    """Returns the value that `to_tree` was given; CodecError if it is nothing that it makes."""
    if isinstance(tree, list):
        return [from_tree(each, arrays) for each in tree]
    if not isinstance(tree, dict):
        return tree
    kind = next(iter(tree), "")
    if not kind.startswith("~"):
        return {key: from_tree(each, arrays) for key, each in tree.items()}
    return _special(kind, tree, arrays)


def _dict_tree(value: dict[Any, Any], arrays: list[bytes], depth: int) -> Any:
    if all(type(key) is str and not key.startswith("~") for key in value):
        return {key: to_tree(each, arrays, depth + 1) for key, each in value.items()}
    pairs = [
        [to_tree(key, arrays, depth + 1), to_tree(each, arrays, depth + 1)]
        for key, each in value.items()
    ]
    return {"~map": pairs}


def _object_tree(value: Any, arrays: list[bytes], depth: int) -> Any:
    cls = type(value)
    if isinstance(value, Tensor):
        scale = value.quantization
        fields = {"array": value.array, "name": value.name}
        if scale is not None:
            fields |= {"scale": scale.scale, "zero_point": scale.zero_point}
        return {"~make": _TENSOR, "of": to_tree(fields, arrays, depth + 1)}
    if not is_recordable(cls):
        raise CodecError(
            f"a payload of type {name_of(cls)} can't be recorded; mark a dataclass with "
            "flowlace.recording.codecs.recordable, or register a PacketCodec for it"
        )
    if isinstance(value, Enum):
        return {"~make": name_of(cls), "of": to_tree(value.value, arrays, depth + 1)}
    fields = {name: to_tree(getattr(value, name), arrays, depth + 1) for name in field_names(cls)}
    return {"~make": name_of(cls), "of": fields}


def _special(kind: str, tree: dict[str, Any], arrays: Sequence[bytes | memoryview]) -> Any:
    held = tree[kind]
    try:
        match kind:
            case "~tuple":
                return tuple(from_tree(each, arrays) for each in held)
            case "~float":
                return float(held)
            case "~bytes":
                return base64.b64decode(held, validate=True)
            case "~map":
                return {from_tree(key, arrays): from_tree(each, arrays) for key, each in held}
            case "~array":
                return array_from_bytes(arrays[held])
            case "~number":
                return array_from_bytes(arrays[held])[()]
            case "~make":
                return _made(held, from_tree(tree["of"], arrays))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise CodecError(f"a value of the recording can't be read: {kind}: {error}") from error
    raise CodecError(f"a value of the recording is a {kind!r}, which this version does not know")


def _made(name: str, held: Any) -> Any:
    if name == _TENSOR:
        scale = held.get("scale")
        known = None if scale is None else Quantization(scale, held["zero_point"])
        return Tensor(held["array"], name=held["name"], quantization=known)
    cls = recordable_class(name)
    return cls(held) if issubclass(cls, Enum) else cls(**held)
