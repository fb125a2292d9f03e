"""Decodes the sound of a media file."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av

from flowlace.calculators.core.options_packet import with_options_packet
from flowlace.formats.time_series import MICROSECONDS, Matrix, TimeSeriesHeader, duration_us
from flowlace.framework.calculator import STOP, Calculator, Flow, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.sources.container import packets_to_cut
from flowlace.sources.decoding import float_samples
from flowlace.sources.sound_length import missing_sound

_GAP_US: Final = 20_000
"""Containers round timestamps, some to a frame of their codec; more than this is a gap."""
_MPEG_EPOCH: Final = 1 << 33
"""Where the clock of an MPEG stream begins again, in its ticks."""


@proto_options("mediapipe.AudioStreamOptions", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class AudioStreamOptions:
    """Which stream of a file is decoded, and how."""

    stream_index: int = option(1, "int64")
    """Number of the stream among those with sound."""

    allow_missing: bool = option(2)
    """Whether a file without that stream gives nothing, instead of an error."""

    ignore_decode_failures: bool = option(3)
    """Whether damaged parts are left out, instead of an error."""

    output_regressing_timestamps: bool = option(4)
    """Refused: timestamps of a stream have to grow. Packets that would go back are dropped."""

    correct_pts_for_rollover: bool | None = option(5)
    """Whether the clock of an MPEG stream goes on where it begins again after 26.5 hours."""


@proto_options("mediapipe.AudioDecoderOptions", extension=263370674)
@dataclass(frozen=True, kw_only=True, slots=True)
class AudioDecoderOptions:
    """Options of `AudioDecoderCalculator`."""

    audio_stream: tuple[AudioStreamOptions, ...] = option(1)
    """The stream to decode; the first one with sound if empty, and no more than one."""

    start_time: float | None = option(2, "double")
    """Seconds before which packets are left out."""

    end_time: float | None = option(3, "double")
    """Seconds after which packets are left out."""


@register_calculator
class AudioDecoderCalculator(Calculator[AudioDecoderOptions]):
    """Decodes the sound of a media file.

    Outputs:  AUDIO (Matrix `[channel, sample]`, -1..1) with a TimeSeriesHeader; AUDIO_HEADER (no
              packets), optional: the header alone, for graphs that take it from there
    Side packets: INPUT_FILE_PATH (str); OPTIONS (AudioDecoderOptions), optional

    Any container and codec FFmpeg reads, at the file's own rate. Packets are as the codec cuts
    them.

    Timestamps: of the file's first sample as the file says, then by counting samples. Where the
    file's own timestamps are more than 20 ms later, sound is missing, and the time of the file
    holds again (counts `gaps`); packets that would go back are dropped (counts `time_goes_back`).

    A file that breaks off gives its sound up to there (counts `cut_off`, where the container says
    how long it should be: MP3, AAC and transport streams don't). Damaged parts are an
    error, or are left out with `ignore_decode_failures` (counts `corrupt`); so is another rate or
    number of channels from some time on (counts `format_changes`).

    Example:
        ```
        node {
          calculator: "AudioDecoderCalculator"
          input_side_packet: "INPUT_FILE_PATH:input_file_path"
          output_stream: "AUDIO:sounds"
          options {
            [mediapipe.AudioDecoderOptions.ext] {
              audio_stream { stream_index: 0 ignore_decode_failures: true }
              end_time: 60
            }
          }
        }
        ```
    """

    output_ports = (Port("AUDIO", Matrix), Port("AUDIO_HEADER", optional=True))
    side_input_ports = (
        Port("INPUT_FILE_PATH", str),
        Port("OPTIONS", AudioDecoderOptions, optional=True),
    )

    def open(self) -> None:
        """Opens the file."""
        options = with_options_packet(self.options, self.side_packets.get("OPTIONS"))
        self._settings = options
        self._choice = _choice(options, self.node_name)
        self._path: str = self.side_packets["INPUT_FILE_PATH"]
        self._container, self._stream = self._opened()
        self._decoded = self._frames()
        self._next_us: int | None = None
        self._anchor_us: int = 0
        self._count: int = 0
        self._last_pts: int | None = None
        self._is_cut_off = self._has_left_out = False
        self._set_headers()

    def process(self, packets: PacketSet) -> Flow | None:  # noqa: ARG002 - a source has no inputs
        """Sends one packet."""
        for frame in self._decoded:
            if self._has_sent(frame):
                return None
        self._note_a_missing_end()
        return STOP

    def close(self) -> None:
        """Closes the file."""
        if getattr(self, "_container", None) is not None:
            self._container.close()

    def _opened(self) -> tuple[Any, Any]:
        try:
            container = av.open(self._path)
        except (av.error.FFmpegError, OSError) as error:
            reason = error.strerror or error
            raise ValueError(
                f"node {self.node_name!r}: {self._path!r} can't be opened: {reason}"
            ) from error
        sounds = [one for one in container.streams.audio if one.codec_context is not None]
        index = self._choice.stream_index
        if index < len(sounds):
            return container, sounds[index]
        container.close()
        if self._choice.allow_missing:
            return None, None
        raise ValueError(
            f"node {self.node_name!r}: {self._path!r} has {len(sounds)} streams with sound that "
            f"can be decoded, but stream_index is {index}"
        )

    def _set_headers(self) -> None:
        is_separate = "AUDIO_HEADER" in self.outputs
        if self._stream is not None:
            context = self._stream.codec_context
            self._rate, self._channels = context.sample_rate, context.channels
            if not (self._rate and self._channels):
                raise ValueError(
                    f"node {self.node_name!r}: {self._path!r} states no sample rate or no "
                    "channels, so there is no sound in it"
                )
            header = Packet(
                TimeSeriesHeader(sample_rate=float(self._rate), num_channels=self._channels)
            )
            self.outputs["AUDIO"].set_header(header)
            if is_separate:
                self.outputs["AUDIO_HEADER"].set_header(header)
        if is_separate:
            self.outputs["AUDIO_HEADER"].close()

    def _frames(self) -> Iterator[Any]:
        if self._stream is None:
            return
        for packet in self._packets():
            try:
                frames = packet.decode()
            except av.error.FFmpegError as error:
                self._refuse_or_count(f"a packet can't be decoded: {error}")
                continue
            for frame in frames:
                if frame.sample_rate != self._rate or frame.layout.nb_channels != self._channels:
                    self._has_left_out = True
                    self.count("format_changes")
                    continue
                yield frame

    def _packets(self) -> Iterator[Any]:
        return packets_to_cut(self._container, self._stream, lambda _: self._note_cut_off())

    def _note_a_missing_end(self) -> None:
        """Counts what containers promise and FFmpeg does not miss."""
        if self._stream is None or self._is_cut_off or self._has_left_out:
            return
        end_us = None if self._next_us is None else Fraction(self._next_us)
        if missing_sound(Path(self._path), self._container, self._stream, end_us):
            self._note_cut_off()

    def _note_cut_off(self) -> None:
        self._is_cut_off = True
        self.count("cut_off")

    def _refuse_or_count(self, what: str) -> None:
        if not self._choice.ignore_decode_failures:
            raise ValueError(
                f"node {self.node_name!r}: {self._path!r}: {what}; set ignore_decode_failures to "
                "leave damaged parts out"
            )
        self.count("corrupt")

    def _has_sent(self, frame: Any) -> bool:
        timestamp = self._timestamp_of(frame)
        if timestamp is None or not self._is_wanted(timestamp):
            return False
        self.outputs["AUDIO"].send(Packet(Matrix(float_samples(frame)), timestamp))
        return True

    def _is_wanted(self, timestamp: int) -> bool:
        start, end = self._settings.start_time, self._settings.end_time
        is_late_enough = start is None or timestamp >= start * MICROSECONDS
        return is_late_enough and (end is None or timestamp <= end * MICROSECONDS)

    def _timestamp_of(self, frame: Any) -> int | None:
        """Returns when a frame begins, and counts its samples; None where it would go back."""
        stated = self._stated_us(frame)
        if self._next_us is None:
            self._start(stated or 0)
        elif stated is not None and stated - self._next_us > _GAP_US:
            self.count("gaps")
            self._start(stated)
        elif stated is not None and self._next_us - stated > _GAP_US:
            self.count("time_goes_back")
            return None
        timestamp: int = self._anchor_us + duration_us(self._count, self._rate)
        self._count += frame.samples
        self._next_us = self._anchor_us + duration_us(self._count, self._rate)
        return timestamp

    def _start(self, timestamp: int) -> None:
        self._anchor_us = self._next_us = timestamp
        self._count = 0

    def _stated_us(self, frame: Any) -> int | None:
        if frame.pts is None:
            return None
        pts, base = frame.pts, Fraction(frame.time_base or self._stream.time_base)
        if self._choice.correct_pts_for_rollover:
            pts = self._unrolled(pts, base)
        stated: int = round(pts * base * MICROSECONDS)
        return stated

    def _unrolled(self, pts: int, base: Fraction) -> int:
        epoch = round(_MPEG_EPOCH / 90_000 / base)
        if self._last_pts is not None:
            pts += round((self._last_pts - pts) / epoch) * epoch
        self._last_pts = pts
        return pts


def _choice(options: AudioDecoderOptions, node_name: str) -> AudioStreamOptions:
    if len(options.audio_stream) > 1:
        raise ValueError(
            f"node {node_name!r} decodes one stream, but audio_stream names "
            f"{len(options.audio_stream)}; use a node for each"
        )
    choice = options.audio_stream[0] if options.audio_stream else AudioStreamOptions()
    if choice.output_regressing_timestamps:
        raise ValueError(
            f"node {node_name!r}: output_regressing_timestamps is not possible, timestamps of a "
            "stream have to grow"
        )
    return choice
