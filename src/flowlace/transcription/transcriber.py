"""The interface of all engines that turn speech into words.

An engine hears stretches of speech, one after the other. Within a stretch the sound is
contiguous; `flush` ends it. Places are samples of the whole stream, so an engine adds the place
of a stretch to what it finds in it and nothing can drift.

    transcriber.open(16_000, "en", TranscriberOptions())
    updates = transcriber.accept(sound, first_sample=48_000)   # as often as sound comes
    updates += transcriber.flush()                             # what was pending is final
    transcriber.close()
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.transcript import TranscriptUpdate
from flowlace.transcription.errors import TranscriptionError

Sound = NDArray[np.float32]
"""Samples of one channel, -1 to 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Capability:
    """What an engine can do."""

    is_streaming: bool
    """Whether it tells what it heard so far before a stretch ends."""
    has_word_times: bool
    """Whether its words have times of their own; otherwise they share their stretch evenly."""
    has_confidence: bool
    """Whether it says how sure it is of a word."""
    has_punctuation: bool
    """Whether it writes punctuation and capitals."""
    latency_us: int
    """How far behind the sound its first guess at a word is, beside computing; 0: next update."""
    sample_rate_hz: int
    """The rate its model was made for."""
    keeps_lock: bool = False
    """Whether it keeps Python's lock while it computes, so that it needs a process of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TranscriberOptions:
    """What a user may choose of an engine."""

    model_path: str = ""
    """Folder of the model; empty for the one that comes with the engine, where one does."""
    num_threads: int = 1
    """Threads of one call, for engines that have a choice."""
    least_confidence: float = 0.0
    """Segments whose words have a lower mean confidence are dropped: mostly noise."""


class Transcriber(ABC):
    """An engine that turns stretches of speech into words."""

    capability: Capability

    @abstractmethod
    def open(self, sample_rate_hz: int, language: str, options: TranscriberOptions) -> None:
        """Loads the model.

        Args:
            sample_rate_hz: of the sound to come.
            language: ISO 639-1 (`en`), with a region if needed (`en-us`); empty: as the model is.
            options: the user's choice.

        Raises:
            TranscriptionError: the engine is not installed, the model is missing or for another
                language or rate.
        """

    @abstractmethod
    def accept(self, sound: Sound, first_sample: int) -> list[TranscriptUpdate]:
        """Hears more of a stretch, which a first call begins, and returns what is new.

        Raises:
            TranscriptionError: the sound does not begin where the stretch has got to.
        """

    @abstractmethod
    def flush(self) -> list[TranscriptUpdate]:
        """Ends the stretch; what was heard in it is final."""

    @abstractmethod
    def reset(self) -> None:
        """Forgets a pending stretch and all it adapted to; segments go on being counted."""

    @abstractmethod
    def close(self) -> None:
        """Frees the model; any number of times."""


class Stretch:
    """Where the stretch an engine hears begins and how far it has got."""

    def __init__(self) -> None:
        self.first_sample: int | None = None
        """None between stretches."""
        self.end_sample = 0
        """The sample that comes next."""

    def extend(self, first_sample: int, count: int) -> bool:
        """Adds samples; returns whether they begin a stretch.

        Raises:
            TranscriptionError: they do not begin where the stretch has got to.
        """
        is_new = self.first_sample is None
        if is_new:
            self.first_sample = first_sample
        elif first_sample != self.end_sample:
            raise TranscriptionError(
                f"sound from sample {first_sample} does not follow sample {self.end_sample}; "
                "flush or reset before a gap"
            )
        self.end_sample = first_sample + count
        return is_new

    def end(self) -> None:
        """Ends the stretch."""
        self.first_sample = None
