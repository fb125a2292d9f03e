"""Puts silence where a little sound is missing."""

from dataclasses import dataclass

import numpy as np

from flowlace.calculators.audio.sample_clock import SampleClock
from flowlace.calculators.audio.time_series_headers import check_shape, required_header
from flowlace.formats.time_series import MICROSECONDS, Matrix
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator


@proto_options("flowlace.GapFillCalculatorOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class GapFillOptions:
    """Options of `GapFillCalculator`."""

    max_gap_seconds: float = option(1, "double", default=2.0)
    """Longest gap that is filled."""


@register_calculator
class GapFillCalculator(Calculator[GapFillOptions]):
    """Puts silence where a little sound is missing, so that what follows is one stretch.

    Inputs:   sound (Matrix) with a TimeSeriesHeader
    Outputs:  whole_sound (Matrix), the packets as they came, and silence in between

    For nodes that would need a second of sound to start anew. Longer gaps stay gaps. Counts
    `filled_gaps`.

    Timestamps: as the input; silence has the time the missing sound was due.

    Example:
        ```
        node {
          calculator: "GapFillCalculator"
          input_stream: "resampled_sounds"
          output_stream: "whole_sounds"
          options { [flowlace.GapFillCalculatorOptions.ext] { max_gap_seconds: 1 } }
        }
        ```
    """

    input_ports = (Port("sound", Matrix),)
    output_ports = (Port("whole_sound", Matrix),)

    def open(self) -> None:
        """Reads the header, and hands it on without what silence would make untrue."""
        self._header = required_header(self.input_headers["sound"], self.node_name)
        self._rate = float(self._header.sample_rate or 0)
        self._clock = SampleClock(self._rate)
        self.outputs["whole_sound"].set_header(self.input_headers["sound"])

    def process(self, packets: PacketSet) -> None:
        """Passes a packet, after silence where some is needed."""
        packet = packets["sound"]
        if not packet:
            return
        check_shape(packet.payload, self._header, self.node_name)
        self._fill_up_to(packet.timestamp)
        self._clock.advance(packet.payload.columns)
        self.outputs["whole_sound"].send(packet)

    def _fill_up_to(self, timestamp: int) -> None:
        clock = self._clock
        if clock.anchor_us is None:
            clock.start(timestamp)
        elif clock.is_gap(timestamp):
            missing = round((timestamp - clock.next_us) * self._rate / MICROSECONDS)
            if missing <= self.options.max_gap_seconds * self._rate:
                self._send_silence(missing)
                # Counted from the same anchor, so what rounding leaves does not add up.
                clock.advance(missing)
            else:
                clock.start(timestamp)

    def _send_silence(self, samples: int) -> None:
        self.count("filled_gaps")
        silence = np.zeros((int(self._header.num_channels or 0), samples), np.float32)
        self.outputs["whole_sound"].send(Packet(Matrix(silence), self._clock.next_us))
