"""Cuts a stream of sound into the stretches an engine should hear.

A stretch begins a little before somebody is heard and ends after a pause. It is held back until
enough of it is voiced: noise never reaches the engine. One that grows too long is cut at the
quietest place of its last seconds, so memory and the engine's answer time stay bounded.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np

from flowlace.transcription.transcriber import Sound
from flowlace.transcription.voice_activity import FRAMES_A_SECOND, FrameActivity

_FRAME_US: Final = 1_000_000 // FRAMES_A_SECOND
_ONSET_FRAMES: Final = 3
"""Active frames in a row that begin a stretch: a click is shorter."""
_UNSURE_FRAMES: Final = 3 * FRAMES_A_SECOND
"""Frames of a stretch that are held back at most while too few of them are voiced."""
_QUIET_FRAMES: Final = 5
"""A cut is made in the middle of so many frames that are the quietest together."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SegmentOptions:
    """When a stretch begins and ends; all times in microseconds, kept to 10 ms."""

    least_contrast_db: float = 9.0
    """How far above the background speech is, in decibels."""
    least_level_db: float = -60.0
    """How loud speech is at least, in decibels below full scale."""
    pre_roll_us: int = 300_000
    """Sound before the first active frame that belongs to a stretch."""
    pause_us: int = 400_000
    """Quiet after which a stretch ends; it belongs to the stretch."""
    least_voiced_us: int = 50_000
    """Voiced sound (what vowels hold after their first 60 ms) without which a stretch is no speech;
    0 takes any sound."""
    longest_us: int = 10_000_000
    """A longer stretch is cut."""
    cut_window_us: int = 2_000_000
    """The end of a too long stretch in which the quietest place is looked for."""


@dataclass(frozen=True, slots=True)
class SpeechPiece:
    """Sound for the engine."""

    sound: Sound
    first_sample: int
    is_end: bool
    """Whether its stretch ends with it."""

    @property
    def end_sample(self) -> int:
        """The sample after its last one."""
        return self.first_sample + len(self.sound)


@dataclass(frozen=True, slots=True)
class _Frame:
    sound: Sound
    first_sample: int
    is_active: bool
    is_voiced: bool
    level_db: float


class SpeechSegments:
    """Turns frames and what was found in them into pieces of speech.

    Memory holds the sound that is not decided on: three seconds, or the window of a cut.
    """

    def __init__(self, options: SegmentOptions) -> None:
        self._pre_roll = _frames(options.pre_roll_us)
        self._pause = max(_frames(options.pause_us), 1)
        self._least_voiced = _frames(options.least_voiced_us)
        self._window = max(_frames(options.cut_window_us), _QUIET_FRAMES)
        self._longest = max(_frames(options.longest_us), 2 * self._window)
        self.rejected_stretches = 0
        """Stretches that were loud but not voiced."""
        self.cut_stretches = 0
        """Stretches that were cut because they were too long."""
        self.reset()

    def reset(self) -> None:
        """Forgets all sound; what was counted stays."""
        self._held: deque[_Frame] = deque()
        self._ready: list[_Frame] = []
        self._is_stretch = False
        self._is_speech = False
        self._active_run = 0
        self._quiet_run = 0
        self._sent = 0
        self._end = 0

    @property
    def held_from(self) -> int | None:
        """The first sample of speech that is not handed out yet; None where there is none."""
        return self._held[0].first_sample if self._is_speech and self._held else None

    def accept(self, sound: Sound, first_sample: int, found: FrameActivity) -> list[SpeechPiece]:
        """Returns the speech that is certain once these frames are known.

        Args:
            sound: as many whole frames as were looked at.
            first_sample: the place of the first one.
            found: what is in them.
        """
        pieces = list(self._pieces(sound, first_sample, found))
        if self._ready:
            pieces.append(self._piece(is_end=False))
        return pieces

    def flush(self, rest: Sound) -> list[SpeechPiece]:
        """Ends the stretch that is under way, with the rest of a frame at the end of the sound."""
        if not self._is_speech:
            self.reset()
            return []
        self._ready += self._held
        if len(rest):
            last = self._ready[-1] if self._ready else None
            behind = last.first_sample + len(last.sound) if last else self._end
            self._ready.append(_Frame(rest, behind, True, True, 0.0))
        piece = self._piece(is_end=True)
        self.reset()
        return [piece]

    def _pieces(
        self, sound: Sound, first_sample: int, found: FrameActivity
    ) -> Iterator[SpeechPiece]:
        size = len(sound) // max(len(found.is_active), 1)
        for at in range(len(found.is_active)):
            frame = _Frame(
                sound[at * size : (at + 1) * size],
                first_sample + at * size,
                bool(found.is_active[at]),
                bool(found.is_voiced[at]),
                float(found.level_db[at]),
            )
            self._active_run = self._active_run + 1 if frame.is_active else 0
            self._quiet_run = 0 if frame.is_active else self._quiet_run + 1
            self._held.append(frame)
            if self._is_speech:
                yield from self._go_on()
            elif self._is_stretch:
                self._judge()
            else:
                self._wait_for_onset()

    def _wait_for_onset(self) -> None:
        while len(self._held) > self._pre_roll + _ONSET_FRAMES:
            self._held.popleft()
        self._is_stretch = self._active_run >= _ONSET_FRAMES
        if self._is_stretch:
            self._judge()

    def _judge(self) -> None:
        """Finds out whether a stretch is speech."""
        if sum(frame.is_voiced for frame in self._held) >= self._least_voiced:
            self._is_speech = True
            self._release(len(self._held))
        elif self._quiet_run >= self._pause:
            self._is_stretch = False
            self.rejected_stretches += 1
        elif len(self._held) > _UNSURE_FRAMES:
            self._held.popleft()

    def _go_on(self) -> Iterator[SpeechPiece]:
        if self._quiet_run >= self._pause:
            self._release(len(self._held))
            yield self._end_stretch()
            self._is_stretch = self._is_speech = False
        elif self._sent < self._longest - self._window:
            self._release(len(self._held))
        elif len(self._held) >= self._window:
            self._release(self._quietest())
            yield self._end_stretch()
            self.cut_stretches += 1
            self._release(len(self._held))

    def _quietest(self) -> int:
        """Returns how many of the held frames come before the quietest place."""
        levels = np.array([frame.level_db for frame in self._held])
        means = np.convolve(levels, np.full(_QUIET_FRAMES, 1 / _QUIET_FRAMES), mode="valid")
        return int(means.argmin()) + _QUIET_FRAMES // 2 + 1

    def _release(self, count: int) -> None:
        self._ready += islice(self._held, count)
        for _ in range(count):
            self._held.popleft()
        self._sent += count

    def _end_stretch(self) -> SpeechPiece:
        self._sent = 0
        return self._piece(is_end=True)

    def _piece(self, *, is_end: bool) -> SpeechPiece:
        frames, self._ready = self._ready, []
        if not frames:
            return SpeechPiece(np.zeros(0, np.float32), self._end, is_end)
        piece = SpeechPiece(
            np.concatenate([frame.sound for frame in frames]), frames[0].first_sample, is_end
        )
        self._end = piece.end_sample
        return piece


def _frames(time_us: int) -> int:
    return round(time_us / _FRAME_US)
