"""Streaming models of sherpa-onnx (zipformer, paraformer and others), from a folder of files."""

import math
from collections.abc import Sequence
from itertools import pairwise
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

EXTRA: Final = "sherpa"
_TAIL_S: Final = 0.66
"""Silence after a stretch, so that the model's view reaches over the last word."""
_LAST_TOKEN_S: Final = 0.24
"""How long the last token of a word lasts at most: models say where tokens begin only."""
_WORD_STARTS: Final = ("▁", " ")
"""With what the token begins that begins a word."""


class SherpaOnnxTranscriber(Transcriber):
    """Streams words by a model of the user's; any language a model exists for.

    `model_path` is a folder as the project publishes them: `tokens.txt` and
    `encoder*.onnx`, `decoder*.onnx`, `joiner*.onnx` (transducer), or the first two (paraformer),
    or one `model*.onnx` (zipformer2 CTC). Files of eight bits (`.int8.onnx`) are preferred. A
    word ends where the next begins, at most 0.24 s after its last token began.
    """

    capability = Capability(
        is_streaming=True,
        has_word_times=True,
        has_confidence=True,
        has_punctuation=False,
        latency_us=320_000,
        sample_rate_hz=16_000,
    )

    def __init__(self) -> None:
        self._recognizer: Any = None
        self._stream: Any = None
        self._stretch = Stretch()

    def open(self, sample_rate_hz: int, language: str, options: TranscriberOptions) -> None:  # noqa: ARG002 - a model has one language
        """Loads the model."""
        package = _package()
        if not options.model_path:
            raise TranscriptionError("sherpa-onnx comes without a model; give model_path")
        self._rate_hz = sample_rate_hz
        try:
            self._recognizer = _recognizer(package, Path(options.model_path), options.num_threads)
        except (AssertionError, RuntimeError, ValueError) as error:
            raise TranscriptionError(
                f"sherpa-onnx can't load the model in {options.model_path!r}: {error}"
            ) from error
        self._revisions = SegmentRevisions(options.least_confidence)

    def accept(self, sound: Sound, first_sample: int) -> list[TranscriptUpdate]:
        """Hears more of a stretch."""
        if self._stretch.extend(first_sample, len(sound)):
            self._stream = self._recognizer.create_stream()
        self._stream.accept_waveform(self._rate_hz, sound)
        return self._revisions.partial(self._decoded())

    def flush(self) -> list[TranscriptUpdate]:
        """Ends the stretch."""
        if self._stretch.first_sample is None:
            return []
        tail = np.zeros(round(_TAIL_S * self._rate_hz), np.float32)
        self._stream.accept_waveform(self._rate_hz, tail)
        self._stream.input_finished()
        words = self._decoded()
        self._stretch.end()
        return self._revisions.final(words)

    def reset(self) -> None:
        """Forgets a pending stretch; nothing is adapted to."""
        self._stretch.end()
        self._stream = None
        self._revisions.drop()

    def close(self) -> None:
        """Frees the model."""
        self._recognizer = self._stream = None

    def _decoded(self) -> list[Word]:
        recognizer, stream = self._recognizer, self._stream
        while recognizer.is_ready(stream):
            recognizer.decode_stream(stream)
        first, end = self._stretch.first_sample, self._stretch.end_sample
        assert first is not None
        return words_of_tokens(
            recognizer.tokens(stream),
            [first + round(time_s * self._rate_hz) for time_s in recognizer.timestamps(stream)],
            recognizer.ys_probs(stream),
            last_token_samples=round(_LAST_TOKEN_S * self._rate_hz),
            end_sample=end,
        )


def words_of_tokens(
    tokens: Sequence[str],
    starts: Sequence[int],
    log_probabilities: Sequence[float],
    *,
    last_token_samples: int,
    end_sample: int,
) -> list[Word]:
    """Returns the words that pieces of words make up.

    Args:
        tokens: pieces; one that begins with `▁` or a space begins a word.
        starts: the sample at which each begins.
        log_probabilities: of each; empty where the model gives none.
        last_token_samples: how long the last piece of a word lasts at most.
        end_sample: where the sound ends.

    >>> words_of_tokens(["▁HE", "LLO", "▁YOU"], [0, 3, 9], [], last_token_samples=4, end_sample=20)
    ... # doctest: +ELLIPSIS +NORMALIZE_WHITESPACE
    [Word(text='HELLO', start_sample=0, end_sample=7, confidence=None),
     Word(text='YOU', start_sample=9, end_sample=13, confidence=None)]
    """
    begins = [at for at, token in enumerate(tokens) if not at or token.startswith(_WORD_STARTS)]
    words = []
    for begin, behind in pairwise([*begins, len(tokens)]):
        text = "".join(tokens[begin:behind]).strip("▁ ")
        following = starts[behind] if behind < len(tokens) else end_sample
        given = log_probabilities[begin:behind]
        if text:
            words.append(
                Word(
                    text=text,
                    start_sample=min(starts[begin], end_sample),
                    end_sample=min(starts[behind - 1] + last_token_samples, following, end_sample),
                    confidence=math.exp(min(sum(given) / len(given), 0.0)) if given else None,
                )
            )
    return words


def _package() -> Any:
    try:
        import sherpa_onnx
    except ImportError as error:
        raise TranscriptionError(
            f"engine 'sherpa-onnx' needs: pip install 'flowlace[{EXTRA}]'"
        ) from error
    return sherpa_onnx


def _recognizer(package: Any, folder: Path, num_threads: int) -> Any:
    tokens = folder / "tokens.txt"
    if not tokens.is_file():
        raise TranscriptionError(f"model folder {str(folder)!r} holds no tokens.txt")
    parts = {name: _part(folder, name) for name in ("encoder", "decoder", "joiner", "model")}
    kinds: dict[str, tuple[str, ...]] = {
        "from_transducer": ("encoder", "decoder", "joiner"),
        "from_paraformer": ("encoder", "decoder"),
        "from_zipformer2_ctc": ("model",),
    }
    for constructor, names in kinds.items():
        if all(parts[name] for name in names):
            return getattr(package.OnlineRecognizer, constructor)(
                tokens=str(tokens),
                num_threads=num_threads,
                **{name: str(parts[name]) for name in names},
            )
    raise TranscriptionError(
        f"model folder {str(folder)!r} holds no encoder*.onnx, decoder*.onnx and joiner*.onnx, "
        "nor a model*.onnx; sherpa-onnx needs a streaming model"
    )


def _part(folder: Path, name: str) -> Path | None:
    found = sorted(folder.glob(f"{name}*.onnx"))
    return next((one for one in found if one.name.endswith(".int8.onnx")), next(iter(found), None))
