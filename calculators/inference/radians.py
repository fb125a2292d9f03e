"""Angles between minus and plus half a turn."""

from math import floor, pi


def wrapped(angle: float) -> float:
    """Returns the same direction in radians from -π up to, but not with, π."""
    return angle - 2 * pi * floor((angle + pi) / (2 * pi))
