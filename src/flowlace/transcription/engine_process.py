"""Runs an engine in a process of its own.

Some engines keep Python's lock while they compute: pocketsphinx does for up to a third of a
second, in which no other node of a graph would get on, whatever its thread. The caller still
waits for each answer, but waits without the lock.

A bare subprocess, not `multiprocessing`: that would run the user's main module once more.
"""

import os
import pickle
import subprocess
import sys
from contextlib import suppress
from typing import Any, Final, cast

from flowlace.formats.transcript import TranscriptUpdate
from flowlace.transcription.errors import TranscriptionError
from flowlace.transcription.transcriber import (
    Capability,
    Sound,
    Transcriber,
    TranscriberOptions,
)

END_WAIT_S: Final = 5.0
"""How long a process that was told to end may take."""


class ProcessTranscriber(Transcriber):
    """An engine in another process, called as if it were here.

    Args:
        engine: its name in the registry.
        capability: of the engine.
    """

    def __init__(self, engine: str, capability: Capability) -> None:
        self.capability = capability
        self._engine = engine
        self._process: subprocess.Popen[bytes] | None = None

    def open(self, sample_rate_hz: int, language: str, options: TranscriberOptions) -> None:
        """Starts the process and loads the model in it."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "flowlace.transcription.engine_worker", self._engine],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            # Ctrl-C is for us: the engine still has to finish what it heard.
            start_new_session=True,
        )
        try:
            self._call("open", sample_rate_hz, language, options)
        except TranscriptionError:
            self.close()
            raise

    def accept(self, sound: Sound, first_sample: int) -> list[TranscriptUpdate]:
        """Hands sound to the engine and waits for what is new."""
        return cast(list[TranscriptUpdate], self._call("accept", sound, first_sample))

    def flush(self) -> list[TranscriptUpdate]:
        """Ends the stretch."""
        return cast(list[TranscriptUpdate], self._call("flush"))

    def reset(self) -> None:
        """Forgets a pending stretch and all adaptation."""
        self._call("reset")

    def close(self) -> None:
        """Ends the process."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError):
            process.stdin.close()  # the engine's sign to end
        try:
            process.wait(END_WAIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    def _call(self, method: str, *arguments: Any) -> Any:
        process = self._process
        if process is None:
            raise TranscriptionError(f"engine {self._engine!r} is not open")
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            pickle.dump((method, arguments), process.stdin)
            process.stdin.flush()
            is_error, answer = pickle.load(process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            code = process.poll()
            raise TranscriptionError(
                f"the process of engine {self._engine!r} ended unasked (exit status {code}) in "
                f"{method}; what it said is on the standard error"
            ) from error
        if is_error:
            raise TranscriptionError(answer)
        return answer
