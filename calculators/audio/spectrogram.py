"""Computes the spectrum of overlapping frames of sound."""

from dataclasses import dataclass, replace
from enum import IntEnum
from math import floor
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.audio.column_history import ColumnHistory
from flowlace.calculators.audio.sample_clock import SampleClock
from flowlace.calculators.audio.sound_input import continued, finite_samples
from flowlace.calculators.audio.time_series_headers import check_shape, required_header
from flowlace.calculators.audio.window_functions import (
    cosine_window,
    hamming_window,
    hann_window,
)
from flowlace.formats.time_series import Matrix, MultiStreamTimeSeriesHeader, duration_us
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator


class OutputType(IntEnum):
    """What is sent of each complex spectrum c."""

    SQUARED_MAGNITUDE = 0
    """re(c)^2 + im(c)^2."""
    LINEAR_MAGNITUDE = 1
    """Its square root."""
    DECIBELS = 2
    """20 log10 of the linear magnitude; -inf for silence."""
    COMPLEX = 3
    """The spectrum itself, complex64."""


class WindowType(IntEnum):
    """What each frame is multiplied by before it is transformed."""

    HANN = 0
    HAMMING = 1
    COSINE = 2
    SQRT_HANN = 4
    """The same as COSINE."""


class SampleBufferMode(IntEnum):
    """What happens to samples that are too few for a frame."""

    NONE = 0
    """They wait for the next packet."""
    RESET = 1
    """They are dropped: every packet is a sound by itself."""


class OutputLayout(IntEnum):
    """How spectra lie in packets."""

    OUTPUT_LAYOUT_UNSPECIFIED = 0
    """As the next one."""
    SPECTROGRAM_FRAMES_IN_COLUMNS = 1
    """`[bin, frame]` for each channel."""
    SPECTROGRAM_CHANNELS_IN_ROWS = 2
    """`[channel, bin]`, one packet a frame."""


@proto_options("mediapipe.SpectrogramCalculatorOptions", extension=76186688)
@dataclass(frozen=True, kw_only=True, slots=True)
class SpectrogramOptions:
    """Options of `SpectrogramCalculator`."""

    frame_duration_seconds: float = option(1, "double")
    """Length of a frame, rounded to whole samples; required, here or as a side packet."""

    frame_overlap_seconds: float = option(2, "double")
    """What a frame has in common with the one before."""

    pad_final_packet: bool = option(3, default=True)
    """Whether zeros are added to the last samples until all are part of a frame."""

    output_type: OutputType = option(4)
    """What is sent of each spectrum."""

    allow_multichannel_input: bool = option(5)
    """Whether a packet is a list with one matrix a channel, under a MultiStreamTimeSeriesHeader."""

    window_type: WindowType = option(6)
    """What each frame is multiplied by."""

    output_scale: float = option(7, "double", default=1.0)
    """Factor of what is sent, decibels included."""

    use_local_timestamp: bool = option(8)
    """Whether spectra have the timestamp of the packet that completed them, and gaps in time are
    bridged."""

    fft_size: int = option(9)
    """Samples a transform, frames being filled up with zeros; 0 for the next power of two."""

    input_scale: float = option(10, default=1.0)
    """Factor of the samples."""

    sample_buffer_mode: SampleBufferMode = option(11)
    """What happens to samples that are too few for a frame."""

    output_layout: OutputLayout = option(13, default=OutputLayout.SPECTROGRAM_FRAMES_IN_COLUMNS)
    """How spectra lie in packets."""


_WINDOWS: Final = {
    WindowType.HANN: hann_window,
    WindowType.HAMMING: hamming_window,
    WindowType.COSINE: cosine_window,
    WindowType.SQRT_HANN: cosine_window,
}


@register_calculator
class SpectrogramCalculator(Calculator[SpectrogramOptions]):
    """Computes the spectrum of overlapping frames of sound.

    Inputs:   sound (Matrix `[channel, sample]`) with a TimeSeriesHeader; RESET (any), optional: a
              packet forgets what came before it
    Outputs:  spectra (Matrix `[bin, frame]`, fft_size / 2 + 1 bins; or a list with one a channel,
              or `[channel, bin]`): the frames that an input packet completed; none if it
              completed none. The header has the rate of frames as `sample_rate` and that of the
              sound as `audio_sample_rate`
    Side packets: FRAME_DURATION, FRAME_OVERLAP (float, seconds), optional: instead of the options

    Timestamps: that of the first sample of a packet's first frame, counted from the first packet.
    The frames of a packet differ with how the input was cut; the frames themselves do not.

    Where time is missing, what is left is padded or dropped as at the end, and frames start anew
    (counts `gaps`). Samples for a time that was already there are dropped (counts
    `repeated_samples`). NaN and infinite samples become silence (counts `non_finite_samples`).
    With RESET as the buffer mode, frames begin at the timestamp of each packet.

    Sound of several channels needs `allow_multichannel_input`, or
    `AverageTimeSeriesAcrossChannelsCalculator` before this node.

    Example:
        ```
        node {
          calculator: "SpectrogramCalculator"
          input_stream: "mono_sounds"
          output_stream: "spectra"
          options {
            [mediapipe.SpectrogramCalculatorOptions.ext] {
              frame_duration_seconds: 0.025
              frame_overlap_seconds: 0.015
              fft_size: 512
            }
          }
        }
        ```
    """

    input_ports = (Port("sound", Matrix), Port("RESET", optional=True))
    output_ports = (Port("spectra", Matrix | list[Matrix]),)
    side_input_ports = (
        Port("FRAME_DURATION", float, optional=True),
        Port("FRAME_OVERLAP", float, optional=True),
    )

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Says what kind of packet comes out; checks the frames where they are known."""
        options: SpectrogramOptions = contract.options
        for port in contract.outputs.values():
            port.type = list[Matrix] if _is_list(options) else Matrix
        if not contract.side_inputs:
            _check_frames(options.frame_duration_seconds, options.frame_overlap_seconds)
        if options.fft_size < 0:
            raise ContractError(
                f"fft_size has to be above 0, or 0 for one that fits, not {options.fft_size}"
            )

    def open(self) -> None:
        """Makes the window and the header."""
        options = self.options
        duration = self.side_packets.get("FRAME_DURATION", options.frame_duration_seconds)
        overlap = self.side_packets.get("FRAME_OVERLAP", options.frame_overlap_seconds)
        _check_frames(duration, overlap)
        self._header = header = required_header(self.input_headers["sound"], self.node_name)
        self._rate = float(header.sample_rate or 0)
        self._channels = int(header.num_channels or 0)
        self._length = _samples(duration * self._rate)
        self._step = self._length - _samples(overlap * self._rate)
        self._fft_size = options.fft_size or 1 << max(self._length - 1, 1).bit_length()
        self._check_sizes()
        # In double precision, as in MediaPipe: next to a loud tone the rounding errors of a
        # transform in single precision are as large as what is quiet. It costs no more.
        self._window = _WINDOWS[options.window_type](self._length) * options.input_scale
        self._has_reset = "RESET" in self.input_headers
        self._history = ColumnHistory(self._channels, self._length)
        self._clock = SampleClock(self._rate)
        self._frames = 0
        self._next_start = 0
        """First sample of the next frame, counted from the oldest one that is kept."""
        output = self.outputs["spectra"]
        output.set_header(Packet(self._output_header()))
        if options.use_local_timestamp:
            output.set_offset(0)

    def process(self, packets: PacketSet) -> None:
        """Adds a packet, and sends the spectra of the frames it completes."""
        if self._has_reset and packets["RESET"]:
            self._forget()
        packet = packets["sound"]
        if packet:
            check_shape(packet.payload, self._header, self.node_name)
            self._take(packet)
        self._settle()

    def close(self) -> None:
        """Sends the spectra of what is left."""
        if hasattr(self, "_clock"):
            self._finish()

    def _check_sizes(self) -> None:
        who = f"node {self.node_name!r}"
        if self._channels != 1 and not self.options.allow_multichannel_input:
            raise ValueError(
                f"{who} expects one channel, but {self._channels} come; set "
                "allow_multichannel_input, or put AverageTimeSeriesAcrossChannelsCalculator before"
            )
        if self._length < 2 or self._step < 1:
            raise ValueError(
                f"{who}: frames of {self._length} samples that begin {self._step} samples apart "
                f"are too short at {self._rate:g} Hz"
            )
        if self._fft_size < self._length:
            raise ValueError(
                f"{who}: fft_size ({self._fft_size}) has to hold a frame of {self._length} samples"
            )

    def _output_header(self) -> Any:
        header = replace(
            self._header,
            sample_rate=self._rate / self._step,
            num_channels=self._fft_size // 2 + 1,
            num_samples=None,
            packet_rate=None,
            audio_sample_rate=self._rate,
        )
        if not _is_list(self.options):
            return header
        return MultiStreamTimeSeriesHeader(time_series_header=header, num_streams=self._channels)

    def _take(self, packet: Packet[Matrix]) -> None:
        values, clock = finite_samples(self, packet.payload), self._clock
        if self.options.sample_buffer_mode is SampleBufferMode.RESET:
            self._forget()
        if self.options.use_local_timestamp:
            if clock.anchor_us is None:
                clock.start(packet.timestamp)
            self._last_local_us = packet.timestamp
        else:
            values = continued(self, clock, values, packet.timestamp, self._finish)
        if clock.anchor_us is None:
            clock.start(packet.timestamp)
        self._history.append(values)
        clock.advance(values.shape[1])
        local = packet.timestamp if self.options.use_local_timestamp else None
        self._send_complete_frames(local)

    def _send_complete_frames(self, local_us: int | None) -> None:
        self._forget_passed()
        kept = len(self._history) - self._next_start
        count = (kept - self._length) // self._step + 1
        if kept < self._length:
            return
        spectra = self._spectra(self._history.frames(0, count, self._length, self._step))
        timestamp = self._next_frame_us if local_us is None else local_us
        self._send(spectra, timestamp)
        self._frames += count
        self._last_count = count
        self._next_start = count * self._step
        self._forget_passed()

    @property
    def _next_frame_us(self) -> int:
        return self._clock.time_of(self._frames * self._step)

    def _forget_passed(self) -> None:
        self._next_start -= self._history.drop(self._next_start)

    def _spectra(self, frames: NDArray[Any]) -> NDArray[Any]:
        """Returns `[channel, frame, bin]` of `[frame, sample, channel]`."""
        by_channel = frames.transpose(2, 0, 1)
        spectra = np.fft.rfft(np.multiply(by_channel, self._window, order="C"), self._fft_size)
        found = self._converted(spectra)
        if self.options.output_scale != 1:
            found *= self.options.output_scale
        is_complex = self.options.output_type is OutputType.COMPLEX
        return found.astype(np.complex64 if is_complex else np.float32)

    def _converted(self, spectra: NDArray[np.complex128]) -> NDArray[Any]:
        kind = self.options.output_type
        if kind is OutputType.COMPLEX:
            return spectra
        squared = np.square(spectra.view(np.float64))
        power: NDArray[np.float64] = squared[..., ::2] + squared[..., 1::2]
        if kind is OutputType.SQUARED_MAGNITUDE:
            return power
        if kind is OutputType.LINEAR_MAGNITUDE:
            np.sqrt(power, out=power)
        else:
            with np.errstate(divide="ignore"):
                np.log10(power, out=power)
            power *= 10
        return power

    def _send(self, spectra: NDArray[Any], timestamp: int) -> None:
        output = self.outputs["spectra"]
        if self.options.output_layout is OutputLayout.SPECTROGRAM_CHANNELS_IN_ROWS:
            for frame in range(spectra.shape[1]):
                time = timestamp + duration_us(frame * self._step, self._rate)
                output.send(Packet(Matrix(spectra[:, frame]), time))
            return
        matrices = [Matrix(channel.T) for channel in spectra]
        output.send(Packet(matrices if _is_list(self.options) else matrices[0], timestamp))

    def _settle(self) -> None:
        if not self.options.use_local_timestamp and self._clock.anchor_us is not None:
            self.outputs["spectra"].set_next_timestamp_bound(self._next_frame_us)

    def _forget(self) -> None:
        self._history.clear()
        self._frames = self._next_start = 0
        self._clock.anchor_us = None

    def _finish(self) -> None:
        """Sends what is left, and forgets it."""
        count = self._clock.count
        if self._clock.anchor_us is not None and count and self.options.pad_final_packet:
            missing = self._length - count if count < self._length else self._step - 1
            self._history.append(np.zeros((self._channels, missing), np.float32))
            self._send_complete_frames(self._estimated_local_us())
        self._history.clear()
        self._frames = self._next_start = 0

    def _estimated_local_us(self) -> int | None:
        if not self.options.use_local_timestamp:
            return None
        sent = self._last_count if self._frames else 0
        return self._last_local_us + max(duration_us(sent * self._step, self._rate), 1)


def _is_list(options: SpectrogramOptions) -> bool:
    in_rows = options.output_layout is OutputLayout.SPECTROGRAM_CHANNELS_IN_ROWS
    return options.allow_multichannel_input and not in_rows


def _check_frames(duration: float, overlap: float) -> None:
    if not duration > 0:
        raise ContractError(f"frame_duration_seconds has to be above 0, but is {duration:g}")
    if not 0 <= overlap < duration:
        raise ContractError(
            f"frame_overlap_seconds ({overlap:g}) has to be at least 0 and below "
            f"frame_duration_seconds ({duration:g})"
        )


def _samples(exact: float) -> int:
    return floor(exact + 0.5)
