"""Turns speech into words with times."""

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.audio.sample_clock import SampleClock
from flowlace.calculators.audio.sound_input import REPEATED_SAMPLES, continued, finite_samples
from flowlace.calculators.audio.time_series_headers import check_shape, required_header
from flowlace.formats.sound_scores import SoundScores
from flowlace.formats.time_series import MICROSECONDS, Matrix
from flowlace.formats.transcript import TranscriptUpdate, WordRow
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.framework.timestamp import MIN
from flowlace.transcription.errors import TranscriptionError
from flowlace.transcription.registry import BUILT_IN, known_transcribers, open_transcriber
from flowlace.transcription.speech_segments import SegmentOptions
from flowlace.transcription.speech_transcriber import SpeechTranscriber, TimedUpdate
from flowlace.transcription.transcriber import Sound, TranscriberOptions
from flowlace.transcription.voice_activity import FrameActivity

_MOST_OVERLAPS: Final = 10
"""Packets in a row that begin before the one before ends: the rate is not what was said."""


@proto_options("flowlace.TranscriptionCalculatorOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class TranscriptionOptions:
    """Options of `TranscriptionCalculator`."""

    engine: str = option(1, default=BUILT_IN)
    """Name of the engine: `pocketsphinx`, `sherpa-onnx`, `faster-whisper`, or one registered."""
    model_path: str = option(2)
    """Folder of the engine's model; empty for the one that comes with it."""
    language: str = option(3, default="en")
    """ISO 639-1, with a region if needed; empty: as the model is."""
    num_threads: int = option(4, default=1)
    """Threads of one call, for engines that have a choice."""
    least_confidence: float = option(5, default=0.25)
    """Segments whose words have a lower mean confidence are dropped: mostly noise."""
    activity_threshold: float = option(6, default=0.5)
    """Speech probability on ACTIVITY from which on somebody speaks."""
    least_contrast_db: float = option(7, default=SegmentOptions().least_contrast_db)
    """How far above the background speech is."""
    least_level_db: float = option(8, default=SegmentOptions().least_level_db)
    """How loud speech is at least, below full scale."""
    pre_roll_us: int = option(9, "int64", default=SegmentOptions().pre_roll_us)
    """Sound before the first loud moment that the engine hears, too."""
    pause_us: int = option(10, "int64", default=SegmentOptions().pause_us)
    """Quiet after which a segment ends."""
    least_voiced_us: int = option(11, "int64", default=SegmentOptions().least_voiced_us)
    """Sound of vowels without which a segment is no speech; 0 takes any sound."""
    longest_us: int = option(12, "int64", default=SegmentOptions().longest_us)
    """A longer segment is cut at the quietest place of its last two seconds."""
    activity_label: str = option(13, default="speech")
    """Which kind of sound is speech, where ACTIVITY has the scores of several; capitals or not."""
    takes_any_scores: bool = option(14)
    """Scores that know no speech have no say, instead of being an error."""


@register_calculator
class TranscriptionCalculator(Calculator[TranscriptionOptions]):
    """Turns speech into words with times.

    Inputs:   SOUND (Matrix), one channel at the engine's rate (16 kHz), with a header
              (TimeSeriesHeader)
              ACTIVITY (float, bool or SoundScores), optional: probability that somebody speaks, or
              whether, from the packet's timestamp to the next packet's. A float or bool is
              believed; scores of a sound classifier, which knows what and not exactly when, have
              to agree with level and pitch. These two decide without it
    Outputs:  UPDATES (TranscriptUpdate), partial and final states of segments
              WORDS (list[WordRow]), the words of each final segment that has any

    Timestamps: of an update the end of the sound it comes from; of a final one the end of its
    segment, a microsecond later where a partial one has that time. Words carry their own times.
    In silence the timestamp bound goes on. Places in an update are samples from the start of the
    stream, lost sound included.

    The same sound gives the same words however it was cut into packets. Where sound is missing
    (a jump of more than a millisecond) the segment ends, the engine forgets what it adapted to, and
    `gaps` counts. Samples that are no numbers are heard as silence and counted, louder ones than
    full scale are clipped and counted. Memory stays bounded: sound is kept only while it is not
    decided on, a few seconds.

    Put the node on an executor of its own, so that others go on meanwhile: a segment's end can take
    seconds. Engines that keep Python's lock run in a process of their own.

    Example:
        ```
        executor { name: "speech" type: "ThreadPoolExecutor" }
        node {
          calculator: "TranscriptionCalculator"
          input_stream: "SOUND:mono_sounds"
          output_stream: "UPDATES:updates"
          output_stream: "WORDS:words"
          executor: "speech"
          options { [flowlace.TranscriptionCalculatorOptions.ext] { engine: "pocketsphinx" } }
        }
        ```
    """

    input_ports = (
        Port("SOUND", Matrix, doc="one channel"),
        Port("ACTIVITY", float | bool | SoundScores, optional=True, doc="whether somebody speaks"),
    )
    output_ports = (
        Port("UPDATES", TranscriptUpdate, optional=True, doc="states of segments"),
        Port("WORDS", list[WordRow], optional=True, doc="words of final segments"),
    )

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires a known engine."""
        known = known_transcribers()
        if contract.options.engine not in known:
            raise ContractError(
                f"engine {contract.options.engine!r} is not known; known are: {', '.join(known)}"
            )

    def open(self) -> None:
        """Loads the engine."""
        options = self.options
        transcriber = open_transcriber(options.engine)
        rate_hz = transcriber.capability.sample_rate_hz
        self._check_header(rate_hz)
        self._transcriber = transcriber
        transcriber.open(
            rate_hz,
            options.language,
            TranscriberOptions(
                model_path=options.model_path,
                num_threads=options.num_threads,
                least_confidence=options.least_confidence,
            ),
        )
        self._rate_hz = rate_hz
        self._clock = SampleClock(rate_hz)
        self._start_us = 0
        self._anchor_sample = 0
        self._activity = _ActivityTimes() if "ACTIVITY" in self.input_headers else None
        self._is_believed = True
        self._speech = SpeechTranscriber(
            transcriber,
            rate_hz,
            _segment_options(options),
            self._judged if self._activity is not None else None,
        )
        self._waiting: deque[Packet[Matrix]] = deque()
        self._overlaps = 0
        self._bound = MIN

    def _check_header(self, rate_hz: int) -> None:
        self._header = header = required_header(self.input_headers["SOUND"], self.node_name)
        if header.sample_rate != rate_hz:
            raise TranscriptionError(
                f"SOUND has {header.sample_rate:g} Hz, but engine {self.options.engine!r} hears "
                f"{rate_hz} Hz; put a RationalFactorResampleCalculator before the node"
            )
        if header.num_channels != 1:
            raise TranscriptionError(
                f"SOUND has {header.num_channels} channels, but one is transcribed; put an "
                "AverageTimeSeriesAcrossChannelsCalculator before the node"
            )

    def process(self, packets: PacketSet) -> None:
        """Hears the sound on which all is known."""
        if self._activity is not None:
            self._note_activity(packets)
        if packets["SOUND"]:
            self._hear_waiting()
            self._waiting.append(packets["SOUND"])
        if self._activity is None:
            self._hear_waiting()
        self._tell_bound()

    def _note_activity(self, packets: PacketSet) -> None:
        given = packets["ACTIVITY"]
        if given:
            is_active = self._probability(given.payload) >= self.options.activity_threshold
            assert self._activity is not None
            self._activity.note(given.timestamp, is_active)
            self._is_believed = not isinstance(given.payload, SoundScores)

    def _probability(self, activity: float | SoundScores) -> float:
        if not isinstance(activity, SoundScores):
            return float(activity)
        wanted, labels = self.options.activity_label, activity.classes.labels
        numbers = [n for n, label in enumerate(labels) if label.lower() == wanted.lower()]
        if numbers:
            return float(activity.values[numbers[0]])
        if self.options.takes_any_scores:
            return 1.0
        raise TranscriptionError(
            f"ACTIVITY has no scores of {wanted!r} (activity_label), but of: {', '.join(labels)}"
        )

    def _hear_waiting(self) -> None:
        while self._waiting:
            packet = self._waiting.popleft()
            check_shape(packet.payload, self._header, self.node_name)
            sound = self._continued(finite_samples(self, packet.payload), packet.timestamp)
            first_sample = self._anchor_sample + self._clock.count
            self._clock.advance(len(sound))
            self._send(self._speech.accept(self._clipped(sound), first_sample))

    def _continued(self, values: NDArray[np.float32], timestamp: int) -> Sound:
        clock = self._clock
        if clock.anchor_us is None:
            self._start_us = timestamp
        repeated = self.counters.get(REPEATED_SAMPLES, 0)
        values = continued(self, clock, values, timestamp, self._finish)
        if clock.count == 0 and clock.anchor_us is not None:
            # Lost samples are counted, too: places in the transcript stay places in time.
            passed_us = clock.anchor_us - self._start_us
            self._anchor_sample = round(passed_us * self._rate_hz / MICROSECONDS)
            self._speech.reset(self._anchor_sample)
        self._check_rate(has_overlap=self.counters.get(REPEATED_SAMPLES, 0) > repeated)
        sound: Sound = values[0]
        return sound

    def _check_rate(self, *, has_overlap: bool) -> None:
        self._overlaps = self._overlaps + 1 if has_overlap else 0
        if self._overlaps >= _MOST_OVERLAPS:
            raise TranscriptionError(
                f"SOUND: {_MOST_OVERLAPS} packets in a row begin before the one before them ends; "
                f"more samples come than the {self._rate_hz} Hz of the header: did the rate change?"
            )

    def _clipped(self, sound: Sound) -> Sound:
        too_loud = int(np.count_nonzero(np.abs(sound) > 1))
        if not too_loud:
            return sound
        self.count("clipped_samples", too_loud)
        return np.clip(sound, -1, 1)

    def _finish(self) -> None:
        self._send(self._speech.flush())

    def _time_us(self, sample: int) -> int:
        return self._clock.time_of(sample - self._anchor_sample)

    def _judged(self, found: FrameActivity, samples: NDArray[np.int64]) -> FrameActivity:
        assert self._activity is not None
        speaks = self._activity.at([self._time_us(int(one)) for one in samples])
        if self._is_believed:
            return FrameActivity(speaks, speaks, found.level_db)
        # Windows of a second blur edges: the level says where a stretch begins and ends.
        return FrameActivity(found.is_active, found.is_voiced & speaks, found.level_db)

    def _send(self, updates: list[TimedUpdate]) -> None:
        for one in updates:
            timestamp = max(self._time_us(one.known_at_sample), self._bound)
            self._bound = timestamp + 1
            if "UPDATES" in self.outputs:
                self.outputs["UPDATES"].send(Packet(one.update, timestamp))
            if "WORDS" in self.outputs and one.update.is_final and one.update.words:
                self.outputs["WORDS"].send(Packet(self._rows(one.update), timestamp))

    def _rows(self, update: TranscriptUpdate) -> list[WordRow]:
        return [
            WordRow(
                start_us=self._time_us(word.start_sample),
                end_us=self._time_us(word.end_sample),
                word=word.text,
                confidence=word.confidence,
                segment_id=update.segment_id,
            )
            for word in update.words
        ]

    def _tell_bound(self) -> None:
        if self._clock.anchor_us is None:
            return
        self._bound = max(self._bound, self._time_us(self._speech.settled_sample))
        for output in self.outputs.values():
            output.set_next_timestamp_bound(self._bound)

    def close(self) -> None:
        """Ends the last segment and frees the engine."""
        if not hasattr(self, "_transcriber"):
            return
        try:
            if self.graph_error is None and hasattr(self, "_bound"):
                self._hear_waiting()
                self._finish()
                self._count_stretches()
        finally:
            self._transcriber.close()

    def _count_stretches(self) -> None:
        for event in ("rejected_stretches", "cut_stretches"):
            times = getattr(self._speech, event)
            if times:
                self.count(event, times)


class _ActivityTimes:
    """Since when somebody speaks, or nobody; forgets what lies before the sound heard last."""

    def __init__(self) -> None:
        self._times: deque[int] = deque()
        self._values: deque[bool] = deque()

    def note(self, timestamp: int, is_active: bool) -> None:
        self._times.append(timestamp)
        self._values.append(is_active)

    def at(self, times: list[int]) -> NDArray[np.bool_]:
        """Returns the value at each of ascending times; nobody speaks before the first one."""
        while len(self._times) > 1 and self._times[1] <= times[0]:
            self._times.popleft()
            self._values.popleft()
        places = np.searchsorted(np.array(self._times, np.int64), times, side="right")
        return np.array([False, *self._values])[places]


def _segment_options(options: TranscriptionOptions) -> SegmentOptions:
    return SegmentOptions(
        least_contrast_db=options.least_contrast_db,
        least_level_db=options.least_level_db,
        pre_roll_us=options.pre_roll_us,
        pause_us=options.pause_us,
        least_voiced_us=options.least_voiced_us,
        longest_us=options.longest_us,
    )
