"""How `PacketResamplerCalculator` chooses a packet for each tick.

Without jitter ticks are evenly spaced. With jitter they are random, so that nothing periodic in
the stream is always caught at the same phase; the same seed gives the same ticks. Reflection keeps
every tick in its own period: https://arxiv.org/abs/2002.01147.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import floor
from random import Random
from typing import Any, Protocol

from flowlace.framework.packet import Packet
from flowlace.framework.timestamp import MIN

AnyPacket = Packet[Any]


@dataclass(frozen=True, slots=True)
class SampleRate:
    """How often to sample.

    Raises:
        ValueError: the rate is not above 0 and at most 1e6, or the jitter not in [0, 1].
    """

    per_second: float
    jitter: float = 0.0
    """Furthest a tick strays, in periods."""

    def __post_init__(self) -> None:
        if not 0 < self.per_second <= 1e6:
            raise ValueError(
                f"frame_rate is {self.per_second:g}, but has to be above 0 and at most 1000000"
            )
        if not 0 <= self.jitter <= 1:
            raise ValueError(f"jitter is {self.jitter:g}, but has to be between 0 and 1")

    @property
    def period_us(self) -> int:
        """The length of a period, rounded down."""
        return int(1e6 / self.per_second)

    @property
    def jitter_us(self) -> int:
        """Furthest a tick strays, rounded down."""
        return int(1e6 * self.jitter / self.per_second)

    def tick_us(self, index: int) -> int:
        """Returns the time of a tick since the first; exact at any index, unlike `period_us`."""
        return _round(index / self.per_second * 1e6)

    def nearest_tick(self, elapsed_us: int) -> int:
        """Returns the index of the tick nearest to a time since the first."""
        return _round(elapsed_us / 1e6 * self.per_second)


def _round(value: float) -> int:
    # Halves away from zero, as MediaPipe rounds; Python's `round` takes the even neighbour.
    return floor(value + 0.5) if value >= 0 else -floor(0.5 - value)


@dataclass(frozen=True, slots=True)
class SampleOutput:
    """Where samples go."""

    send: Callable[[AnyPacket], None]
    promise: Callable[[int], None]
    """Takes the earliest timestamp the next sample may have."""


class Sampler(Protocol):
    """Chooses packets for ticks."""

    def take(self, packet: AnyPacket) -> None:
        """Looks at the next packet and sends what is due."""

    def finish(self) -> None:
        """Sends what the end of the stream makes due."""


class NearestSampler:
    """Sends the packet nearest to each tick; the latest again where a period has none."""

    def __init__(
        self, rate: SampleRate, output: SampleOutput, base_us: int | None, flushes: bool
    ) -> None:
        self._rate = rate
        self._output = output
        self._base_us = base_us
        self._flushes = flushes
        self._first_us: int | None = None
        self._count = 0
        self._last: AnyPacket | None = None

    def take(self, packet: AnyPacket) -> None:
        """Fills the periods before the packet, then decides about its own."""
        if self._first_us is None:
            self._first_us = self._align(packet.timestamp)
        index = self._rate.nearest_tick(packet.timestamp - self._first_us)
        if index >= self._count:
            while index > self._count:
                self._send(self._last)
            if packet.timestamp >= self._tick():
                self._send(self._nearer(packet))
            self._output.promise(self._tick())
        self._last = packet

    def finish(self) -> None:
        """Sends the last packet where its period has had none."""
        if self._last is None or self._first_us is None or not self._flushes:
            return
        if self._rate.nearest_tick(self._last.timestamp - self._first_us) == self._count:
            self._send(self._last)

    def _align(self, timestamp: int) -> int:
        if self._base_us is None:
            return timestamp
        index = self._rate.nearest_tick(timestamp - self._base_us)
        return self._base_us + self._rate.tick_us(index)

    def _tick(self) -> int:
        assert self._first_us is not None
        return self._first_us + self._rate.tick_us(self._count)

    def _nearer(self, packet: AnyPacket) -> AnyPacket:
        if self._last is None:
            return packet
        after_us, before_us = packet.timestamp - self._tick(), self._tick() - self._last.timestamp
        return packet if after_us <= before_us else self._last

    def _send(self, packet: AnyPacket | None) -> None:
        if packet is not None:
            self._output.send(packet.at(self._tick()))
        self._count += 1


class JitterSampler:
    """Sends the packet nearest to ticks that follow each other at random distances."""

    reflects = False

    def __init__(self, rate: SampleRate, output: SampleOutput, seed: str) -> None:
        self._rate = rate
        self._output = output
        self._random = Random(seed)
        self._last: AnyPacket | None = None
        self._period_start = MIN
        self._tick = MIN
        # One packet of the period, each as likely as any other, for a period without a tick.
        self._sampling = Random(seed)
        self._keeps_samples = True
        self._sample: AnyPacket | None = None
        self._seen = 0

    def take(self, packet: AnyPacket) -> None:
        """Sends a packet for every tick up to this one."""
        self._keep_sample(packet)
        if self._last is None:
            self._start(packet)
        else:
            self._send_due(packet, self._last)
        self._last = packet

    def finish(self) -> None:
        """Sends a packet of the last period where it has had none, at its own timestamp."""
        if self._sample is not None:
            self._output.send(self._sample)

    def _keep_sample(self, packet: AnyPacket) -> None:
        if self._keeps_samples and packet.timestamp >= self._period_start:
            self._seen += 1
            if self._sampling.randrange(self._seen) == 0:
                self._sample = packet

    def _start(self, packet: AnyPacket) -> None:
        self._period_start = packet.timestamp
        self._tick = packet.timestamp + self._first_wait_us()
        if self._tick == packet.timestamp:
            self._output.send(packet)
            self._advance()

    def _send_due(self, packet: AnyPacket, last: AnyPacket) -> None:
        while self._tick <= packet.timestamp:
            is_last_nearer = packet.timestamp - self._tick > self._tick - last.timestamp
            self._output.send((last if is_last_nearer else packet).at(self._tick))
            self._advance()
            self._output.promise(self._period_start if self.reflects else self._tick)

    def _first_wait_us(self) -> int:
        return int(self._rate.period_us * self._random.random())

    def _advance(self) -> None:
        self._sample, self._seen, self._keeps_samples = None, 0, False
        jitter = self._rate.jitter
        wait = self._rate.period_us * (1 - jitter + 2 * jitter * self._random.random())
        self._tick += max(int(wait), 1)  # no two samples at one timestamp


class ReflectedJitterSampler(JitterSampler):
    """Keeps each tick in its period, counted from the first packet."""

    reflects = True

    def _first_wait_us(self) -> int:
        return self._random.randrange(self._rate.period_us)

    def _advance(self) -> None:
        self._sample, self._seen = None, 0
        self._period_start += self._rate.period_us
        self._tick = _next_tick(self._tick, self._period_start, self._rate, self._random)


class ReproducibleSampler:
    """Keeps each tick in its period, counted from 0: where the stream starts makes no difference.

    The ticks are those a stream from 0 on would have. A stream should start and end at multiples
    of the period, and bring a packet more at either end, to give exactly the same samples.
    """

    def __init__(self, rate: SampleRate, output: SampleOutput, seed: str) -> None:
        self._rate = rate
        self._output = output
        self._random = Random(seed)
        self._last: AnyPacket | None = None
        self._period_start = 0
        self._tick = self._random.randrange(rate.period_us)
        self._is_sent = False
        """Whether this period has had its sample."""

    def take(self, packet: AnyPacket) -> None:
        """Sends a packet for every tick up to this one."""
        if self._last is None:
            self._start(packet)
        else:
            self._send_due(packet, self._last)
        self._last = packet

    def finish(self) -> None:
        """Sends the last packet where its period has had none."""
        if self._last is not None and not self._is_sent:
            self._output.send(self._last.at(self._tick))

    def _start(self, packet: AnyPacket) -> None:
        while packet.timestamp >= self._period_start + self._rate.period_us:
            self._advance()
        if self._tick < packet.timestamp:
            self._output.send(packet.at(self._tick))
            self._is_sent = True

    def _send_due(self, packet: AnyPacket, last: AnyPacket) -> None:
        self._advance_if_done(packet)
        while not self._is_sent and self._tick <= packet.timestamp:
            is_packet_nearer = packet.timestamp - self._tick < self._tick - last.timestamp
            self._output.send((packet if is_packet_nearer else last).at(self._tick))
            self._is_sent = True
            self._advance_if_done(packet)
        self._output.promise(self._tick)

    def _advance_if_done(self, packet: AnyPacket) -> None:
        if self._is_sent and packet.timestamp >= self._period_start + self._rate.period_us:
            self._advance()

    def _advance(self) -> None:
        self._period_start += self._rate.period_us
        self._tick = _next_tick(self._tick, self._period_start, self._rate, self._random)
        self._is_sent = False


def _next_tick(tick: int, period_start: int, rate: SampleRate, random: Random) -> int:
    """Returns a tick about a period later, reflected at the ends of the period it belongs to."""
    tick += rate.period_us + random.randrange(2 * rate.jitter_us + 1) - rate.jitter_us
    period_end = period_start + rate.period_us
    if tick < period_start:
        return 2 * period_start - tick - 1
    return 2 * period_end - tick - 1 if tick >= period_end else tick
