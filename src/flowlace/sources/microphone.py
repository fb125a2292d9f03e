"""Microphones, through PortAudio (`sounddevice`).

The time of the first sample is taken from the clock of the graph, all others are counted from
it: a clock that is asked for every block would wobble by a block. Where sound was lost, time jumps
by as much: by what was counted where we lost it, to the present where the device did.
"""

from __future__ import annotations

import importlib
import logging
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from flowlace.framework.clock import Clock
from flowlace.framework.openers import Url
from flowlace.sources.live_sound import LiveSound, LiveSoundShape
from flowlace.sources.sound_file import check_rate_and_channels
from flowlace.sources.sound_shaper import Samples
from flowlace.sources.source import Source, SourceError
from flowlace.sources.stream_keeper import ReconnectPolicy, StreamKeeper

_logger = logging.getLogger("flowlace.sources.microphone")
_BLOCK_S = 0.02
_RING_S = 2.0  # only a thread that does nothing but copying reads it
_LOOK_UP_S = 0.2

_open_streams = 0
_devices = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class MicrophoneOptions:
    """What is asked of a microphone, and when it counts as gone."""

    rate: int | None = None
    """Samples a second to give; the device's own if not given."""

    channels: int = 1
    """Channels to give; the first ones of the device."""

    buffer_s: float = 10.0
    """Sound that may wait for the graph; older sound is dropped."""

    watchdog_s: float = 3.0
    """A microphone that gives nothing for this long is opened again."""

    first_tries: int = 3
    """Failures in a row before the first sound that make it an error; 0 tries for ever."""

    def __post_init__(self) -> None:
        check_rate_and_channels(self.rate, self.channels)


class Block(NamedTuple):
    """What the device gives at a time."""

    values: Samples
    """`[channel, sample]`."""

    rate: int
    """Samples a second."""

    arrived_us: int
    """When the device gave it, by the clock of the graph."""

    lost_samples: int
    """Samples right before it that found our ring full."""

    is_after_overrun: bool
    """Whether the device had lost sound before it."""


class MicrophoneStream:
    """One opened microphone; gives blocks, and raises OSError when the device stops."""

    def __init__(
        self, portaudio: Any, device: int | str | None, channels: int, clock: Clock
    ) -> None:
        self._clock = clock
        found = find_microphone(portaudio, device)
        self.rate = round(found["default_samplerate"])
        self._ring: deque[Block] = deque()
        self._limit = round(_RING_S / _BLOCK_S)
        self._lost = 0
        self._has_overrun = False
        self._changed = threading.Event()
        self._has_stopped = threading.Event()
        self._stream = portaudio.InputStream(
            device=found["index"],
            samplerate=self.rate,
            channels=min(channels, found["max_input_channels"]),
            dtype="float32",
            blocksize=round(self.rate * _BLOCK_S),
            callback=self._take,
            finished_callback=self.stop,
        )
        try:
            self._stream.start()
        except BaseException:
            self._stream.close()
            raise

    def __iter__(self) -> Iterator[Block]:
        while True:
            if self._ring:
                yield self._ring.popleft()
                continue
            if self._has_stopped.is_set() or not self._stream.active:
                raise OSError("the microphone has stopped")
            self._changed.wait(_LOOK_UP_S)
            self._changed.clear()

    def stop(self) -> None:
        """Ends the giving; whoever reads it then closes it."""
        self._has_stopped.set()
        self._changed.set()

    def close(self) -> None:
        """Gives the microphone back."""
        self._stream.close()

    def _take(self, samples: Any, count: int, _: Any, status: Any) -> None:
        """Is called by PortAudio on its own thread, which must never wait."""
        arrived_us = self._clock.now_us()
        self._has_overrun |= bool(status.input_overflow)
        if len(self._ring) >= self._limit:
            self._lost += count
            return
        values = np.array(samples.T, np.float32, order="C")
        self._ring.append(Block(values, self.rate, arrived_us, self._lost, self._has_overrun))
        self._lost, self._has_overrun = 0, False
        self._changed.set()


class MicrophoneSource(LiveSound):
    """Keeps a microphone open and gives its sound; one that vanishes is tried again and again.

    Counts `reconnects`, and as flaws `device_overrun` and `ring_overrun`, the blocks before which
    the device or this program had lost sound. Raises SourceError when the microphone isn't there
    at the start.
    """

    def __init__(
        self,
        device: int | str | None,
        clock: Clock,
        options: MicrophoneOptions = MicrophoneOptions(),
        portaudio: Any = None,
    ) -> None:
        portaudio = portaudio or load_portaudio()
        found = find_microphone(portaudio, device)
        rate = options.rate or round(found["default_samplerate"])
        shape = LiveSoundShape(rate=rate, channels=options.channels, buffer_s=options.buffer_s)
        name = "mic" if device is None else f"mic:{device}"
        super().__init__(name, shape, clock)
        self._is_anchored = False
        self._stream: MicrophoneStream | None = None
        self._keeper = StreamKeeper(
            name,
            lambda: self._open(portaudio, device, options.channels),
            clock,
            ReconnectPolicy(
                watchdog_s=options.watchdog_s,
                first_tries=options.first_tries,
                largest_delay_s=5.0,  # a plug that is back should be heard soon
            ),
            self,
        )

    def accept(self, block: Block) -> None:
        """Takes one block, on the thread that reads the microphone."""
        self.put(block.values, block.rate, self._start_us(block))
        self._is_anchored = True

    def on_reconnect(self) -> None:
        """Takes the time of the next sample from the clock again."""
        super().on_reconnect()
        self._is_anchored = False

    def close(self) -> None:
        """Gives the microphone back; returns within a second."""
        self._stop_stream()
        self._keeper.close()
        super().close()

    def _open(self, portaudio: Any, device: int | str | None, channels: int) -> MicrophoneStream:
        self._stop_stream()  # one that fell silent would wait for ever
        self._stream = _CountedStream(portaudio, device, channels, self._clock)
        return self._stream

    def _stop_stream(self) -> None:
        if self._stream is not None:
            self._stream.stop()

    def _start_us(self, block: Block) -> Fraction:
        lasts_us = Fraction(block.values.shape[1] * 10**6, block.rate)
        by_clock_us = max(block.arrived_us - lasts_us, Fraction(0))
        expected_us = self.end_us
        if block.lost_samples:
            self._note("ring_overrun", f"{block.lost_samples} samples found the ring full")
        if block.is_after_overrun:
            self._note("device_overrun", "the device had lost sound")
        if expected_us is None:
            return by_clock_us
        if not self._is_anchored or block.is_after_overrun:
            return max(by_clock_us, expected_us)
        return expected_us + Fraction(block.lost_samples * 10**6, block.rate)

    def _note(self, flaw: str, detail: str) -> None:
        self._counts.flaws[flaw] += 1
        if self._counts.flaws[flaw] == 1:
            _logger.warning("%s: %s; this is only counted from now on", self.info.name, detail)


class _CountedStream(MicrophoneStream):
    """Counts what is open, because PortAudio sees new devices only when it is started anew."""

    def __init__(
        self, portaudio: Any, device: int | str | None, channels: int, clock: Clock
    ) -> None:
        global _open_streams
        with _devices:
            if _open_streams == 0:
                # A plug that was pulled and is back has another number; not documented API, but
                # what sounddevice's author advises.
                portaudio._terminate()
                portaudio._initialize()
            super().__init__(portaudio, device, channels, clock)
            _open_streams += 1

    def close(self) -> None:
        global _open_streams
        with _devices:
            super().close()
            _open_streams -= 1


def load_portaudio() -> Any:
    """Returns the module `sounddevice`; SourceError says what to install where it can't be had."""
    try:
        return importlib.import_module("sounddevice")
    except ImportError as error:
        raise SourceError(
            "source 'mic' needs the package sounddevice; install it with "
            "pip install 'flowlace[mic]'"
        ) from error
    except OSError as error:  # the package is there, the library it wraps is not
        raise SourceError(
            f"source 'mic' needs the PortAudio library ({error}); install it, on Debian with "
            "apt install libportaudio2"
        ) from error


def find_microphone(portaudio: Any, device: int | str | None) -> dict[str, Any]:
    """Returns what PortAudio knows of a device, by number, part of its name, or the default one.

    Raises SourceError that lists the microphones there are.
    """
    try:
        found: dict[str, Any] = dict(portaudio.query_devices(device, "input"))
    except (ValueError, portaudio.PortAudioError) as error:
        name = "mic" if device is None else f"mic:{device}"
        raise SourceError(f"source {name!r}: {_reason(error)}; {_known(portaudio)}") from error
    found.setdefault("index", device)
    return found


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


def _known(portaudio: Any) -> str:
    inputs = [
        f"mic:{number} ({one['name']})"
        for number, one in enumerate(portaudio.query_devices())
        if one["max_input_channels"] > 0
    ]
    return f"there are: {', '.join(inputs)}" if inputs else "this machine has no microphone"


def open_microphone(url: Url, clock: Clock) -> Source:
    """Opens a microphone named on the command line."""
    device = int(url.rest) if url.rest.isdecimal() else url.rest or None
    return MicrophoneSource(device, clock, url.read_options(MicrophoneOptions))
