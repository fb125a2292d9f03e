"""Changes the sample rate of sound."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.audio.sample_clock import SampleClock
from flowlace.calculators.audio.sound_input import continued, finite_samples
from flowlace.calculators.audio.streaming_resampler import StreamingResampler
from flowlace.calculators.audio.time_series_headers import check_shape, required_header
from flowlace.formats.time_series import Matrix
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator


@proto_options(
    "mediapipe.RationalFactorResampleCalculatorOptions.ResamplerRationalFactorOptions", extension=0
)
@dataclass(frozen=True, kw_only=True, slots=True)
class ResamplerRationalFactorOptions:
    """The filter of MediaPipe's resampler. Read, and of no effect: soxr has its own."""

    radius: float | None = option(1, "double")
    """In input samples."""
    cutoff: float | None = option(2, "double")
    """In Hz."""
    kaiser_beta: float = option(3, "double", default=6.0)
    """Of the window."""


@proto_options("mediapipe.RationalFactorResampleCalculatorOptions", extension=259760074)
@dataclass(frozen=True, kw_only=True, slots=True)
class RationalFactorResampleOptions:
    """Options of `RationalFactorResampleCalculator`."""

    target_sample_rate: float = option(1, "double")
    """Samples a second of the output; required."""

    resampler_rational_factor_options: ResamplerRationalFactorOptions | None = option(2)
    """Read, and of no effect."""

    check_inconsistent_timestamps: bool = option(3, default=True)
    """Whether a step in the input's timestamps is a gap; else samples are only counted."""


@register_calculator
class RationalFactorResampleCalculator(Calculator[RationalFactorResampleOptions]):
    """Changes the sample rate of sound.

    Inputs:   sound (Matrix `[channel, sample]`) with a TimeSeriesHeader
    Outputs:  resampled (Matrix), with the new rate in the header; packets of varying length

    Any two rates; soxr's high quality (flat to 0.9 of the lower rate's half, images below
    -100 dB). Equal rates pass through. A packet is sent once the filter has heard enough, at most
    120 ms later (40 ms at 44.1 kHz). What comes out does not depend on how the input was cut.

    Timestamps: that of the first input sample plus the output samples counted since: no drift.

    Where time is missing, the sound before is finished and resampling starts anew (counts
    `gaps`). Samples for a time that was already there are dropped (counts `repeated_samples`).
    NaN and infinite samples become silence (counts `non_finite_samples`).

    Example:
        ```
        node {
          calculator: "RationalFactorResampleCalculator"
          input_stream: "mono_sounds"
          output_stream: "resampled_sounds"
          options {
            [mediapipe.RationalFactorResampleCalculatorOptions.ext] { target_sample_rate: 16000 }
          }
        }
        ```
    """

    input_ports = (Port("sound", Matrix),)
    output_ports = (Port("resampled", Matrix),)

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires a rate."""
        rate = contract.options.target_sample_rate
        if not rate > 0:
            raise ContractError(f"target_sample_rate has to be above 0 Hz, but is {rate:g}")

    def open(self) -> None:
        """Makes the resampler."""
        self._header = header = required_header(self.input_headers["sound"], self.node_name)
        source, target = float(header.sample_rate or 0), self.options.target_sample_rate
        self._input_clock, self._output_clock = SampleClock(source), SampleClock(target)
        self._resampler: StreamingResampler | None = None
        if source != target:
            self._resampler = StreamingResampler(source, target, int(header.num_channels or 0))
        self.outputs["resampled"].set_header(Packet(self._output_header()))

    def process(self, packets: PacketSet) -> None:
        """Resamples one packet."""
        packet = packets["sound"]
        if not packet:
            return
        check_shape(packet.payload, self._header, self.node_name)
        values = self._continued(finite_samples(self, packet.payload), packet.timestamp)
        self._input_clock.advance(values.shape[1])
        self._send(values if self._resampler is None else self._resampler.take(values))
        self.outputs["resampled"].set_next_timestamp_bound(self._output_clock.next_us)

    def close(self) -> None:
        """Sends the rest."""
        if hasattr(self, "_resampler"):
            self._finish()

    def _output_header(self) -> Any:
        if self._resampler is None:
            return self._header
        rate = self.options.target_sample_rate
        return replace(self._header, sample_rate=rate, num_samples=None, packet_rate=None)

    def _continued(self, values: NDArray[Any], timestamp: int) -> NDArray[Any]:
        clock = self._input_clock
        if self.options.check_inconsistent_timestamps:
            values = continued(self, clock, values, timestamp, self._finish)
        elif clock.anchor_us is None:
            clock.start(timestamp)
        if clock.count == 0:
            assert clock.anchor_us is not None
            self._output_clock.start(clock.anchor_us)
        return values

    def _finish(self) -> None:
        if self._resampler is not None and self._input_clock.anchor_us is not None:
            self._send(self._resampler.finish())

    def _send(self, values: NDArray[np.float32]) -> None:
        if values.shape[1]:
            self.outputs["resampled"].send(Packet(Matrix(values), self._output_clock.next_us))
            self._output_clock.advance(values.shape[1])
