"""The built-in engine: pocketsphinx with the English model that comes in its wheel."""

import re
from dataclasses import dataclass
from pathlib import Path
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

EXTRA: Final = "speech"
_FRAME_RATE: Final = 100
"""Frames a second in which the decoder gives its times."""
_FULL_SCALE: Final = 32767
_PRONUNCIATION: Final = re.compile(r"\(\d+\)$")
_NO_WORD: Final = ("<", "[", "+")
"""How the names of silence and noise begin in dictionaries."""


@dataclass(frozen=True, slots=True)
class _ModelFiles:
    acoustic: str
    dictionary: str
    language_model: str


class PocketsphinxTranscriber(Transcriber):
    """Streams words with times on the CPU, offline, in a third of real time.

    Good for clear American English read aloud; poor with other accents, far microphones and
    background sounds. `model_path` is a folder laid out as the wheel's `model/en-us`: a folder
    with the acoustic model (`mdef` in it), one dictionary (`.dict`) and one language model
    (`.lm.bin` or `.lm`).
    """

    capability = Capability(
        is_streaming=True,
        has_word_times=True,
        has_confidence=True,
        has_punctuation=False,
        latency_us=0,
        sample_rate_hz=16_000,
        keeps_lock=True,
    )

    def __init__(self) -> None:
        self._decoder: Any = None
        self._stretch = Stretch()

    def open(self, sample_rate_hz: int, language: str, options: TranscriberOptions) -> None:
        """Loads the model."""
        package = _package()
        if sample_rate_hz != self.capability.sample_rate_hz:
            raise TranscriptionError(
                f"pocketsphinx hears sound of {self.capability.sample_rate_hz} Hz, "
                f"not {sample_rate_hz}; resample it"
            )
        files = _model_files(package, language, options.model_path)
        try:
            self._decoder = package.Decoder(
                hmm=files.acoustic,
                dict=files.dictionary,
                lm=files.language_model,
                samprate=float(sample_rate_hz),
                frate=_FRAME_RATE,
                loglevel="FATAL",
            )
        except (RuntimeError, ValueError) as error:
            raise TranscriptionError(
                f"pocketsphinx can't load the model in {options.model_path or 'its wheel'!r}: "
                f"{error}"
            ) from error
        self._samples_a_frame = sample_rate_hz // _FRAME_RATE
        self._revisions = SegmentRevisions(options.least_confidence)

    def accept(self, sound: Sound, first_sample: int) -> list[TranscriptUpdate]:
        """Hears more of a stretch."""
        if self._stretch.extend(first_sample, len(sound)):
            self._decoder.start_utt()
        self._decoder.process_raw(_as_int16(sound).tobytes())
        return self._revisions.partial(self._words(has_confidence=False))

    def flush(self) -> list[TranscriptUpdate]:
        """Ends the stretch: two more passes over it choose the final words."""
        if self._stretch.first_sample is None:
            return []
        self._decoder.end_utt()
        words = self._words(has_confidence=True)
        self._stretch.end()
        return self._revisions.final(words)

    def reset(self) -> None:
        """Forgets a pending stretch and what the front end adapted to."""
        if self._stretch.first_sample is not None:
            self._decoder.end_utt()
            self._stretch.end()
        self._revisions.drop()
        self._decoder.reinit_feat()

    def close(self) -> None:
        """Frees the decoder."""
        self._decoder = None

    def _words(self, *, has_confidence: bool) -> list[Word]:
        # Asking for segments before there is a hypothesis is an error in pocketsphinx.
        if self._decoder.hyp() is None:
            return []
        return [
            self._word(one, has_confidence=has_confidence)
            for one in self._decoder.seg()
            if not one.word.startswith(_NO_WORD)
        ]

    def _word(self, found: Any, *, has_confidence: bool) -> Word:
        first = self._stretch.first_sample
        assert first is not None
        end = first + (found.end_frame + 1) * self._samples_a_frame
        return Word(
            text=_PRONUNCIATION.sub("", found.word),
            start_sample=first + found.start_frame * self._samples_a_frame,
            end_sample=min(end, self._stretch.end_sample),
            confidence=float(min(max(found.prob, 0.0), 1.0)) if has_confidence else None,
        )


def _package() -> Any:
    try:
        import pocketsphinx
    except ImportError as error:
        raise TranscriptionError(
            f"engine 'pocketsphinx' needs: pip install 'flowlace[{EXTRA}]'"
        ) from error
    return pocketsphinx


def _as_int16(sound: Sound) -> "np.ndarray[Any, np.dtype[np.int16]]":
    scaled = np.rint(np.clip(sound, -1, 1) * _FULL_SCALE)
    return scaled.astype(np.int16)


def _model_files(package: Any, language: str, model_path: str) -> _ModelFiles:
    if not model_path:
        if language.lower().replace("_", "-") not in ("", "en", "en-us"):
            raise TranscriptionError(
                f"pocketsphinx comes with English only; give model_path for {language!r}"
            )
        folder = Path(package.get_model_path("en-us"))
        return _ModelFiles(
            str(folder / "en-us"),
            str(folder / "cmudict-en-us.dict"),
            str(folder / "en-us.lm.bin"),
        )
    folder = Path(model_path)
    return _ModelFiles(
        str(_only(folder, "*/mdef", "mdef").parent),
        str(_only(folder, "*.dict", "*.dic")),
        str(_only(folder, "*.lm.bin", "*.lm")),
    )


def _only(folder: Path, *patterns: str) -> Path:
    for pattern in patterns:
        found = sorted(folder.glob(pattern))
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(one.name for one in found)
            raise TranscriptionError(f"model folder {str(folder)!r} holds {names}; keep one")
    raise TranscriptionError(
        f"model folder {str(folder)!r} holds no {' or '.join(patterns)}; pocketsphinx needs a "
        "folder with mdef, a .dict and a .lm.bin"
    )
