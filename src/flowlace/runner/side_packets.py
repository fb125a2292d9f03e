"""`--side NAME=VALUE`: input side packets as text."""

from collections.abc import Callable, Mapping
from typing import Any

from flowlace.framework.contract import ConnectedPort, alternatives, type_name
from flowlace.runner.errors import RunnerError


def parse_side_packets(texts: list[str], declared: Mapping[str, ConnectedPort]) -> dict[str, Any]:
    """Returns the values, read as the type the graph expects; any type takes text.

    Raises:
        RunnerError: no such side packet, or the text is no such value.
    """
    values: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or name not in declared:
            known = ", ".join(declared) or "none"
            raise RunnerError(f"--side {text!r}: expected NAME=VALUE with one of: {known}")
        values[name] = _read(name, value, declared[name].type)
    return values


def _read(name: str, text: str, wanted: Any) -> Any:
    readers: dict[Any, Callable[[str], Any]] = {
        bool: _read_bool, int: int, float: float, str: str, object: str,
    }  # fmt: skip
    for kind in alternatives(wanted):
        try:
            return readers[kind](text)
        except (KeyError, ValueError):
            continue
    raise RunnerError(
        f"side packet {name!r} is {type_name(wanted)}; {text!r} can't be read as that"
    )


def _read_bool(text: str) -> bool:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    return words[text.lower()]
