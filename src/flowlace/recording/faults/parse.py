"""`--fault`: faults as text."""

from collections.abc import Callable
from typing import Final

from flowlace.recording.errors import RecordingError
from flowlace.recording.faults.corrupt import Corrupt
from flowlace.recording.faults.delay import Delay
from flowlace.recording.faults.drop import Drop
from flowlace.recording.faults.duplicate import Duplicate
from flowlace.recording.faults.fault import Fault
from flowlace.recording.faults.gap import Gap
from flowlace.recording.faults.jitter import Jitter
from flowlace.recording.faults.reorder import Reorder
from flowlace.recording.rotation import parse_duration_us

_BY_RATE: Final[dict[str, Callable[[float], Fault]]] = {
    "drop": Drop,
    "duplicate": Duplicate,
    "reorder": Reorder,
    "corrupt": Corrupt,
}
_BY_RATE_AND_TIME: Final[dict[str, Callable[[float, int], Fault]]] = {"delay": Delay, "gap": Gap}
_BY_TIME: Final[dict[str, Callable[[int], Fault]]] = {"jitter": Jitter}

GRAMMAR: Final = (
    "[STREAM:]KIND=AMOUNT with drop=RATE, duplicate=RATE, reorder=RATE, corrupt=RATE, "
    "delay=RATE:TIME, gap=RATE:TIME or jitter=TIME; a rate is a share of the packets, a time 20ms"
)


def parse_fault(text: str) -> tuple[str, Fault]:
    """Returns the stream a fault is for, empty for all, and the fault.

    >>> parse_fault("drop=0.05")
    ('', Drop(rate=0.05))
    >>> parse_fault("sounds:gap=0.01:2s")
    ('sounds', Gap(rate=0.01, duration_us=2000000))
    """
    head, equals, amount = text.partition("=")
    stream, _, kind = head.rpartition(":")
    rate, _, time = amount.partition(":")
    try:
        if equals and kind in _BY_RATE:
            return stream, _BY_RATE[kind](_rate(amount))
        if equals and kind in _BY_RATE_AND_TIME:
            return stream, _BY_RATE_AND_TIME[kind](_rate(rate), parse_duration_us(time))
        if equals and kind in _BY_TIME:
            return stream, _BY_TIME[kind](parse_duration_us(amount))
    except (ValueError, RecordingError) as error:
        raise RecordingError(f"--fault {text!r}: {error}; expected {GRAMMAR}") from error
    raise RecordingError(f"--fault {text!r}: expected {GRAMMAR}")


def _rate(text: str) -> float:
    rate = float(text)
    if not 0 < rate <= 1:
        raise ValueError(f"rate {text} is not above 0 and at most 1")
    return rate
