"""Options that come as a packet, and go before those in the graph file."""

import dataclasses
from typing import Any, TypeVar

from flowlace.framework.options import option_fields

T = TypeVar("T")


def with_options_packet(options: T, given: T | None) -> T:
    """Returns `options`, overridden by what the packet sets.

    A dataclass does not know which of its fields were written out, so those that differ from
    their default count as set. Repeated fields are appended, as protobuf merges messages.

    Args:
        options: what the graph file says.
        given: the payload of the OPTIONS packet, or None where there is none.
    """
    if given is None:
        return options
    changes: dict[str, Any] = {}
    for field in option_fields(type(given)):
        value = getattr(given, field.name)
        if value != field.default:
            own = getattr(options, field.name)
            changes[field.name] = (*own, *value) if field.is_repeated else value
    merged: T = dataclasses.replace(options, **changes)  # type: ignore[type-var]
    return merged
