"""The other end of `ProcessTranscriber`: calls come in on the standard input, one by one.

python -m flowlace.transcription.engine_worker ENGINE
"""

import os
import pickle
import sys
from typing import Any, BinaryIO

from flowlace.transcription.errors import TranscriptionError
from flowlace.transcription.registry import make_transcriber
from flowlace.transcription.transcriber import Transcriber


def main() -> None:
    """Answers calls until the input ends, which it does when the other process ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what an engine prints must not get among the answers
    transcriber = make_transcriber(sys.argv[1])
    try:
        serve(transcriber, sys.stdin.buffer, answers)
    finally:
        transcriber.close()


def serve(transcriber: Transcriber, calls: BinaryIO, answers: BinaryIO) -> None:
    """Answers calls `(method, arguments)` with `(is_error, answer)` until there are no more."""
    while True:
        try:
            method, arguments = pickle.load(calls)
        except EOFError:
            return
        pickle.dump(_answer(transcriber, method, arguments), answers)
        answers.flush()


def _answer(transcriber: Transcriber, method: str, arguments: tuple[Any, ...]) -> tuple[bool, Any]:
    try:
        return False, getattr(transcriber, method)(*arguments)
    except TranscriptionError as error:
        return True, str(error)
    except Exception as error:  # it has to be told on the other side, whatever it is
        return True, f"{type(transcriber).__name__}.{method}: {type(error).__name__}: {error}"


if __name__ == "__main__":
    main()
