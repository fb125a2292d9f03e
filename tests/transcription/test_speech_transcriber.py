"""The engine hears the same blocks whatever the chunks, and memory does not grow."""

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from flowlace.transcription.errors import TranscriptionError
from flowlace.transcription.speech_transcriber import SpeechTranscriber, TimedUpdate
from flowlace.transcription.voice_activity import FrameActivity
from tests.transcription.fake_engine import FakeTranscriber
from tests.transcription.voices import RATE_HZ, Sound, joined, noise, silence, voice

TALK = joined(noise(0.7), voice(2.3), noise(1.1), voice(1.4), noise(0.9), noise(0.3, 0.1))


def transcribed(sound: Sound, cuts: list[int]) -> list[TimedUpdate]:
    speech = SpeechTranscriber(FakeTranscriber(), RATE_HZ)
    places = [0, *sorted(cuts), len(sound)]
    updates = []
    for begin, end in pairwise(places):
        updates += speech.accept(sound[begin:end], begin)
    return updates + speech.flush()


@given(st.lists(st.integers(0, len(TALK)), max_size=12))
@settings(max_examples=15)
def test_chunks_do_not_matter(cuts: list[int]) -> None:
    assert transcribed(TALK, cuts) == transcribed(TALK, [])


def test_an_update_is_known_where_the_sound_it_comes_from_ends() -> None:
    updates = transcribed(TALK, [])
    places = [one.known_at_sample for one in updates]
    assert places == sorted(places)
    assert [one.update.segment_id for one in updates if one.update.is_final] == [0, 1]
    assert all(one.update.words[-1].end_sample <= one.known_at_sample for one in updates)


def test_nothing_new_is_known_before_what_is_settled() -> None:
    speech = SpeechTranscriber(FakeTranscriber(), RATE_HZ)
    sound = joined(silence(1), voice(12), silence(1), voice(1))
    settled = 0
    for begin in range(0, len(sound), 1600):
        updates = speech.accept(sound[begin : begin + 1600], begin)
        assert all(one.known_at_sample >= settled for one in updates)
        assert speech.settled_sample >= settled
        settled = speech.settled_sample
    assert all(one.known_at_sample >= settled for one in speech.flush())


def test_silence_settles_as_it_comes() -> None:
    speech = SpeechTranscriber(FakeTranscriber(), RATE_HZ)
    assert speech.accept(silence(3), 0) == []
    assert speech.settled_sample == 3 * RATE_HZ


def test_the_engine_is_not_called_in_silence() -> None:
    engine = FakeTranscriber()
    SpeechTranscriber(engine, RATE_HZ).accept(noise(30), 0)
    assert engine.calls == []


def test_a_gap_is_refused_without_a_reset() -> None:
    speech = SpeechTranscriber(FakeTranscriber(), RATE_HZ)
    speech.accept(silence(0.25), 0)
    with pytest.raises(TranscriptionError, match="sample 9000 does not follow sample 4000"):
        speech.accept(silence(1), 9000)


def test_words_after_a_reset_have_places_in_the_whole_stream() -> None:
    speech = SpeechTranscriber(FakeTranscriber(), RATE_HZ)
    speech.accept(joined(silence(1), voice(1)), 0)
    first = speech.flush()
    speech.reset(1_000_000)
    second = speech.accept(joined(silence(1), voice(1)), 1_000_000) + speech.flush()
    starts = [one.update.words[0].start_sample for one in (first[-1], second[-1])]
    assert starts[1] - starts[0] == 1_000_000
    assert second[-1].update.segment_id == 1


def test_another_may_say_where_somebody_speaks() -> None:
    def judge(found: FrameActivity, samples: NDArray[np.int64]) -> FrameActivity:
        speaks = (samples >= 2 * RATE_HZ) & (samples < 3 * RATE_HZ)
        return FrameActivity(speaks, speaks, found.level_db)

    engine = FakeTranscriber()
    speech = SpeechTranscriber(engine, RATE_HZ, judge=judge)
    speech.accept(noise(5, 0.1), 0)
    [(begin, end)] = engine.stretches()
    assert begin / RATE_HZ == pytest.approx(1.7, abs=0.04)
    assert end / RATE_HZ == pytest.approx(3.4, abs=0.02)


def test_a_rate_without_whole_frames_is_refused() -> None:
    with pytest.raises(TranscriptionError, match="multiple of 100 Hz, not 11025"):
        SpeechTranscriber(FakeTranscriber(), 11_025)


@pytest.mark.parametrize("part", [silence(10), voice(10), joined(voice(7), silence(3))])
def test_memory_does_not_grow_with_time(part: Sound) -> None:
    engine = FakeTranscriber()
    speech = SpeechTranscriber(engine, RATE_HZ)
    tracemalloc.start()
    try:
        held = []
        for turn in range(12):
            speech.accept(part, turn * len(part))
            engine.calls.clear()
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert max(held[6:]) < max(held[:6]) + 200_000


def test_the_last_word_of_a_long_stream_does_not_drift() -> None:
    talk, pause = voice(3), silence(2)
    speech = SpeechTranscriber(FakeTranscriber(), RATE_HZ)
    starts = []
    for turn in range(60):
        updates = speech.accept(joined(talk, pause), turn * 5 * RATE_HZ)
        starts += [one.update.words[0].start_sample for one in updates if one.update.is_final]
    assert len(starts) == 60
    offsets = np.array(starts[1:]) - 5 * RATE_HZ * np.arange(1, 60)
    assert np.ptp(offsets) == 0
