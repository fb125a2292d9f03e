"""Whisper models by faster-whisper (CTranslate2), from a folder of files."""

from typing import Any, Final

import numpy as np

from flowlace.formats.transcript import TranscriptUpdate, Word
from flowlace.transcription.errors import TranscriptionError
from flowlace.transcription.segment_revisions import SegmentRevisions
from flowlace.transcription.transcriber import (
    Capability,
    Sound,
    Stretch,
    Transcriber,
    TranscriberOptions,
)

EXTRA: Final = "whisper"
_RATE_HZ: Final = 16_000
_MOST_DOUBT: Final = 0.6
"""A piece that the model itself takes for silence with this probability is no speech."""


class FasterWhisperTranscriber(Transcriber):
    """Writes whole stretches at their end, with punctuation; many languages.

    `model_path` is a folder with a model converted to CTranslate2 (`model.bin`). Nothing is
    fetched. What a stretch says does not depend on the one before: Whisper, given its own text to
    go on from, repeats itself on noise.
    """

    capability = Capability(
        is_streaming=False,
        has_word_times=True,
        has_confidence=True,
        has_punctuation=True,
        latency_us=0,
        sample_rate_hz=_RATE_HZ,
    )

    def __init__(self) -> None:
        self._model: Any = None
        self._stretch = Stretch()
        self._heard: list[Sound] = []

    def open(self, sample_rate_hz: int, language: str, options: TranscriberOptions) -> None:
        """Loads the model."""
        package = _package()
        if sample_rate_hz != _RATE_HZ:
            raise TranscriptionError(
                f"faster-whisper hears sound of {_RATE_HZ} Hz, not {sample_rate_hz}; resample it"
            )
        if not options.model_path:
            raise TranscriptionError("faster-whisper comes without a model; give model_path")
        try:
            self._model = package.WhisperModel(
                options.model_path, cpu_threads=options.num_threads, local_files_only=True
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise TranscriptionError(
                f"faster-whisper can't load the model in {options.model_path!r}: {error}"
            ) from error
        # Whisper knows languages, not regions: `en-us` is `en`.
        self._language = language.lower().replace("_", "-").partition("-")[0] or None
        self._revisions = SegmentRevisions(options.least_confidence)

    def accept(self, sound: Sound, first_sample: int) -> list[TranscriptUpdate]:
        """Keeps the sound until the stretch ends."""
        self._stretch.extend(first_sample, len(sound))
        self._heard.append(sound)
        return []

    def flush(self) -> list[TranscriptUpdate]:
        """Writes the stretch."""
        if self._stretch.first_sample is None:
            return []
        sound = np.concatenate(self._heard)
        pieces, _ = self._model.transcribe(
            sound,
            language=self._language,
            word_timestamps=True,
            condition_on_previous_text=False,
            vad_filter=False,
        )
        words = [
            self._word(word)
            for piece in pieces
            if piece.no_speech_prob < _MOST_DOUBT
            for word in piece.words or ()
            if word.word.strip()
        ]
        self._forget_stretch()
        return self._revisions.final(words)

    def reset(self) -> None:
        """Forgets a pending stretch; nothing is adapted to."""
        self._forget_stretch()
        self._revisions.drop()

    def close(self) -> None:
        """Frees the model."""
        self._model = None

    def _forget_stretch(self) -> None:
        self._stretch.end()
        self._heard = []

    def _word(self, found: Any) -> Word:
        first, last = self._stretch.first_sample, self._stretch.end_sample
        assert first is not None
        start = min(first + round(found.start * _RATE_HZ), last)
        return Word(
            text=found.word.strip(),
            start_sample=start,
            end_sample=max(min(first + round(found.end * _RATE_HZ), last), start),
            confidence=float(found.probability),
        )


def _package() -> Any:
    try:
        import faster_whisper
    except ImportError as error:
        raise TranscriptionError(
            f"engine 'faster-whisper' needs: pip install 'flowlace[{EXTRA}]'"
        ) from error
    return faster_whisper
