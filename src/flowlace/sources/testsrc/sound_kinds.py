"""The sounds of `testsrc:sounds`, sample by sample in integers.

Integers because a test's sound must be the same on every machine: the only floats are a sine
table of 16-bit values, and noise is a hash of the sample's number. Every kind is a function of
the sample's number within its event and of the event's own seed, so sound can be made in pieces
of any size, from any place, and comes out the same.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

PEAK = 32_767
_TABLE_BITS = 12
_TURN = np.round(PEAK * np.sin(np.arange(1 << _TABLE_BITS) * (2 * np.pi / (1 << _TABLE_BITS))))
_SINE: Integers = _TURN.astype(np.int64)
_PHASE_BITS = 32


def hashed(numbers: Integers, seed: int) -> NDArray[np.uint64]:
    """Returns a 64-bit hash of each number (the finaliser of SplitMix64)."""
    with np.errstate(over="ignore"):
        x = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        x += np.uint64((seed * 0xD1B54A32D192ED03 + 1) & 0xFFFFFFFFFFFFFFFF)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def drawn(seed: int, number: int, low: int, high: int) -> int:
    """Returns the `number`-th random value of a seed, `low` up to `high` inclusive."""
    return low + int(hashed(np.array([number]), seed)[0] % np.uint64(high - low + 1))


def noise(numbers: Integers, seed: int) -> Integers:
    """Returns white noise, -PEAK..PEAK."""
    return (hashed(numbers, seed) >> np.uint64(48)).astype(np.int64) - PEAK - 1


def rumble(numbers: Integers, seed: int) -> Integers:
    """Returns noise whose power falls with frequency (Voss): the mean of noises held 1, 2, 4 …"""
    layers = [noise(numbers >> shift, seed + shift) for shift in range(8)]
    return sum(layers, np.zeros_like(numbers)) // len(layers)


def _sine(phase: Integers) -> Integers:
    """Returns the sine of a phase that turns once every 2^32."""
    places: Integers = (phase & ((1 << _PHASE_BITS) - 1)) >> (_PHASE_BITS - _TABLE_BITS)
    return _SINE[places]


def _step(hertz: int, rate: int) -> int:
    return (hertz << _PHASE_BITS) // rate


def beep(n: Integers, length: int, rate: int, seed: int) -> Integers:  # noqa: ARG001 - one shape
    """Returns a steady tone of 600–1400 Hz."""
    return _sine(n * _step(drawn(seed, 0, 600, 1400), rate))


def chirp(n: Integers, length: int, rate: int, seed: int) -> Integers:
    """Returns a tone that rises from about 1 kHz to 4 kHz."""
    low, high = drawn(seed, 0, 800, 1200), drawn(seed, 1, 3000, 4000)
    rise = _step(high - low, rate) // (2 * max(length, 1))
    return _sine(n * _step(low, rate) + n * n * rise)


def noise_burst(n: Integers, length: int, rate: int, seed: int) -> Integers:  # noqa: ARG001
    """Returns white noise."""
    return noise(n, seed)


CLICK_MS = 4
"""How long a click lasts."""


def click_period_ms(seed: int) -> int:
    """Returns the time from one click of a click train to the next."""
    return drawn(seed, 0, 60, 120)


def click_train(n: Integers, length: int, rate: int, seed: int) -> Integers:  # noqa: ARG001
    """Returns clicks of dying noise, 8–16 a second, the first at once."""
    period, click = rate * click_period_ms(seed) // 1000, rate * CLICK_MS // 1000
    since = n % period
    return np.where(since < click, noise(n, seed) * (click - since) // click, 0)


def siren(n: Integers, length: int, rate: int, seed: int) -> Integers:  # noqa: ARG001
    """Returns a tone that sweeps up and down by a fifth twice a second, like a siren."""
    middle, width = _step(drawn(seed, 0, 650, 850), rate), _step(150, rate)
    period = rate // 2
    # The integral of a triangle: parabolas, so the phase has no steps.
    whole, within = n // period, n % period
    half = period // 2
    first = within * within
    second = half * half + 2 * (within - half) * (period - half) - (within - half) ** 2
    swept = np.where(within < half, first, second) // half - within
    per_period = (half * half + 2 * (period - half) ** 2 - (period - half) ** 2) // half - period
    return _sine(n * middle + (whole * per_period + swept) * width)


def hum(n: Integers, length: int, rate: int, seed: int) -> Integers:  # noqa: ARG001
    """Returns mains hum: 50 or 60 Hz with its harmonics."""
    base = _step((50, 60)[drawn(seed, 0, 0, 1)], rate)
    parts = ((1, 8), (2, 4), (3, 3), (5, 2), (7, 1))
    return sum((_sine(n * base * k) * w for k, w in parts), np.zeros_like(n)) // 14


KINDS: dict[str, Callable[[Integers, int, int, int], Integers]] = {
    "beep": beep,
    "chirp": chirp,
    "noise_burst": noise_burst,
    "click_train": click_train,
    "siren": siren,
    "hum": hum,
}
"""By label: makes samples `n` of an event of `length` samples, -PEAK..PEAK."""
