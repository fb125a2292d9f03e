"""Puts silence before and after each stretch of sound."""

from dataclasses import dataclass, replace

import numpy as np

from flowlace.calculators.audio.sample_clock import SampleClock
from flowlace.calculators.audio.time_series_headers import check_shape, required_header
from flowlace.formats.time_series import MICROSECONDS, Matrix, duration_us
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator


@proto_options("flowlace.SilencePaddingCalculatorOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class SilencePaddingOptions:
    """Options of `SilencePaddingCalculator`."""

    samples_before: int = option(1)
    """Zeros before each stretch."""

    samples_after: int = option(2)
    """Zeros after each stretch."""


@register_calculator
class SilencePaddingCalculator(Calculator[SilencePaddingOptions]):
    """Puts silence before and after each stretch of sound, so that windows reach its ends.

    Inputs:   sound (Matrix) with a TimeSeriesHeader
    Outputs:  padded_sound (Matrix)

    A stretch is sound without a gap. Gaps that are too short for the silence on both sides are
    filled up (counts `filled_gaps`).

    Timestamps: as the input; silence has the times before and after, so the first one is earlier
    than the first packet.

    Example:
        ```
        node {
          calculator: "SilencePaddingCalculator"
          input_stream: "whole_sounds"
          output_stream: "padded_sounds"
          options {
            [flowlace.SilencePaddingCalculatorOptions.ext] {
              samples_before: 7200
              samples_after: 8399
            }
          }
        }
        ```
    """

    input_ports = (Port("sound", Matrix),)
    output_ports = (Port("padded_sound", Matrix),)

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires whole numbers of samples."""
        for name in ("samples_before", "samples_after"):
            samples = getattr(contract.options, name)
            if samples < 0:
                raise ContractError(f"{name} has to be at least 0, but is {samples}")

    def open(self) -> None:
        """Reads the header."""
        self._header = header = required_header(self.input_headers["sound"], self.node_name)
        self._rate = float(header.sample_rate or 0)
        self._clock = SampleClock(self._rate)
        changed = replace(header, num_samples=None, packet_rate=None)
        self.outputs["padded_sound"].set_header(Packet(changed))

    def process(self, packets: PacketSet) -> None:
        """Passes a packet, with silence where a stretch begins or ends."""
        packet = packets["sound"]
        if not packet:
            return
        check_shape(packet.payload, self._header, self.node_name)
        clock = self._clock
        if clock.anchor_us is None:
            self._begin(packet.timestamp)
        elif clock.is_gap(packet.timestamp):
            self._bridge(packet.timestamp)
        clock.advance(packet.payload.columns)
        self.outputs["padded_sound"].send(packet)

    def close(self) -> None:
        """Ends the last stretch."""
        if hasattr(self, "_clock") and self._clock.anchor_us is not None:
            self._send_silence(self._clock.next_us, self.options.samples_after)

    def _begin(self, timestamp: int) -> None:
        before = self.options.samples_before
        self._send_silence(timestamp - duration_us(before, self._rate), before)
        self._clock.start(timestamp)

    def _bridge(self, timestamp: int) -> None:
        clock = self._clock
        missing = round((timestamp - clock.next_us) * self._rate / MICROSECONDS)
        before, after = self.options.samples_before, self.options.samples_after
        if missing <= before + after:
            self.count("filled_gaps")
            self._send_silence(clock.next_us, missing)
            clock.advance(missing)
        else:
            self._send_silence(clock.next_us, after)
            self._begin(timestamp)

    def _send_silence(self, timestamp: int, samples: int) -> None:
        if samples:
            silence = np.zeros((int(self._header.num_channels or 0), samples), np.float32)
            self.outputs["padded_sound"].send(Packet(Matrix(silence), timestamp))
