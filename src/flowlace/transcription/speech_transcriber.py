"""Gives an engine the speech of a stream, in blocks that do not depend on how the sound came."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.transcript import TranscriptUpdate
from flowlace.transcription.errors import TranscriptionError
from flowlace.transcription.speech_segments import SegmentOptions, SpeechPiece, SpeechSegments
from flowlace.transcription.transcriber import Sound, Transcriber
from flowlace.transcription.voice_activity import FRAMES_A_SECOND, FrameActivity, VoiceActivity

_BLOCK_FRAMES: Final = 10
"""Frames the engine hears at once: 100 ms, counted from the start of the sound."""

DEFAULT_OPTIONS: Final = SegmentOptions()

Judge = Callable[[FrameActivity, NDArray[np.int64]], FrameActivity]
"""Has the last word on frames: gets what level and pitch say, and each one's first sample."""


@dataclass(frozen=True, slots=True)
class TimedUpdate:
    """An update and the place in the sound at which it was known."""

    update: TranscriptUpdate
    known_at_sample: int
    """The sample after the last one the engine had heard; for a final one its stretch's end."""


class SpeechTranscriber:
    """Finds the speech of a stream and has it transcribed.

    The same sound gives the same updates, whatever the chunks: frames and blocks are counted from
    the first sample, or from the first one after a `reset`. Memory does not grow.

    Args:
        transcriber: an open engine; closing it is the caller's.
        sample_rate_hz: the rate it was opened with; a multiple of 100.
        options: when a stretch begins and ends.
        judge: has the last word on where somebody speaks; level and pitch have it if left out.
    """

    def __init__(
        self,
        transcriber: Transcriber,
        sample_rate_hz: int,
        options: SegmentOptions = DEFAULT_OPTIONS,
        judge: Judge | None = None,
    ) -> None:
        if sample_rate_hz % FRAMES_A_SECOND:
            raise TranscriptionError(
                f"sound to transcribe needs a rate that is a multiple of {FRAMES_A_SECOND} Hz, "
                f"not {sample_rate_hz}; resample it"
            )
        self._transcriber = transcriber
        self._activity = VoiceActivity(
            sample_rate_hz,
            least_contrast_db=options.least_contrast_db,
            least_level_db=options.least_level_db,
        )
        self._segments = SpeechSegments(options)
        self._judge = judge
        self._frame = self._activity.frame_samples
        self._block = _BLOCK_FRAMES * self._frame
        self._waiting: list[Sound] = []
        self._waiting_samples = 0
        self._next_sample = 0

    @property
    def settled_sample(self) -> int:
        """No update to come is known before this sample."""
        held_from = self._segments.held_from
        return self._next_sample if held_from is None else held_from

    @property
    def rejected_stretches(self) -> int:
        """Stretches that were loud but no speech."""
        return self._segments.rejected_stretches

    @property
    def cut_stretches(self) -> int:
        """Stretches that were cut because they were too long."""
        return self._segments.cut_stretches

    def accept(self, sound: Sound, first_sample: int) -> list[TimedUpdate]:
        """Hears more sound and returns what is new.

        Raises:
            TranscriptionError: the sound leaves a gap; `flush` and `reset` come before one.
        """
        expected = self._next_sample + self._waiting_samples
        if first_sample != expected:
            raise TranscriptionError(
                f"sound from sample {first_sample} does not follow sample {expected}; "
                "flush and reset before a gap"
            )
        self._waiting.append(sound)
        self._waiting_samples += len(sound)
        if self._waiting_samples < self._block:
            return []
        whole = self._waiting_samples // self._block * self._block
        known = np.concatenate(self._waiting)
        self._waiting, self._waiting_samples = [known[whole:]], len(known) - whole
        blocks = known[:whole].reshape(-1, self._block)
        return [one for block in blocks for one in self._hear_frames(block)]

    def flush(self) -> list[TimedUpdate]:
        """Ends the sound: what was heard is final."""
        known = np.concatenate([np.zeros(0, np.float32), *self._waiting])
        whole = len(known) // self._frame * self._frame
        updates = self._hear_frames(known[:whole]) if whole else []
        for piece in self._segments.flush(known[whole:]):
            updates += self._hear_piece(piece)
        self._next_sample += len(known) - whole
        self._waiting, self._waiting_samples = [], 0
        return updates

    def reset(self, next_sample: int) -> None:
        """Forgets all sound, the background and what the engine adapted to.

        Args:
            next_sample: the place of the sound to come.
        """
        self._waiting, self._waiting_samples = [], 0
        self._next_sample = next_sample
        self._segments.reset()
        self._activity.reset()
        self._transcriber.reset()

    def _hear_frames(self, sound: Sound) -> list[TimedUpdate]:
        first = self._next_sample
        self._next_sample += len(sound)
        pieces = self._segments.accept(sound, first, self._found(sound, first))
        return [update for piece in pieces for update in self._hear_piece(piece)]

    def _found(self, sound: Sound, first_sample: int) -> FrameActivity:
        found = self._activity.find(sound)
        if self._judge is None:
            return found
        return self._judge(found, first_sample + np.arange(0, len(sound), self._frame))

    def _hear_piece(self, piece: SpeechPiece) -> list[TimedUpdate]:
        updates = []
        if len(piece.sound):
            updates += self._transcriber.accept(piece.sound, piece.first_sample)
        if piece.is_end:
            updates += self._transcriber.flush()
        return [TimedUpdate(update, piece.end_sample) for update in updates]
