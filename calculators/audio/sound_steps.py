"""What nodes share that follow sound scores step by step: how long a step is, and where one is
missing."""

from typing import Any

from flowlace.formats.time_series import MICROSECONDS, TimeSeriesHeader
from flowlace.framework.packet import Packet


def step_us(header: Packet[Any], node_name: str) -> int:
    """Returns the time from one packet of scores to the next.

    Raises:
        ValueError: the header of the stream does not say how many there are a second.
    """
    found = header.payload if header else None
    if not isinstance(found, TimeSeriesHeader) or not found.packet_rate:
        raise ValueError(
            f"node {node_name!r} needs packet_rate in the header of its scores; it comes from "
            "TimeSeriesFramerCalculator by way of SoundScoresCalculator"
        )
    return round(MICROSECONDS / found.packet_rate)


def is_next(timestamp: int, previous_us: int | None, step: int) -> bool:
    """Returns whether a step follows the one before it without a gap."""
    return previous_us is not None and timestamp - previous_us < 1.5 * step
