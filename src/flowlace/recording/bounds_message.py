"""How far input streams are settled, as JSON messages on a channel of their own.

A packet moves its stream's bound by itself; what is written are the bounds that move without one,
the ends of streams, and the end of the run. Each chunk begins with what has been said before, so a
reader that begins there knows it.
"""

import json
from dataclasses import dataclass, field
from typing import Final

from flowlace.recording.errors import RecordingError

TOPIC: Final = "flowlace/bounds"
SCHEMA_NAME: Final = "flowlace.Bounds"
SCHEMA: Final = json.dumps(
    {
        "title": SCHEMA_NAME,
        "type": "object",
        "properties": {
            "bounds_us": {"type": "object", "additionalProperties": {"type": "integer"}},
            "closed": {"type": "array", "items": {"type": "string"}},
            "is_end": {"type": "boolean"},
        },
    }
).encode()


@dataclass(slots=True)
class Bounds:
    """What is known of streams apart from their packets."""

    bounds_us: dict[str, int] = field(default_factory=dict)
    """The earliest timestamp that may come, by stream."""
    closed: list[str] = field(default_factory=list)
    """Streams on which nothing more comes."""
    is_end: bool = False
    """Whether the run ended here; a recording without it was cut off."""

    def __bool__(self) -> bool:
        return bool(self.bounds_us or self.closed or self.is_end)

    def encode(self) -> bytes:
        """Returns the message."""
        fields = {"bounds_us": self.bounds_us, "closed": self.closed, "is_end": self.is_end}
        return json.dumps(fields).encode()

    @classmethod
    def decode(cls, data: bytes) -> "Bounds":
        """Returns what a message says; RecordingError if it makes no sense."""
        try:
            held = json.loads(data)
            bounds = {str(name): int(bound) for name, bound in held["bounds_us"].items()}
            return cls(bounds, [str(each) for each in held["closed"]], bool(held["is_end"]))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise RecordingError(f"bounds can't be read: {error}") from error
