"""Payloads with garbage in them."""

from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.image import Image
from flowlace.formats.radar_grid import RadarGrid
from flowlace.formats.tensor import Tensor
from flowlace.formats.time_series import Matrix
from flowlace.recording.faults.fault import Chances, Count, Events, Fault

SHARE: Final = 16
"""One in so many bytes of a payload is replaced."""


@dataclass(frozen=True, slots=True)
class Corrupt(Fault):
    """Replaces a run of a payload's bytes, a sixteenth of them, by random ones.

    In a picture that is a torn band; among floating-point numbers there will be NaN, infinity and
    numbers beyond all measure. Payloads without an array or bytes stay whole, which is counted.
    """

    rate: float
    """Share of the packets, 0..1."""

    def apply(self, events: Events, chances: Chances, count: Count) -> Events:
        """Yields the events with the garbage in them."""
        for event in events:
            packet, random = event.packet, chances.of(event)
            if packet is None or random is None or random.random() >= self.rate:
                yield event
                continue
            damaged = _damaged(packet.payload, random)
            if damaged is None:
                count(event.stream, "nothing in it to corrupt")
                yield event
                continue
            count(event.stream, "corrupted")
            yield event._replace(packet=packet.with_payload(damaged))


def _damaged(payload: Any, random: Random) -> Any | None:
    match payload:
        case Image():
            return Image(payload.format, _torn(payload.pixels, random))
        case Matrix():
            return Matrix(_torn(payload.values, random))
        case RadarGrid():
            return replace(payload, rain_rate_mm_h=_torn(payload.rain_rate_mm_h, random))
        case Tensor():
            torn = _torn(payload.array, random)
            return Tensor(torn, name=payload.name, quantization=payload.quantization)
        case np.ndarray():
            return _torn(payload, random)
        case bytes():
            return _torn(np.frombuffer(payload, np.uint8), random).tobytes()
    return None


def _torn(array: NDArray[Any], random: Random) -> NDArray[Any]:
    torn = np.array(array, order="C")
    if array.dtype.hasobject or not array.size:
        return torn
    values = torn.reshape(-1)
    length = max(values.size // SHARE, 1)
    start = random.randrange(values.size - length + 1)
    garbage = random.randbytes(length * values.itemsize)
    values[start : start + length] = np.frombuffer(garbage, values.dtype)
    return torn
