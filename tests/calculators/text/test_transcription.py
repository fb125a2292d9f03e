"""Words have their times whatever the chunks, gaps, engines and loads."""

import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from flowlace.calculators.text.transcription import TranscriptionCalculator, TranscriptionOptions
from flowlace.formats.sound_scores import SoundClasses, SoundScores
from flowlace.formats.time_series import Matrix, TimeSeriesHeader, duration_us
from flowlace.formats.transcript import TranscriptUpdate, WordRow
from flowlace.framework.errors import FlowlaceError, GraphConfigError
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.testing import CalculatorRun, at, run_calculator
from flowlace.transcription import opens_transcriber, registry
from tests.transcription.fake_engine import FakeTranscriber
from tests.transcription.voices import RATE_HZ, Sound, joined, noise, voice

HEADER = TimeSeriesHeader(sample_rate=RATE_HZ, num_channels=1)
FAKE = TranscriptionOptions(engine="fake")
TALK = joined(noise(1), voice(2.2), noise(1.3), voice(1.2), noise(1))
SECOND = 1_000_000


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeTranscriber:
    """Registers the engine `fake` for one test, and returns the one that will be opened."""
    monkeypatch.setattr(registry._openers, "_table", dict(registry._openers._table))
    made = FakeTranscriber()
    opens_transcriber("fake")(lambda: made)
    return made


def packets(sound: Sound, start_us: int = 0, size: int = 1600) -> list[Packet[Any]]:
    return [
        at(start_us + duration_us(begin, RATE_HZ), Matrix(sound[np.newaxis, begin : begin + size]))
        for begin in range(0, len(sound), size)
    ]


def transcribed(
    sound: list[Packet[Any]],
    options: TranscriptionOptions = FAKE,
    header: TimeSeriesHeader | None = HEADER,
    **streams: list[Packet[Any]],
) -> CalculatorRun:
    return run_calculator(
        TranscriptionCalculator,
        options,
        SOUND=sound,
        headers={"SOUND": Packet(header)} if header else None,
        **streams,
    )


def words_of(run: CalculatorRun) -> list[WordRow]:
    return [row for rows in run.payloads("WORDS") for row in rows]


def test_words_have_times_of_the_stream() -> None:
    start_us = 3600 * SECOND
    run = transcribed(packets(TALK, start_us))
    first, second = run.payloads("WORDS")
    assert [row.word for row in first] == ["w0", "w1", "w2"]
    assert first[0].start_us - start_us == pytest.approx(0.7 * SECOND, abs=60_000)
    assert first[1].start_us - first[0].start_us == SECOND
    assert [row.segment_id for row in second] == [1, 1]


def test_a_final_update_is_dated_at_the_end_of_its_segment() -> None:
    run = transcribed(packets(TALK))
    final = [packet for packet in run.packets("UPDATES") if packet.payload.is_final]
    assert [packet.timestamp for packet in final] == run.timestamps("WORDS")
    assert final[0].timestamp == pytest.approx(3.6 * SECOND, abs=60_000)
    assert all(
        rows[-1].end_us <= packet.timestamp
        for rows, packet in zip(run.payloads("WORDS"), final, strict=True)
    )


def test_updates_replace_each_other_by_segment() -> None:
    updates: list[TranscriptUpdate] = transcribed(packets(TALK)).payloads("UPDATES")
    shown = [(one.segment_id, one.revision) for one in updates]
    assert shown == sorted(set(shown))
    assert [one.is_final for one in updates if one.segment_id == 0][-1]


@pytest.mark.parametrize("size", [160, 333, 16_000, 200_000])
def test_the_cut_into_packets_does_not_matter(size: int) -> None:
    whole, cut = transcribed(packets(TALK)), transcribed(packets(TALK, size=size))
    assert cut.packets("WORDS") == whole.packets("WORDS")
    assert cut.packets("UPDATES") == whole.packets("UPDATES")


def test_in_silence_the_bound_goes_on_and_nothing_is_said() -> None:
    run = transcribed(packets(noise(5)))
    assert run.packets("UPDATES") == []
    assert run.bounds["WORDS"][-2] >= 4.8 * SECOND


def test_hours_of_silence_are_no_words(engine: FakeTranscriber) -> None:
    hour = packets(np.zeros(3600 * RATE_HZ, np.float32), size=60 * RATE_HZ)
    run = transcribed(hour)
    assert run.packets("UPDATES") == []
    assert run.counters == {}
    assert not any(call[0] in ("accept", "flush") for call in engine.calls)


def test_after_a_gap_times_are_right_and_the_engine_begins_anew(engine: FakeTranscriber) -> None:
    sound = joined(noise(1), voice(2))
    late_us = 100 * SECOND
    run = transcribed(packets(sound) + packets(sound, late_us))
    first, second = run.payloads("WORDS")
    assert second[0].start_us - first[0].start_us == late_us
    assert run.counters["gaps"] == 1
    assert [call[0] for call in engine.calls if call[0] != "accept"] == [
        "open", "reset", "flush", "reset", "flush", "close",
    ]  # fmt: skip


def test_samples_count_lost_sound_too() -> None:
    sound = joined(noise(1), voice(2))
    run = transcribed(packets(sound) + packets(sound, 100 * SECOND))
    final = [one for one in run.payloads("UPDATES") if one.is_final]
    shift = final[1].words[0].start_sample - final[0].words[0].start_sample
    assert shift == 100 * RATE_HZ


def test_rounded_times_are_no_gaps() -> None:
    rounded = [
        Packet(packet.payload, packet.timestamp // 1000 * 1000)
        for packet in packets(TALK, size=333)
    ]
    run = transcribed(rounded)
    assert run.counters == {}
    assert words_of(run) == words_of(transcribed(packets(TALK)))


def test_the_last_word_does_not_drift() -> None:
    # 44.1 kHz packets after resampling: 1486 samples each, no whole number of microseconds.
    part = joined(voice(2), noise(2.3))
    sound = np.tile(part, 40)
    words = transcribed(packets(sound, size=1486)).payloads("WORDS")
    starts = np.array([rows[0].start_us for rows in words])
    assert len(starts) == 40
    drift = starts[1:] - np.arange(1, 40) * duration_us(len(part), RATE_HZ)
    assert np.ptp(drift) <= 10_000


def test_samples_that_are_no_numbers_are_silence() -> None:
    sound = joined(noise(1), voice(2), noise(1))
    sound[RATE_HZ : RATE_HZ + 100] = np.nan
    sound[5] = np.inf
    run = transcribed(packets(sound))
    assert run.counters["non_finite_samples"] == 101
    assert len(words_of(run)) == 3


def test_sound_of_nothing_but_nan_says_nothing() -> None:
    run = transcribed(packets(np.full(3 * RATE_HZ, np.nan, np.float32)))
    assert run.packets("UPDATES") == []
    assert run.counters == {"non_finite_samples": 3 * RATE_HZ}


def test_sound_over_full_scale_is_clipped_and_counted(engine: FakeTranscriber) -> None:
    run = transcribed(packets(joined(noise(1), 20 * voice(2), noise(1))))
    assert run.counters["clipped_samples"] > 1000
    assert len(words_of(run)) == 3


def test_noise_that_is_no_speech_is_counted() -> None:
    run = transcribed(packets(joined(noise(1), noise(0.5, 0.1), noise(1))))
    assert run.packets("UPDATES") == []
    assert run.counters == {"rejected_stretches": 1}


def test_a_talk_without_pauses_is_cut() -> None:
    run = transcribed(packets(voice(25)), replace(FAKE, longest_us=8 * SECOND))
    assert run.counters == {"cut_stretches": 3}
    assert len(run.packets("WORDS")) == 4


def test_sound_of_another_rate_is_refused() -> None:
    with pytest.raises(FlowlaceError, match=r"44100 Hz.*hears 16000 Hz; put a RationalFactor"):
        transcribed([], header=replace(HEADER, sample_rate=44_100.0))


def test_sound_of_two_channels_is_refused() -> None:
    with pytest.raises(FlowlaceError, match=r"2 channels.*put an AverageTimeSeriesAcross"):
        transcribed([], header=replace(HEADER, num_channels=2))
    with pytest.raises(FlowlaceError, match=r"expects 1 channels.*but 2 x 10 came"):
        transcribed([at(0, Matrix(np.zeros((2, 10), np.float32)))])


def test_sound_without_a_header_is_refused() -> None:
    with pytest.raises(FlowlaceError, match="needs a TimeSeriesHeader"):
        transcribed(packets(TALK), header=None)


def test_a_rate_that_changes_in_the_stream_is_told() -> None:
    # Twice as many samples come as the header says: each packet begins before the last one ends.
    fast = [
        Packet(packet.payload, SECOND + (packet.timestamp - SECOND) // 2)
        for packet in packets(noise(5), SECOND)
    ]
    with pytest.raises(FlowlaceError, match="did the rate change"):
        transcribed(packets(noise(1)) + fast)


def test_a_slower_rate_in_the_stream_is_gaps() -> None:
    slow = [Packet(packet.payload, 2 * packet.timestamp) for packet in packets(noise(2))]
    assert transcribed(slow).counters == {"gaps": 19}


def test_sound_that_comes_twice_is_heard_once() -> None:
    given = packets(TALK)
    again = Packet(
        Matrix(
            np.concatenate(
                [
                    given[4].payload.values[:, 800:],
                    given[5].payload.values,
                    given[6].payload.values[:, :800],
                ],
                axis=1,
            )
        ),
        given[4].timestamp + 50_000,
    )
    run = transcribed([*given[:5], again, *given[6:]])
    assert run.counters == {"repeated_samples": 1600}
    assert words_of(run) == words_of(transcribed(given))


def test_activity_decides_where_somebody_speaks() -> None:
    activity = [at(0, 0.1), at(2 * SECOND, 0.9), at(3 * SECOND, 0.3)]
    run = transcribed(packets(noise(5, 0.1)), ACTIVITY=activity)
    [rows] = run.payloads("WORDS")
    assert rows[0].start_us == pytest.approx(1.7 * SECOND, abs=40_000)
    assert run.timestamps("WORDS")[0] == pytest.approx(3.4 * SECOND, abs=20_000)


def test_activity_may_be_a_truth_value_and_come_later_than_the_sound() -> None:
    sound = packets(noise(3, 0.1), size=RATE_HZ)
    activity = [at(0, False), at(1_200_000, True), at(2_200_000, False)]
    order = ["SOUND", "SOUND", "SOUND", "ACTIVITY", "ACTIVITY", "ACTIVITY"]
    run = run_calculator(
        TranscriptionCalculator,
        FAKE,
        SOUND=sound,
        ACTIVITY=activity,
        headers={"SOUND": Packet(HEADER)},
        in_order=order,
    )
    assert words_of(run) == words_of(transcribed(sound, ACTIVITY=activity))
    assert len(words_of(run)) == 2


def sound_scores(rain: float, speech: float) -> SoundScores:
    one = np.ones(2, np.float32)
    classes = SoundClasses(
        labels=("rain", "speech"), thresholds=one, releases=one, reaches_us=np.zeros(2, np.int64)
    )
    return SoundScores(classes=classes, values=np.array([rain, speech], np.float32))


def test_a_voice_is_speech_only_where_a_classifier_hears_speech_too() -> None:
    heard = [at(0, sound_scores(0.9, 0.1)), at(4 * SECOND, sound_scores(0.1, 0.9))]
    first, second = transcribed(packets(TALK)).payloads("WORDS")
    assert first[0].start_us < 4 * SECOND < second[0].start_us
    run = transcribed(packets(TALK), ACTIVITY=heard)
    [rows] = run.payloads("WORDS")
    assert [(one.start_us, one.end_us) for one in rows] == [
        (one.start_us, one.end_us) for one in second
    ]
    assert run.counters == {"rejected_stretches": 1}


def test_noise_is_no_speech_even_where_a_classifier_hears_speech() -> None:
    run = transcribed(packets(noise(5, 0.1)), ACTIVITY=[at(0, sound_scores(0.1, 0.9))])
    assert words_of(run) == []


def test_a_classifier_that_does_not_know_speech_is_told() -> None:
    with pytest.raises(FlowlaceError, match=r"no scores of 'talk'.*but of: rain, speech"):
        transcribed(
            packets(noise(1)),
            replace(FAKE, activity_label="talk"),
            ACTIVITY=[at(0, sound_scores(0, 1))],
        )


def test_scores_that_know_no_speech_have_no_say_where_any_are_taken() -> None:
    run = transcribed(
        packets(TALK),
        replace(FAKE, activity_label="talk", takes_any_scores=True),
        ACTIVITY=[at(0, sound_scores(0, 0))],
    )
    assert words_of(run) == words_of(transcribed(packets(TALK)))


def test_capitals_of_a_label_make_no_difference() -> None:
    given = {"ACTIVITY": [at(0, sound_scores(0, 1))]}
    run = transcribed(packets(TALK), replace(FAKE, activity_label="Speech"), **given)
    assert words_of(run) == words_of(transcribed(packets(TALK), **given))
    assert words_of(run)


def test_without_any_activity_nothing_is_said() -> None:
    assert transcribed(packets(TALK), ACTIVITY=[]).packets("UPDATES") == []


def test_an_engine_that_is_not_known_is_told_before_the_start() -> None:
    with pytest.raises(GraphConfigError, match=r"engine 'fakee' is not known; known are: .*fake"):
        transcribed([], replace(FAKE, engine="fakee"))


def test_the_engine_is_closed_when_the_graph_fails(engine: FakeTranscriber) -> None:
    with pytest.raises(FlowlaceError):
        transcribed([*packets(TALK)[:20], at(5 * SECOND, "no sound")])
    assert engine.calls[-1][0] == "close"


def test_an_engine_that_can_not_open_is_told() -> None:
    with pytest.raises(FlowlaceError, match=r"give model_path|flowlace\[sherpa"):
        transcribed([], TranscriptionOptions(engine="sherpa-onnx"))


GRAPH = """
input_stream: "sounds"
output_stream: "words"
output_stream: "copies"
executor { name: "speech" type: "ThreadPoolExecutor" }
node {
  calculator: "TranscriptionCalculator"
  input_stream: "SOUND:sounds"
  output_stream: "WORDS:words"
  executor: "speech"
  options { [flowlace.TranscriptionCalculatorOptions.ext] { engine: "fake" } }
}
node { calculator: "PassThroughCalculator" input_stream: "sounds" output_stream: "copies" }
"""


def test_a_slow_engine_does_not_stall_the_rest_of_the_graph(engine: FakeTranscriber) -> None:
    is_free, all_copied = threading.Event(), threading.Event()
    hear, given = engine.accept, packets(TALK)

    def hear_when_free(sound: Sound, first_sample: int) -> list[TranscriptUpdate]:
        assert is_free.wait(30)
        return hear(sound, first_sample)

    engine.accept = hear_when_free  # type: ignore[method-assign]
    copies: list[Packet[Any]] = []
    words: list[Packet[Any]] = []

    def copied(packet: Packet[Any]) -> None:
        copies.append(packet)
        if len(copies) == len(given):
            all_copied.set()

    graph = CalculatorGraph(GRAPH)
    graph.observe_output_stream("copies", copied)
    graph.observe_output_stream("words", words.append)
    graph.start_run(headers={"sounds": Packet(HEADER)})
    with graph:
        for packet in given:
            graph.add_packet_to_input_stream("sounds", packet)
        assert all_copied.wait(30)
        assert words == []
        is_free.set()
        graph.close_all_input_streams()
        graph.wait_until_done()
    assert len(words) == 2
