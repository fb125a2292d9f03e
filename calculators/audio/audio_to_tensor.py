"""Turns sound into the tensors a model takes."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import numpy as np
import soxr
from numpy.typing import NDArray

from flowlace.calculators.audio.column_history import ColumnHistory
from flowlace.calculators.audio.sample_clock import SampleClock
from flowlace.calculators.audio.sound_input import continued, finite_samples
from flowlace.calculators.audio.streaming_resampler import QUALITY, StreamingResampler
from flowlace.calculators.audio.time_series_headers import required_header
from flowlace.calculators.audio.window_functions import hann_window
from flowlace.formats.tensor import Tensor
from flowlace.formats.time_series import Matrix
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.framework.timestamp import MAX, PRE_STREAM


class FlushMode(IntEnum):
    """When the last samples are sent, in stream mode."""

    NONE = 0
    """Refused."""
    ENTIRE_TAIL_AT_TIMESTAMP_MAX = 1
    """At the greatest timestamp there is."""
    PROCEED_AS_USUAL = 2
    """At the time of their first sample."""


class DftTensorFormat(IntEnum):
    """Which parts of a spectrum are in its tensor."""

    DFT_TENSOR_FORMAT_UNKNOWN = 0
    """Refused."""
    WITHOUT_DC_AND_NYQUIST = 1
    """All but the first and the last."""
    WITH_NYQUIST = 2
    """All but the first."""
    WITH_DC_AND_NYQUIST = 3
    """All."""


_PARTS: Final = {
    DftTensorFormat.WITHOUT_DC_AND_NYQUIST: slice(1, -1),
    DftTensorFormat.WITH_NYQUIST: slice(1, None),
    DftTensorFormat.WITH_DC_AND_NYQUIST: slice(None),
}


@proto_options("mediapipe.AudioToTensorCalculatorOptions", extension=448635064)
@dataclass(frozen=True, kw_only=True, slots=True)
class AudioToTensorOptions:
    """Options of `AudioToTensorCalculator`."""

    num_channels: int | None = option(1, "int64")
    """Channels of the tensor; required. Any number is mixed down to 1."""

    num_samples: int | None = option(2, "int64")
    """Samples a channel; required."""

    num_overlapping_samples: int = option(3, "int64")
    """Samples a tensor has in common with the one before."""

    target_sample_rate: float | None = option(4, "double")
    """Samples a second of the tensor; required."""

    stream_mode: bool = option(5, default=True)
    """Whether packets continue each other; else each is a sound by itself."""

    check_inconsistent_timestamps: bool = option(6, default=True)
    """Whether a step in the input's timestamps is a gap; else samples are only counted."""

    fft_size: int | None = option(7, "int64")
    """Samples a transform; tensors hold spectra where it is set."""

    padding_samples_before: int = option(8, "int64")
    """Zeros before the sound, at the target rate; its timestamps move. In stream mode."""

    padding_samples_after: int = option(9, "int64")
    """Zeros after the sound. In stream mode."""

    flush_mode: FlushMode = option(10, default=FlushMode.ENTIRE_TAIL_AT_TIMESTAMP_MAX)
    """When the last samples are sent, in stream mode."""

    dft_tensor_format: DftTensorFormat = option(11, default=DftTensorFormat.WITH_NYQUIST)
    """Which parts of a spectrum are in its tensor."""

    volume_gain_db: float | None = option(12, "double")
    """Gain of the sound."""


@register_calculator
class AudioToTensorCalculator(Calculator[AudioToTensorOptions]):
    """Turns sound into the tensors a model takes: mixed, resampled, cut into frames.

    Inputs:   AUDIO (Matrix `[channel, sample]`), with a TimeSeriesHeader unless SAMPLE_RATE is
              connected; SAMPLE_RATE (float, Hz), optional: once before the stream, or with AUDIO
    Outputs:  TENSORS (list of one Tensor): float32 `[channel, sample]`, or, with `fft_size`, the
              spectrum of a Hann window `[2, parts]`
              TIMESTAMPS (list[int]), optional: of the tensors one call sent, at the last of them
              DC_AND_NYQUIST (tuple of two floats), optional, with `fft_size` only

    As in MediaPipe, values lie in memory sample after sample with all channels of each, and
    spectra part after part with real and imaginary side by side, whatever the shape says.

    Timestamps: of a tensor's first sample, counted from the first packet; the last one, padded
    with zeros, is sent at the end as `flush_mode` says. Out of stream mode each packet is cut,
    and padded, by itself, and resampled as a whole.

    In stream mode, where time is missing, the last samples are padded and sent at their time, and
    tensors start anew (counts `gaps`); MediaPipe only warns and goes on counting, as this does
    without `check_inconsistent_timestamps`. Samples for a time that was already there are dropped
    (counts `repeated_samples`). NaN and infinite samples become silence (counts
    `non_finite_samples`). Another SAMPLE_RATE within a stream is an error.

    Example:
        ```
        node {
          calculator: "AudioToTensorCalculator"
          input_stream: "AUDIO:sounds"
          output_stream: "TENSORS:sound_tensors"
          options {
            [mediapipe.AudioToTensorCalculatorOptions.ext] {
              num_channels: 1
              num_samples: 15600
              num_overlapping_samples: 14800
              target_sample_rate: 16000
              flush_mode: PROCEED_AS_USUAL
            }
          }
        }
        ```
    """

    input_ports = (Port("AUDIO", Matrix), Port("SAMPLE_RATE", float, optional=True))
    output_ports = (
        Port("TENSORS", list[Tensor]),
        Port("TIMESTAMPS", list[int], optional=True),
        Port("DC_AND_NYQUIST", tuple, optional=True),
    )

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires what a model always has, and an overlap that fits."""
        options: AudioToTensorOptions = contract.options
        _check_frames(options)
        _check_spectra(options)
        if "DC_AND_NYQUIST" in contract.outputs and options.fft_size is None:
            raise ContractError("DC_AND_NYQUIST is there only with fft_size; set it")
        if options.flush_mode is FlushMode.NONE:
            raise ContractError(
                "flush_mode has to be ENTIRE_TAIL_AT_TIMESTAMP_MAX or PROCEED_AS_USUAL"
            )

    def open(self) -> None:
        """Reads the rate, where it is known."""
        options = self.options
        self._channels = int(options.num_channels or 0)
        self._length = int(options.num_samples or 0)
        self._step = self._length - options.num_overlapping_samples
        self._target_rate = float(options.target_sample_rate or 0)
        self._gain = np.float32(10 ** ((options.volume_gain_db or 0) / 20))
        self._window = None if options.fft_size is None else hann_window(options.fft_size)
        self._history = ColumnHistory(self._channels, self._length)
        self._output_clock = SampleClock(self._target_rate)
        self._source_rate: float | None = None
        self._resampler: StreamingResampler | None = None
        self._pad()
        header = self.input_headers["AUDIO"]
        if header and "SAMPLE_RATE" in self.input_headers:
            raise ValueError(
                f"node {self.node_name!r} gets the sample rate twice: by the header of AUDIO and "
                "by SAMPLE_RATE; connect one"
            )
        if header or "SAMPLE_RATE" not in self.input_headers:
            self._set_rate(float(required_header(header, self.node_name).sample_rate or 0))

    def process(self, packets: PacketSet) -> None:
        """Adds a packet, and sends the tensors that are complete."""
        rate = packets.get("SAMPLE_RATE")
        if rate:
            self._set_rate(rate.payload)
        packet = packets["AUDIO"]
        if not packet or packets.timestamp == PRE_STREAM:
            return
        if self._source_rate is None:
            raise ValueError(
                f"node {self.node_name!r}: sound came before its rate; send SAMPLE_RATE with the "
                "first packet or before the stream"
            )
        values = self._mixed(finite_samples(self, packet.payload))
        sent: list[int] = []
        if self.options.stream_mode:
            self._stream_on(values, packet.timestamp, sent)
        else:
            self._send_alone(values, packet.timestamp, sent)
        self._send_timestamps(sent)

    def close(self) -> None:
        """Sends what is left."""
        if not self.options.stream_mode or getattr(self, "_source_rate", None) is None:
            return
        sent: list[int] = []
        is_late = self.options.flush_mode is FlushMode.ENTIRE_TAIL_AT_TIMESTAMP_MAX
        self._finish(sent, MAX if is_late else None)
        self._send_timestamps(sent)

    def _set_rate(self, rate: float) -> None:
        if not rate > 0:
            raise ValueError(f"node {self.node_name!r}: a sample rate is above 0 Hz, not {rate:g}")
        if rate == self._source_rate:
            return
        if self.options.stream_mode and self._source_rate is not None:
            raise ValueError(
                f"node {self.node_name!r}: the sample rate changes from {self._source_rate:g} to "
                f"{rate:g} Hz within a stream; set stream_mode to false, or start a new stream"
            )
        self._source_rate = rate
        self._input_clock = SampleClock(rate)
        if self.options.stream_mode and rate != self._target_rate:
            self._resampler = StreamingResampler(rate, self._target_rate, self._channels)

    def _mixed(self, values: NDArray[Any]) -> NDArray[Any]:
        if len(values) != self._channels:
            if self._channels != 1:
                raise ValueError(
                    f"node {self.node_name!r}: sound has {len(values)} channels, but the model "
                    f"takes {self._channels}"
                )
            values = values.mean(axis=0, keepdims=True)
        return values if self._gain == 1 else values * self._gain

    def _stream_on(self, values: NDArray[Any], timestamp: int, sent: list[int]) -> None:
        clock = self._input_clock
        if self.options.check_inconsistent_timestamps:
            values = continued(self, clock, values, timestamp, lambda: self._begin_anew(sent))
        elif clock.anchor_us is None:
            clock.start(timestamp)
        if clock.count == 0:
            assert clock.anchor_us is not None
            self._output_clock.start(clock.anchor_us)
        clock.advance(values.shape[1])
        self._history.append(values if self._resampler is None else self._resampler.take(values))
        self._send_complete(sent)
        self.outputs["TENSORS"].set_next_timestamp_bound(self._output_clock.next_us)

    def _send_alone(self, values: NDArray[Any], timestamp: int, sent: list[int]) -> None:
        if self._source_rate != self._target_rate:
            whole = soxr.resample(
                np.ascontiguousarray(values.T), self._source_rate, self._target_rate, QUALITY
            )
            values = whole.reshape(-1, self._channels).T
        self._history.append(values)
        self._output_clock.start(timestamp)
        self._send_complete(sent)
        self._send_rest(sent, None)

    def _begin_anew(self, sent: list[int]) -> None:
        self._finish(sent, None)
        self._pad()

    def _pad(self) -> None:
        before = self.options.padding_samples_before if self.options.stream_mode else 0
        self._history.append(np.zeros((self._channels, before), np.float32))

    def _finish(self, sent: list[int], rest_us: int | None) -> None:
        if self._input_clock.anchor_us is None:
            return
        if self._resampler is not None:
            self._history.append(self._resampler.finish())
        after = self.options.padding_samples_after
        self._history.append(np.zeros((self._channels, after), np.float32))
        self._send_complete(sent)
        self._send_rest(sent, rest_us)

    def _send_complete(self, sent: list[int]) -> None:
        while len(self._history) >= self._length:
            frame = self._history.columns(0, self._length)
            self._send(frame, self._output_clock.next_us, sent)
            self._output_clock.advance(self._step)
            self._history.drop(self._step)

    def _send_rest(self, sent: list[int], timestamp: int | None) -> None:
        rest = self._history.columns(0, self._length)
        if rest.shape[1]:
            missing = self._length - rest.shape[1]
            time = self._output_clock.next_us if timestamp is None else timestamp
            self._send(np.pad(rest, ((0, 0), (0, missing))), time, sent)
        self._history.clear()

    def _send(self, frame: NDArray[Any], timestamp: int, sent: list[int]) -> None:
        values = np.ascontiguousarray(frame.T)
        shape = (self._channels, self._length)
        if self._window is not None:
            values = self._spectrum(values[:, 0], timestamp)
            shape = (2, len(values))
        self.outputs["TENSORS"].send(Packet([Tensor(values.reshape(shape))], timestamp))
        sent.append(timestamp)

    def _spectrum(self, samples: NDArray[Any], timestamp: int) -> NDArray[np.float32]:
        """Returns `[part, real and imaginary]`."""
        assert self._window is not None
        whole = np.fft.rfft(samples * self._window[: len(samples)], len(self._window))
        spectrum = whole.astype(np.complex64, copy=False)
        if "DC_AND_NYQUIST" in self.outputs:
            ends = (float(spectrum[0].real), float(spectrum[-1].real))
            self.outputs["DC_AND_NYQUIST"].send(Packet(ends, timestamp))
        parts = spectrum[_PARTS[self.options.dft_tensor_format]]
        return parts.view(np.float32).reshape(-1, 2)

    def _send_timestamps(self, sent: list[int]) -> None:
        if sent and "TIMESTAMPS" in self.outputs:
            self.outputs["TIMESTAMPS"].send(Packet(sent, sent[-1]))


def _check_frames(options: AudioToTensorOptions) -> None:
    for name in ("num_channels", "num_samples", "target_sample_rate"):
        value = getattr(options, name)
        if value is None or not value > 0:
            what = "is missing" if value is None else f"is {value:g}"
            raise ContractError(f"{name} has to be above 0, but {what}")
    assert options.num_samples is not None
    if not 0 <= options.num_overlapping_samples < options.num_samples:
        raise ContractError(
            f"num_overlapping_samples ({options.num_overlapping_samples}) has to be at least 0 "
            f"and below num_samples ({options.num_samples})"
        )
    for name in ("padding_samples_before", "padding_samples_after"):
        if getattr(options, name) < 0:
            raise ContractError(f"{name} has to be at least 0, but is {getattr(options, name)}")


def _check_spectra(options: AudioToTensorOptions) -> None:
    size = options.fft_size
    if size is None:
        return
    if not _is_fast_size(size):
        raise ContractError(
            f"fft_size has to be 2^a 3^b 5^c with a of at least 5, as in MediaPipe, not {size}"
        )
    if options.num_channels != 1:
        raise ContractError(f"fft_size needs num_channels 1, not {options.num_channels}")
    if size < (options.num_samples or 0):
        raise ContractError(
            f"fft_size ({size}) has to hold a frame of num_samples ({options.num_samples})"
        )
    if options.dft_tensor_format is DftTensorFormat.DFT_TENSOR_FORMAT_UNKNOWN:
        raise ContractError("dft_tensor_format has to say which parts are wanted")


def _is_fast_size(size: int) -> bool:
    if size <= 0 or size % 32:
        return False
    for factor in (2, 3, 5):
        while size % factor == 0:
            size //= factor
    return size == 1
