import sys
import threading
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from flowlace.sources import SourceError, open_source
from flowlace.sources.microphone import MicrophoneOptions, MicrophoneSource
from tests.sources.sounds import joined, tone

RATE = 48_000
BLOCK = 960
BLOCK_US = 20_000


class FakeStream:
    """As much of sounddevice.InputStream as is used; `play` is the device."""

    def __init__(self, **how: Any) -> None:
        self.how = how
        self.active = False
        self.is_closed = threading.Event()

    def start(self) -> None:
        self.active = True

    def close(self) -> None:
        self.active = False
        self.is_closed.set()

    def play(self, values: np.ndarray, *, has_overrun: bool = False) -> None:
        """Hands over samples `[channel, sample]` as one block, in a buffer that is used again."""
        buffer = values.T.copy()
        status = SimpleNamespace(input_overflow=has_overrun)
        self.how["callback"](buffer, len(buffer), None, status)
        buffer[:] = 9

    def vanish(self) -> None:
        self.active = False
        self.how["finished_callback"]()


class FakePortAudio:
    """As much of the module sounddevice as is used."""

    class PortAudioError(Exception):
        pass

    def __init__(self) -> None:
        self.devices = [
            {"name": "Loudspeaker", "max_input_channels": 0, "default_samplerate": 44_100.0},
            {"name": "USB Audio", "max_input_channels": 2, "default_samplerate": float(RATE)},
        ]
        self.streams: list[FakeStream] = []
        self.restarts = 0
        self.refusal = ""

    def query_devices(self, device: Any = None, kind: str | None = None) -> Any:
        if kind is None:
            return self.devices
        found = [
            one | {"index": number}
            for number, one in enumerate(self.devices)
            if device in (None, number) or (isinstance(device, str) and device in str(one["name"]))
        ]
        inputs = [one for one in found if one["max_input_channels"]]  # type: ignore[operator]
        if not inputs:
            raise ValueError(f"No input device matching {device!r}")
        return inputs[0]

    def InputStream(self, **how: Any) -> FakeStream:  # noqa: N802 - its name there
        if self.refusal:
            raise self.PortAudioError(self.refusal)
        self.streams.append(FakeStream(**how))
        return self.streams[-1]

    def _terminate(self) -> None:
        self.restarts += 1

    def _initialize(self) -> None:
        pass


@pytest.fixture
def portaudio() -> FakePortAudio:
    return FakePortAudio()


@pytest.fixture
def start(
    portaudio: FakePortAudio, clock: Any, until: Callable[..., None]
) -> Iterator[Callable[..., tuple[MicrophoneSource, FakeStream]]]:
    sources = []

    def open_it(**options: Any) -> tuple[MicrophoneSource, FakeStream]:
        source = MicrophoneSource(None, clock, MicrophoneOptions(**options), portaudio)
        sources.append(source)
        until(lambda: portaudio.streams and portaudio.streams[-1].active)
        return source, portaudio.streams[-1]

    yield open_it
    for source in sources:
        source.close()


def play(stream: FakeStream, clock: Any, values: np.ndarray, **how: Any) -> None:
    """Plays blocks, each handed over when it is over, as a device does."""
    for first in range(0, values.shape[1], BLOCK):
        clock.advance_us(BLOCK_US)
        stream.play(values[:, first : first + BLOCK], **how)


def test_sound_comes_out_as_it_was_heard(start: Any, clock: Any) -> None:
    source, stream = start()
    play(stream, clock, tone(10 * BLOCK, RATE))
    frames = [source.read(5) for _ in range(4)]
    assert np.array_equal(joined(frames), tone(4 * 2400, RATE))
    assert stream.how["channels"] == 1
    assert stream.how["samplerate"] == RATE


def test_times_are_counted_from_the_first_sample(
    start: Any, clock: Any, until: Callable[..., None]
) -> None:
    source, stream = start()
    clock.advance_us(1_000_000)
    play(stream, clock, tone(BLOCK, RATE))
    until(lambda: source.end_us is not None)
    clock.advance_us(7_000)  # a callback that comes late says nothing of the sound
    play(stream, clock, tone(9 * BLOCK, RATE))
    stamps = [source.read(5).timestamp_us for _ in range(4)]
    assert stamps == [1_000_000 + 50_000 * n for n in range(4)]


def test_what_the_device_lost_is_a_jump_to_the_present(
    start: Any, clock: Any, until: Callable[..., None]
) -> None:
    source, stream = start()
    play(stream, clock, tone(5 * BLOCK, RATE))
    until(lambda: source.end_us == 100_000)
    clock.advance_us(300_000)
    play(stream, clock, tone(BLOCK, RATE), has_overrun=True)
    until(lambda: source.end_us == 420_000)
    source.close()
    assert [frame.timestamp_us for frame in source] == [0, 50_000, 400_000]
    assert source.counts.flaws == {"device_overrun": 1, "after_a_gap": 1}


def test_what_found_our_ring_full_is_a_jump_of_just_that(
    start: Any, clock: Any, until: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, stream = start()
    play(stream, clock, tone(5 * BLOCK, RATE))
    until(lambda: source.end_us == 100_000)
    with source._putting:  # the thread that empties the ring is stuck
        stream.play(tone(BLOCK, RATE))
        until(lambda: len(stream.how["callback"].__self__._ring) == 0)
        for _ in range(103):
            stream.play(tone(BLOCK, RATE))
    until(lambda: source.end_us == 100_000 + 101 * BLOCK_US)
    stream.play(tone(BLOCK, RATE))
    until(lambda: source.end_us == 100_000 + 105 * BLOCK_US)
    assert source.counts.flaws == {"ring_overrun": 1, "after_a_gap": 1}


def test_a_microphone_that_vanishes_is_opened_again_and_time_goes_on(
    start: Any, clock: Any, until: Callable[..., None], portaudio: FakePortAudio
) -> None:
    source, stream = start()
    play(stream, clock, tone(5 * BLOCK, RATE))
    until(lambda: source.end_us == 100_000)
    portaudio.refusal = "Device unavailable"
    stream.vanish()
    until(stream.is_closed.is_set)
    clock.until_paused(source)
    portaudio.refusal = ""
    clock.advance_us(2_000_000)
    until(lambda: len(portaudio.streams) == 2 and portaudio.streams[1].active)
    play(portaudio.streams[1], clock, tone(BLOCK, RATE))
    until(lambda: source.end_us == 2_120_000)
    source.close()
    assert [frame.timestamp_us for frame in source] == [0, 50_000, 2_100_000]
    assert source.counts.reconnects == 1
    assert portaudio.restarts == 2


def test_one_that_comes_back_with_another_rate_is_resampled(
    start: Any, clock: Any, until: Callable[..., None], portaudio: FakePortAudio
) -> None:
    source, stream = start(rate=16_000)
    play(stream, clock, tone(5 * BLOCK, RATE))
    until(lambda: source.end_us == 100_000)
    portaudio.devices[1]["default_samplerate"] = 16_000.0
    stream.vanish()
    clock.until_paused(source)
    clock.advance_us(1_000_000)
    until(lambda: len(portaudio.streams) == 2 and portaudio.streams[1].active)
    clock.advance_us(20_000)
    portaudio.streams[1].play(tone(320, 16_000))
    until(lambda: source.end_us > 1_000_000)
    source.close()
    assert {frame.payload.columns for frame in source} == {800, 320}
    assert source.counts.resampled == 1
    assert source.header.sample_rate == 16_000.0


def test_a_device_that_falls_silent_is_opened_again(
    start: Any, clock: Any, until: Callable[..., None], portaudio: FakePortAudio
) -> None:
    source, stream = start(watchdog_s=2)
    play(stream, clock, tone(BLOCK, RATE))
    until(lambda: source.end_us is not None)
    clock.until_watched(source)
    clock.advance_us(2_100_000)
    clock.until_paused(source)
    stream.active = False
    clock.advance_us(1_000_000)
    until(lambda: len(portaudio.streams) == 2)
    assert source.counts.reconnects == 1


def test_more_channels_than_there_are_become_copies(start: Any, clock: Any) -> None:
    source, stream = start(channels=3)
    assert stream.how["channels"] == 2
    play(stream, clock, tone(5 * BLOCK, RATE, channels=2))
    assert source.read(5).payload.rows == 3


def test_the_header_is_known_before_the_first_sample(start: Any) -> None:
    source, _ = start()
    assert (source.header.sample_rate, source.header.num_channels) == (48_000.0, 1)
    assert source.is_live


def test_closing_gives_the_device_back(start: Any) -> None:
    source, stream = start()
    source.close()
    assert stream.is_closed.is_set()


def test_a_microphone_that_is_not_there_is_an_error_that_lists_them(
    portaudio: FakePortAudio, clock: Any
) -> None:
    with pytest.raises(SourceError, match=r"mic:Webcam.*there are: mic:1 \(USB Audio\)"):
        MicrophoneSource("Webcam", clock, portaudio=portaudio)


def test_a_machine_without_microphones_says_so(portaudio: FakePortAudio, clock: Any) -> None:
    del portaudio.devices[1]
    with pytest.raises(SourceError, match=r"'mic'.*this machine has no microphone"):
        MicrophoneSource(None, clock, portaudio=portaudio)


def test_one_that_is_refused_is_an_error_after_some_tries(
    portaudio: FakePortAudio, clock: Any
) -> None:
    portaudio.refusal = "Device unavailable"
    options = MicrophoneOptions(first_tries=1)
    with (
        MicrophoneSource(1, clock, options, portaudio) as source,
        pytest.raises(SourceError, match=r"mic:1.*after 1 tries; the last: Device unavailable"),
    ):
        source.read(5)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(SourceError, match=r"pip install 'flowlace\[mic\]'"):
        open_source("mic")


def test_without_the_library_what_to_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> ModuleType:
        raise OSError("PortAudio library not found")

    monkeypatch.setattr("flowlace.sources.microphone.importlib.import_module", refuse)
    with pytest.raises(SourceError, match=r"library not found.*apt install libportaudio2"):
        open_source("mic")


def test_is_named_by_its_number_or_a_part_of_its_name(
    monkeypatch: pytest.MonkeyPatch, portaudio: FakePortAudio, clock: Any
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", portaudio)  # type: ignore[arg-type]
    for url, name in (("mic", "mic"), ("mic:1", "mic:1"), ("mic:USB?rate=8000", "mic:USB")):
        with open_source(url, clock) as source:
            assert source.info.name == name
