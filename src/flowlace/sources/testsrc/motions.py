"""`testsrc:motions`: shapes that move in one of eight ways, and nothing but their motion tells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flowlace.formats.image import Image, ImageFormat
from flowlace.framework.clock import Clock
from flowlace.framework.openers import Url
from flowlace.sources.source import Source
from flowlace.sources.testsrc.made_pictures import MadePictures
from flowlace.sources.testsrc.motion_frames import MOTIONS, MotionOptions, Pixels8, motion_frames
from flowlace.sources.testsrc.truth_file import check_truth, write_truth


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionsOptions:
    """Which motions, and how they are seen."""

    motion: str = ""
    """`left`, or several in turn: `left,cw,grow`; all eight by chance if empty."""

    size: int = 96
    """Rows and columns."""

    fps: float = 15.0
    """Frames a second."""

    clip_s: float = 1.6
    """Seconds until the next motion begins, in another scene. A motion goes as far in a longer
    one, so it is slower."""

    seconds: float = 12.8
    """Length; 0 has no end."""

    seed: int = 1
    """Another seed has other scenes."""

    noise: bool = True
    """Noise and flicker, as of a small sensor."""

    live: bool = False
    """Come by the clock and drop what isn't read in time, as a camera does."""

    truth: str = ""
    """A file the motions are written to: `.csv` or `.jsonl`."""

    def __post_init__(self) -> None:
        unknown = [one for one in self.motions if one not in MOTIONS]
        if unknown:
            raise ValueError(f"motion {unknown[0]!r} is not known; known are: {', '.join(MOTIONS)}")
        if not 32 <= self.size <= 1080:
            raise ValueError(f"size={self.size} must be 32 to 1080")
        if not 0 < self.fps <= 240 or self.seconds < 0 or self.seed < 0:
            raise ValueError("fps must be above 0 and at most 240, seconds and seed not negative")
        if not 2 <= self.clip_frames <= 1000:
            raise ValueError(
                f"clip_s={self.clip_s:g} must be 2 to 1000 frames, but is {self.clip_frames} at "
                f"{self.fps:g} frames a second"
            )
        check_truth(self.truth, self.seconds)

    @property
    def motions(self) -> tuple[str, ...]:
        """Those asked for."""
        return tuple(self.motion.split(",")) if self.motion else ()

    @property
    def clip_frames(self) -> int:
        """Frames until the next motion begins."""
        return round(self.clip_s * self.fps)


@dataclass(frozen=True, kw_only=True, slots=True)
class TrueMotion:
    """One motion from its first frame to the first of the next."""

    onset_us: int
    """When it begins."""
    offset_us: int
    """When it has ended."""
    label: str
    """One of `MOTIONS`."""


class MotionsSource(MadePictures):
    """Gives one clip after the other, each a scene of its own with one motion.

    With the defaults, clips are those that `flowlace_trainers` trains on, of other seeds.

    Args:
        options: which motions.
        clock: for a live one.
    """

    def __init__(
        self, options: MotionsOptions = MotionsOptions(), clock: Clock | None = None
    ) -> None:
        super().__init__(
            "testsrc:motions", width_px=options.size, height_px=options.size, fps=options.fps,
            seconds=options.seconds, is_live=options.live, clock=clock,
        )  # fmt: skip
        self._options = options
        self._clip_number = -1
        self._clip: Pixels8 = np.empty((0, options.size, options.size, 3), np.uint8)

    def image(self, frame_index: int) -> Image:
        """Returns frame number `frame_index` as SRGB."""
        number, place = divmod(frame_index, self._options.clip_frames)
        if number != self._clip_number:
            size = MotionOptions(side_px=self._options.size, frames=self._options.clip_frames)
            seed = (self._options.seed, number, len(MOTIONS))  # three numbers: none is trained on
            label = self.label(number)
            self._clip = motion_frames(seed, label, size, is_noisy=self._options.noise)
            self._clip_number = number
        return Image(ImageFormat.SRGB, self._clip[place])

    def label(self, clip_number: int) -> str:
        """Returns the motion of a clip."""
        motions = self._options.motions
        if motions:
            return motions[clip_number % len(motions)]
        chance = np.random.default_rng((self._options.seed, clip_number))
        return MOTIONS[int(chance.integers(len(MOTIONS)))]

    def ground_truth(self, frame_index: int) -> str:
        """Returns the motion a frame belongs to."""
        return self.label(frame_index // self._options.clip_frames)

    def truth(self, until_us: int | None = None) -> list[TrueMotion]:
        """Returns all motions that begin before `until_us`, or before the end.

        Raises ValueError for an endless source without `until_us`.
        """
        end_us = self.info.duration_us if until_us is None else until_us
        if end_us is None:
            raise ValueError("testsrc:motions with seconds=0 has no end; give until_us")
        frames = self._options.clip_frames
        count = -(-round(end_us * self._rate / 1_000_000) // frames)
        return [
            TrueMotion(
                onset_us=self.timestamp_us(number * frames),
                offset_us=min(self.timestamp_us((number + 1) * frames), end_us),
                label=self.label(number),
            )
            for number in range(count)
        ]


def open_motions(url: Url, clock: Clock) -> Source:
    """Opens the motions named on the command line, and writes their truth where that is asked."""
    options = url.read_options(MotionsOptions)
    source = MotionsSource(options, clock)
    if options.truth:
        write_truth(source.truth(), options.truth, url.text)
    return source
