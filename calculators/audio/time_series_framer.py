"""Cuts a stream of matrices into frames of one length, which may overlap."""

from dataclasses import dataclass, replace
from enum import IntEnum
from math import floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.audio.column_history import ColumnHistory
from flowlace.calculators.audio.sample_clock import SampleClock
from flowlace.calculators.audio.sound_input import continued
from flowlace.calculators.audio.time_series_headers import check_shape, required_header
from flowlace.calculators.audio.window_functions import hamming_window, hann_window
from flowlace.formats.time_series import MICROSECONDS, Matrix
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator


class FramerWindow(IntEnum):
    """What each frame is multiplied by."""

    NONE = 0
    HAMMING = 1
    HANN = 2


@proto_options("mediapipe.TimeSeriesFramerCalculatorOptions", extension=50631621)
@dataclass(frozen=True, kw_only=True, slots=True)
class TimeSeriesFramerOptions:
    """Options of `TimeSeriesFramerCalculator`."""

    frame_duration_seconds: float = option(1, "double")
    """Length of a frame, rounded to whole samples; required."""

    frame_overlap_seconds: float = option(2, "double")
    """What a frame has in common with the one before; below 0 skips samples between frames."""

    pad_final_packet: bool = option(3, default=True)
    """Whether the last samples are sent as a frame filled up with zeros; else they are dropped."""

    window_function: FramerWindow = option(4)
    """What each frame is multiplied by."""

    emulate_fractional_frame_overlap: bool = option(5)
    """Whether steps between frames vary by one sample to be right on average."""

    use_local_timestamp: bool = option(6)
    """Whether a frame has the time of its last sample, by the timestamp of the packet it came in,
    and gaps in time are bridged."""


@register_calculator
class TimeSeriesFramerCalculator(Calculator[TimeSeriesFramerOptions]):
    """Cuts a stream of matrices into frames of one length, which may overlap.

    Inputs:   series (Matrix) with a TimeSeriesHeader
    Outputs:  frames (Matrix), all with the same number of columns; the header says how many, and
              how many frames a second where steps are equal

    Timestamps: that of a frame's first sample, counted from the first packet; see
    `use_local_timestamp` for the other way. Frames do not depend on how the input was cut.

    Where time is missing, the frame begun is padded or dropped as at the end, and framing starts
    anew (counts `gaps`). Samples for a time that was already there are dropped (counts
    `repeated_samples`). Values pass unchanged, NaN too.

    Without a window function frames are views of memory that is written once: large overlaps cost
    nothing. A padded frame is windowed like the others, which MediaPipe leaves out.

    Example:
        ```
        node {
          calculator: "TimeSeriesFramerCalculator"
          input_stream: "log_mel_spectra"
          output_stream: "log_mel_windows"
          options {
            [mediapipe.TimeSeriesFramerCalculatorOptions.ext] {
              frame_duration_seconds: 0.96
              frame_overlap_seconds: 0.91
              pad_final_packet: false
            }
          }
        }
        ```
    """

    input_ports = (Port("series", Matrix),)
    output_ports = (Port("frames", Matrix),)

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires a length, and an overlap that is shorter."""
        options: TimeSeriesFramerOptions = contract.options
        duration, overlap = options.frame_duration_seconds, options.frame_overlap_seconds
        if not duration > 0:
            raise ContractError(f"frame_duration_seconds has to be above 0, but is {duration:g}")
        if not overlap < duration:
            raise ContractError(
                f"frame_overlap_seconds ({overlap:g}) has to be below frame_duration_seconds "
                f"({duration:g})"
            )

    def open(self) -> None:
        """Turns seconds into samples."""
        options = self.options
        self._header = header = required_header(self.input_headers["series"], self.node_name)
        rate = self._rate = float(header.sample_rate or 0)
        self._length = _samples(options.frame_duration_seconds * rate)
        if self._length < 1:
            raise ValueError(
                f"node {self.node_name!r}: frame_duration_seconds "
                f"({options.frame_duration_seconds:g}) is less than a sample at {rate:g} Hz"
            )
        self._step = self._mean_step(rate)
        if self._step < 1:
            raise ValueError(
                f"node {self.node_name!r}: frames that overlap by "
                f"{options.frame_overlap_seconds:g} s begin less than a sample apart at {rate:g} Hz"
            )
        self._window = _window(options.window_function, self._length)
        self._history = ColumnHistory(int(header.num_channels or 0), self._length)
        self._clock = SampleClock(rate)
        self._local: list[tuple[int, int]] = []
        self._restart()
        self.outputs["frames"].set_header(Packet(self._output_header()))

    def process(self, packets: PacketSet) -> None:
        """Adds a packet, and sends the frames that are complete."""
        packet = packets["series"]
        if not packet:
            return
        check_shape(packet.payload, self._header, self.node_name)
        self._take(packet.payload.values, packet.timestamp)
        self._send_complete_frames()
        self._settle()

    def close(self) -> None:
        """Sends what is left."""
        if hasattr(self, "_clock") and self._clock.anchor_us is not None:
            self._finish()

    def _mean_step(self, rate: float) -> float:
        options = self.options
        if options.emulate_fractional_frame_overlap:
            return (options.frame_duration_seconds - options.frame_overlap_seconds) * rate
        return float(self._length - _samples(options.frame_overlap_seconds * rate))

    def _output_header(self) -> Any:
        is_steady = self._step == round(self._step)
        return replace(
            self._header,
            num_samples=self._length,
            packet_rate=self._rate / self._step if is_steady else self._header.packet_rate,
        )

    def _restart(self) -> None:
        self._history.clear()
        self._frames = 0
        self._first_kept = 0
        """Number of the oldest sample that is kept, counted from the anchor."""
        self._local.clear()

    def _take(self, values: NDArray[Any], timestamp: int) -> None:
        clock = self._clock
        if self.options.use_local_timestamp:
            if clock.anchor_us is None:
                clock.start(timestamp)
            self._local.append((clock.count, timestamp))
        else:
            values = continued(self, clock, values, timestamp, self._begin_anew)
        self._history.append(values)
        clock.advance(values.shape[1])

    def _begin_anew(self) -> None:
        self._finish()
        self._restart()

    def _start_of(self, frame: int) -> int:
        """Returns the number of a frame's first sample."""
        return _samples(frame * self._step)

    def _send_complete_frames(self) -> None:
        while self._start_of(self._frames) + self._length <= self._clock.count:
            self._send_frame()
        self._forget_passed()

    def _forget_passed(self) -> None:
        self._first_kept += self._history.drop(self._start_of(self._frames) - self._first_kept)

    def _send_frame(self) -> None:
        start = self._start_of(self._frames)
        frame: Any = self._history.columns(start - self._first_kept, self._length)
        missing = self._length - frame.shape[1]
        if missing:
            frame = np.pad(frame, ((0, 0), (0, missing)))
        if self._window is not None:
            frame = frame * self._window
        timestamp = self._timestamp_of(start, start + self._length - missing - 1)
        self.outputs["frames"].send(Packet(Matrix(frame), timestamp))
        self._frames += 1

    def _timestamp_of(self, first: int, last: int) -> int:
        if not self.options.use_local_timestamp:
            return self._clock.time_of(first)
        while len(self._local) > 1 and self._local[1][0] <= last:
            del self._local[0]
        begin, timestamp = self._local[0]
        return timestamp + _samples((last - begin) * MICROSECONDS / self._rate)

    def _settle(self) -> None:
        # Frames to come are known to be later, so that nodes that join streams need not wait.
        if not self.options.use_local_timestamp and self._clock.anchor_us is not None:
            bound = self._clock.time_of(self._start_of(self._frames))
            self.outputs["frames"].set_next_timestamp_bound(bound)

    def _finish(self) -> None:
        self._forget_passed()
        has_samples = self._start_of(self._frames) < self._clock.count
        if has_samples and self.options.pad_final_packet:
            self._send_frame()


def _samples(exact: float) -> int:
    """Returns a number of samples, halves rounded up as in C."""
    return floor(exact + 0.5)


def _window(function: FramerWindow, length: int) -> NDArray[Any] | None:
    if function is FramerWindow.NONE:
        return None
    made = hann_window(length) if function is FramerWindow.HANN else hamming_window(length)
    return made.astype(np.float32)
