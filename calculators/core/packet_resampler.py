"""Gives a stream a steady frame rate."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from flowlace.calculators.core.headers import with_frame_rate
from flowlace.calculators.core.options_packet import with_options_packet
from flowlace.calculators.core.packet_sampling import (
    JitterSampler,
    NearestSampler,
    ReflectedJitterSampler,
    ReproducibleSampler,
    SampleOutput,
    Sampler,
    SampleRate,
)
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port, SameAs
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.framework.timestamp import MAX, MIN, PRE_STREAM, describe, is_range_value


class OutputHeader(IntEnum):
    """What becomes of the header of the input stream."""

    NONE = 0
    PASS_HEADER = 1
    """Handed on as it is."""
    UPDATE_VIDEO_HEADER = 2
    """Handed on with the new frame rate."""


@proto_options("mediapipe.PacketResamplerCalculatorOptions", extension=95743844)
@dataclass(frozen=True, kw_only=True, slots=True)
class PacketResamplerOptions:
    """Options of `PacketResamplerCalculator`."""

    frame_rate: float = option(1, "double", default=-1.0)
    """Packets a second on the output; has to be given."""

    output_header: OutputHeader = option(2, default=OutputHeader.NONE)
    """What becomes of the header of the input stream."""

    flush_last_packet: bool = option(3, default=True)
    """Whether the last packet may go out at a tick after it; no effect with jitter."""

    jitter: float = option(4, "double")
    """Furthest a tick strays from even spacing, in periods; 0.1 to 0.25 is usual."""

    jitter_with_reflection: bool = option(9)
    """Whether jitter keeps each tick in its own period."""

    reproducible_sampling: bool = option(10)
    """As reflection, with ticks that do not depend on where the stream starts."""

    base_timestamp: int | None = option(5, "int64")
    """Ticks are whole periods from here; from the first packet where it is left out."""

    start_time: int | None = option(6, "int64")
    """Ticks before are left out."""

    end_time: int | None = option(7, "int64")
    """Ticks from here on are left out."""

    round_limits: bool = option(8)
    """Whether the ticks nearest to start_time and end_time are kept, also outside of them."""

    use_input_frame_rate: bool = option(11)
    """Whether the frame rate of the input VIDEO_HEADER goes before `frame_rate`."""

    max_frame_rate: float = option(12, "double", default=-1.0)
    """Upper limit of the frame rate; none where it is not above 0."""


@register_calculator
class PacketResamplerCalculator(Calculator[PacketResamplerOptions]):
    """Drops and repeats packets so that the output has a steady frame rate.

    Inputs:   packets, or DATA (any); VIDEO_HEADER, optional: a video header at PRE_STREAM
    Outputs:  samples, or DATA: the chosen packets at the timestamps of the ticks;
              VIDEO_HEADER, optional: the input's, with the new frame rate, at PRE_STREAM
    Side packets: OPTIONS (PacketResamplerOptions), optional; SEED (str), needed with jitter

    Each tick takes the packet nearest to it, the later one of two equally near. A period without
    a packet repeats the latest. Tick k is at first + round(k / frame_rate), so 30 a second gives
    0, 33333, 66667, 100000. `start_time` and `end_time` choose among the ticks, they do not move
    them; `base_timestamp` does, and makes the ticks of several streams agree.

    With jitter the ticks are random, at the same average rate. The same SEED gives the same ticks
    in every run and on every machine; MediaPipe's public build has no generator for this mode.

    A tick is sent as soon as a packet at or after it has come, and the timestamp bound moves on to
    the next tick.

    Example:
        ```
        node {
          calculator: "PacketResamplerCalculator"
          input_stream: "camera_frames"
          output_stream: "steady_frames"
          options { [mediapipe.PacketResamplerCalculatorOptions.ext] { frame_rate: 15 } }
        }
        ```
    """

    input_ports = (
        Port("packets", optional=True),
        Port("DATA", optional=True),
        Port("VIDEO_HEADER", optional=True),
    )
    output_ports = (
        Port("samples", optional=True),
        Port("DATA", optional=True),
        Port("VIDEO_HEADER", optional=True),
    )
    side_input_ports = (
        Port("OPTIONS", PacketResamplerOptions, optional=True),
        Port("SEED", str, optional=True),
    )

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires one stream of packets, a possible rate, and a seed for jitter."""
        given = _only_one(contract.inputs, "packets", "input")
        wanted = _only_one(contract.outputs, "samples", "output")
        contract.outputs[wanted].type = SameAs(given)
        if "VIDEO_HEADER" in contract.outputs and contract.options.max_frame_rate > 0:
            raise ContractError("can't send VIDEO_HEADER where max_frame_rate is set")
        if "OPTIONS" not in contract.side_inputs:
            _check(contract.options, "SEED" in contract.side_inputs)

    def open(self) -> None:
        """Takes the options, and hands the header on."""
        given: Any = self.side_packets.get("OPTIONS")
        self._settings = with_options_packet(self.options, given)
        _check(self._settings, "SEED" in self.side_packets)
        self._data = "DATA" if "DATA" in self.input_headers else "packets"
        self._output = self.outputs["DATA" if "DATA" in self.outputs else "samples"]
        self._frame_rate = _limited(self._settings.frame_rate, self._settings)
        self._sampler: Sampler | None = None
        self._video_header: Any = None
        self._hand_on_header()

    def process(self, packets: PacketSet) -> None:
        """Takes a video header or one packet."""
        header: Any = packets.get("VIDEO_HEADER")
        if header:
            self._take_video_header(header)
        packet = packets[self._data]
        if not packet:
            return
        if not is_range_value(packet.timestamp):
            raise ValueError(f"a packet at {describe(packet.timestamp)} is at no tick")
        if self._sampler is None:
            self._send_video_header()
            self._sampler = self._make_sampler()
        self._sampler.take(packet)

    def close(self) -> None:
        """Sends what the end makes due, unless the graph has failed."""
        if self._sampler is not None and self.graph_error is None:
            self._sampler.finish()

    def _hand_on_header(self) -> None:
        header = self.input_headers[self._data]
        how = self._settings.output_header
        if header and how is OutputHeader.UPDATE_VIDEO_HEADER:
            self._video_header = with_frame_rate(header.payload, self._frame_rate)
            self._output.set_header(Packet(self._video_header))
        elif header and how is OutputHeader.PASS_HEADER:
            self._output.set_header(header)

    def _take_video_header(self, header: Packet[Any]) -> None:
        if header.timestamp != PRE_STREAM:
            return
        self._video_header = header.payload
        if self._settings.use_input_frame_rate:
            self._frame_rate = _limited(header.payload.frame_rate, self._settings)

    def _send_video_header(self) -> None:
        if "VIDEO_HEADER" in self.outputs and self._video_header is not None:
            header = with_frame_rate(self._video_header, self._frame_rate)
            self.outputs["VIDEO_HEADER"].send(Packet(header, PRE_STREAM))

    def _make_sampler(self) -> Sampler:
        settings = self._settings
        rate = SampleRate(self._frame_rate, settings.jitter)
        self._margin_us = rate.period_us // 2 if settings.round_limits else 0
        output = SampleOutput(self._send_within_limits, self._output.set_next_timestamp_bound)
        if settings.reproducible_sampling:
            return ReproducibleSampler(rate, output, self.side_packets["SEED"])
        if settings.jitter == 0:
            return NearestSampler(rate, output, settings.base_timestamp, settings.flush_last_packet)
        jitter_class = ReflectedJitterSampler if settings.jitter_with_reflection else JitterSampler
        return jitter_class(rate, output, self.side_packets["SEED"])

    def _send_within_limits(self, packet: Packet[Any]) -> None:
        start, end = self._settings.start_time, self._settings.end_time
        earliest = (MIN if start is None else start) - self._margin_us
        if earliest <= packet.timestamp < (MAX if end is None else end) + self._margin_us:
            self._output.send(packet)


def _only_one(ports: Any, name: str, what: str) -> str:
    found = [key for key in ("DATA", name) if key in ports]
    if len(found) != 1:
        raise ContractError(
            f"has {len(found)} {what} streams of packets; connect DATA or one without a tag"
        )
    return found[0]


def _check(options: PacketResamplerOptions, has_seed: bool) -> None:
    rate = 1.0 if options.use_input_frame_rate else options.frame_rate
    SampleRate(rate, options.jitter)
    if (options.jitter or options.reproducible_sampling) and not has_seed:
        raise ContractError("samples at random and needs the side packet SEED; connect it")


def _limited(frame_rate: float, options: PacketResamplerOptions) -> float:
    limit = options.max_frame_rate
    return min(frame_rate, limit) if limit > 0 else frame_rate
