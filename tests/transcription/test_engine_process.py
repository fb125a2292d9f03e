"""An engine in another process behaves as it does here, also when it fails."""

import os
import signal
import sys
import threading
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import pytest

from flowlace.transcription.engine_process import ProcessTranscriber
from flowlace.transcription.errors import TranscriptionError
from flowlace.transcription.transcriber import TranscriberOptions
from tests.transcription.fake_engine import RATE_HZ, FakeTranscriber

ENGINE = """
import os, sys, time
from tests.transcription.fake_engine import FakeTranscriber

class Odd(FakeTranscriber):
    def open(self, rate, language, options):
        print("loading")
        super().open(rate, language, options)
    def accept(self, sound, first_sample):
        if language_of(sound) == 1:
            raise ZeroDivisionError("by zero")
        if language_of(sound) == 2:
            os._exit(3)
        if language_of(sound) == 3:
            end = time.monotonic() + 0.5
            while time.monotonic() < end:
                pass
        return super().accept(sound, first_sample)

def language_of(sound):
    return int(sound[0])
"""


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Installs a package with an engine that prints, fails, ends and computes as it is told."""
    (tmp_path / "odd_engine.py").write_text(ENGINE)
    info = tmp_path / "odd_engine-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odd-engine\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[flowlace.transcribers]\nodd = odd_engine:Odd\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(Path(__file__).parents[2]), *sys.path])
    return "odd"


def opened(engine: str) -> ProcessTranscriber:
    transcriber = ProcessTranscriber(engine, FakeTranscriber.capability)
    transcriber.open(RATE_HZ, "en", TranscriberOptions())
    return transcriber


def sound(seconds: float, first: float = 0) -> np.ndarray:
    return np.full(round(seconds * RATE_HZ), first, np.float32)


def test_gives_what_the_engine_gives(engine: str) -> None:
    transcriber, here = opened(engine), FakeTranscriber()
    for one in (transcriber, here):
        one.reset()
    updates = transcriber.accept(sound(2.5), 100) + transcriber.flush()
    transcriber.close()
    assert updates == here.accept(sound(2.5), 100) + here.flush()


def test_an_engine_error_comes_here_and_the_engine_goes_on(engine: str) -> None:
    transcriber = opened(engine)
    with pytest.raises(TranscriptionError, match=r"Odd\.accept: ZeroDivisionError: by zero"):
        transcriber.accept(sound(1, first=1), 0)
    assert transcriber.accept(sound(1), 0)
    transcriber.close()


def test_a_process_that_ends_is_an_error(engine: str) -> None:
    transcriber = opened(engine)
    with pytest.raises(TranscriptionError, match=r"'odd' ended unasked.*in accept"):
        transcriber.accept(sound(1, first=2), 0)
    transcriber.close()


def test_an_engine_that_is_not_open_is_an_error() -> None:
    with pytest.raises(TranscriptionError, match="'odd' is not open"):
        ProcessTranscriber("odd", FakeTranscriber.capability).flush()


def test_closing_ends_the_process_and_may_be_done_twice(engine: str) -> None:
    transcriber = opened(engine)
    assert transcriber._process is not None
    process = transcriber._process
    transcriber.close()
    transcriber.close()
    assert process.returncode == 0


def test_an_interrupt_of_the_terminal_does_not_reach_the_engine(engine: str) -> None:
    transcriber = opened(engine)
    assert transcriber._process is not None
    assert os.getpgid(transcriber._process.pid) != os.getpgid(0)
    transcriber.close()


def test_a_killed_engine_can_be_closed(engine: str) -> None:
    transcriber = opened(engine)
    assert transcriber._process is not None
    os.kill(transcriber._process.pid, signal.SIGKILL)
    transcriber.close()


def test_others_go_on_while_the_engine_computes(engine: str) -> None:
    transcriber = opened(engine)
    worker = threading.Thread(target=transcriber.accept, args=(sound(1, first=3), 0))
    worker.start()
    turns, begin = 0, monotonic()
    while worker.is_alive() and monotonic() < begin + 20:
        sleep(0.001)
        turns += 1
    transcriber.close()
    assert turns > 20
