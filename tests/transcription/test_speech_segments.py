"""Stretches of speech begin early, end after a pause, are voiced and never too long."""

from dataclasses import replace

import pytest

from flowlace.transcription.speech_segments import SegmentOptions
from flowlace.transcription.speech_transcriber import SpeechTranscriber
from tests.transcription.fake_engine import FakeTranscriber
from tests.transcription.voices import RATE_HZ, Sound, joined, noise, silence, voice

OPTIONS = SegmentOptions()


def stretches_of(sound: Sound, options: SegmentOptions = OPTIONS) -> list[tuple[float, float]]:
    """Returns begin and end of each stretch in seconds."""
    engine = FakeTranscriber()
    speech = SpeechTranscriber(engine, RATE_HZ, options)
    speech.accept(sound, 0)
    speech.flush()
    return [(first / RATE_HZ, end / RATE_HZ) for first, end in engine.stretches()]


def test_a_stretch_begins_before_the_voice_and_ends_after_a_pause() -> None:
    [(begin, end)] = stretches_of(joined(noise(2), voice(3), noise(2)))
    assert begin == pytest.approx(1.7, abs=0.1)
    assert end == pytest.approx(5.4, abs=0.1)


def test_sound_that_begins_with_a_voice_loses_nothing() -> None:
    [(begin, _)] = stretches_of(joined(voice(3), silence(1)))
    assert begin == 0


def test_a_short_pause_does_not_end_a_stretch_and_a_long_one_does() -> None:
    short = stretches_of(joined(silence(1), voice(2), silence(0.3), voice(2), silence(1)))
    long = stretches_of(joined(silence(1), voice(2), silence(1), voice(2), silence(1)))
    assert len(short) == 1
    assert len(long) == 2
    assert long[0][1] <= long[1][0]


def test_sound_that_is_not_voiced_is_no_speech() -> None:
    bursts = joined(*[joined(silence(1), noise(0.5, 0.1, seed=n)) for n in range(5)])
    engine = FakeTranscriber()
    speech = SpeechTranscriber(engine, RATE_HZ)
    speech.accept(joined(bursts, silence(1)), 0)
    assert engine.stretches() == []
    assert speech.rejected_stretches == 5


def test_any_sound_is_taken_where_voices_are_not_asked_for() -> None:
    sound = joined(silence(1), noise(0.5, 0.1), silence(1))
    assert len(stretches_of(sound, replace(OPTIONS, least_voiced_us=0))) == 1


def test_a_long_stretch_is_cut_at_its_quietest_place() -> None:
    # Quieter for a moment at 9.0 s, between 8 s and 10 s where the cut is looked for.
    sound = joined(voice(8.9), 0.03 * voice(0.2), voice(6), silence(1))
    (_, cut), (begin, end) = stretches_of(sound)
    assert cut == pytest.approx(9.0, abs=0.06)
    assert begin == cut
    assert end == pytest.approx(15.5, abs=0.1)


def test_no_stretch_is_longer_than_asked_for() -> None:
    found = stretches_of(joined(voice(60), silence(1)))
    assert max(end - begin for begin, end in found) <= 10.01
    assert [begin for begin, _ in found[1:]] == [end for _, end in found[:-1]]
    assert found[-1][1] == pytest.approx(60.4, abs=0.1)


def test_the_last_stretch_reaches_to_the_last_sample() -> None:
    sound = joined(silence(1), voice(2))[:-7]
    engine = FakeTranscriber()
    speech = SpeechTranscriber(engine, RATE_HZ)
    speech.accept(sound, 0)
    speech.flush()
    assert engine.stretches()[0][1] == len(sound)


def test_the_end_of_the_sound_ends_a_stretch_that_waits_for_its_cut() -> None:
    found = stretches_of(voice(9))
    assert found == [(0.0, 9.0)]
