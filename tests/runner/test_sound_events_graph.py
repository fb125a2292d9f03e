"""The graph `sound_events` from sound to events and bars, with models whose answers are known."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from flowlace.formats.classification import ClassificationList
from flowlace.formats.sound_event import SoundBar, SoundEvent
from flowlace.formats.time_series import Matrix, TimeSeriesHeader, duration_us
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.framework.validation import validate_graph
from flowlace.runner.node_settings import configured_graph
from tests.calculators.audio.sounds import cut, noise, sizes_within
from tests.inference.tiny_sound_models import log_mel_model, waveform_model

RATE = 16_000


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(log_mel_model(tmp_path_factory.mktemp("models")))


def scene(seconds: float, *tones: tuple[float, float, float], rate: int = RATE) -> Any:
    """Returns a quiet room with tones of (hertz, begin, end)."""
    time = np.arange(round(seconds * rate)) / rate
    made = 1e-3 * noise(len(time))[0].astype(float)
    for hertz, begin, end in tones:
        made += 0.3 * np.sin(2 * np.pi * hertz * time) * ((time >= begin) & (time < end))
    return made[None].astype(np.float32)


class Run:
    """A graph that is running, and what came out of it."""

    def __init__(self, model: str, *settings: str, rate: int = RATE, channels: int = 1) -> None:
        self.graph = CalculatorGraph(validate_graph(configured_graph("sound_events", [model],
                                                                     settings)))  # fmt: skip
        self.events: list[SoundEvent] = []
        self.bars: list[SoundBar] = []
        self.labels: list[ClassificationList] = []
        self.rejected: list[Any] = []
        observe = self.graph.observe_output_stream
        observe("events", lambda packet: self.events.extend(packet.payload))
        observe("bars", lambda packet: self.bars.append(packet.payload))
        observe("top_labels", lambda packet: self.labels.append(packet.payload))
        observe("rejected", lambda packet: self.rejected.extend(packet.payload))
        header = TimeSeriesHeader(sample_rate=float(rate), num_channels=channels)
        self.graph.start_run(headers={"sounds": Packet(header)})

    def hear(self, packets: Sequence[Packet[Matrix]]) -> "Run":
        for packet in packets:
            self.graph.add_packet_to_input_stream("sounds", packet)
        return self

    def end(self) -> "Run":
        self.graph.close_all_input_streams()
        self.graph.wait_until_done()
        return self

    @property
    def spans(self) -> list[tuple[str, float, float]]:
        """Returns label, onset and offset of each event, in tenths of a second."""
        return [
            (one.label, round(one.onset_us / 1e6, 1), round(one.offset_us / 1e6, 1))
            for one in sorted(self.events, key=lambda one: one.onset_us)
        ]

    def count(self, name: str) -> int:
        counters = self.graph.counters()
        return sum(count for key, count in counters.items() if key.endswith(f".{name}"))


def heard(model: str, sound: Any, *settings: str, rate: int = RATE,
          sizes: Sequence[int] = ()) -> Run:  # fmt: skip
    run = Run(model, *settings, rate=rate, channels=len(sound))
    return run.hear(cut(sound, sizes, rate)).end()


TWO = scene(8, (300, 2.0, 3.5), (3000, 3.0, 5.5))


def test_events_are_where_the_sounds_are(model: str) -> None:
    run = heard(model, TWO)
    assert run.spans == [("low", 2.0, 3.5), ("high", 3.0, 5.5)]
    assert all(one.score > 0.8 for one in run.events)


@pytest.mark.parametrize("length", [0.4, 0.6, 1.0, 3.0])
def test_onsets_and_offsets_are_within_200_ms(model: str, length: float) -> None:
    run = heard(model, scene(6, (300, 2.33, 2.33 + length)), "classifier.min_score_threshold=0.05")
    (event,) = run.events
    assert event.onset_us == pytest.approx(2_330_000, abs=200_000)
    assert event.offset_us == pytest.approx(2_330_000 + 1e6 * length, abs=200_000)


def test_every_50_ms_have_a_bar(model: str) -> None:
    run = heard(model, TWO[:, : 7 * RATE + 100])
    assert [one.timestamp_us for one in run.bars] == [50_000 * place for place in range(141)]
    assert len(run.labels) == 141


def test_bars_show_the_dominant_sound_and_its_loudness(model: str) -> None:
    run = heard(model, TWO)
    labels = {place / 20: one.label for place, one in enumerate(run.bars)}
    assert (labels[1.0], labels[2.5], labels[4.5], labels[7.0]) == ("", "low", "high", "")
    assert run.bars[90].dbfs == pytest.approx(20 * np.log10(0.3 / np.sqrt(2)), abs=0.1)
    assert run.bars[20].dbfs < -60


def test_labels_are_listed_before_they_count_as_heard(model: str) -> None:
    run = heard(model, TWO, "classifier.min_score_threshold=1", "top.top_k=1")
    assert run.events == []
    assert [one.label for one in run.labels[90].classification] == ["high"]
    assert {one.label for one in run.rejected} == {"low", "high"}


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000])
def test_any_rate_and_several_channels_give_the_same_events(model: str, rate: int) -> None:
    sound = scene(8, (300, 2.0, 3.5), (3000, 3.0, 5.5), rate=rate)
    assert heard(model, np.concatenate([sound, sound]), rate=rate).spans == [
        ("low", 2.0, 3.5), ("high", 3.0, 5.5),
    ]  # fmt: skip


@settings(max_examples=10, deadline=None)
@given(sizes=sizes_within(TWO.shape[1]))
def test_events_and_bars_do_not_depend_on_how_the_sound_is_cut(
    model: str, sizes: list[int]
) -> None:
    whole, pieces = heard(model, TWO), heard(model, TWO, sizes=sizes)
    assert pieces.events == whole.events
    assert pieces.bars == whole.bars
    assert pieces.labels == whole.labels


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
def test_a_bar_comes_before_1100_ms_more_were_heard(model: str, rate: int) -> None:
    run = Run(model, rate=rate)
    sound = scene(6, (300, 2.0, 3.5), rate=rate)
    late = []
    for packet in cut(sound, [rate // 100] * 599, rate):
        run.hear([packet])
        run.graph.wait_until_idle()
        heard_us = packet.timestamp + duration_us(packet.payload.columns, rate)
        due = (heard_us - 1_100_000) // 50_000 + 1
        late.append(max(due, 0) - len(run.bars))
    run.end()
    assert max(late) <= 0
    assert len(run.bars) == 120


def test_a_lost_packet_does_not_end_an_event(model: str) -> None:
    packets = cut(scene(8, (300, 2.0, 5.0)), [800] * 159, RATE)
    run = Run(model).hear([*packets[:60], *packets[62:]]).end()
    assert run.spans == [("low", 2.0, 5.0)]
    assert run.count("filled_gaps") == 1
    assert len(run.bars) == 160


def test_a_long_gap_ends_what_went_on_and_bars_start_anew(model: str) -> None:
    sound = scene(4, (300, 2.0, 4.0))
    run = Run(model).hear(cut(sound, [5000], RATE))
    run.hear(cut(scene(4, (3000, 0.0, 2.0)), [333], RATE, 60_007_000)).end()
    assert [one[0] for one in run.spans] == ["low", "high"]
    assert run.spans[0][2] == 4.0
    assert run.spans[1][1:] == (60.0, 62.0)
    assert [one.timestamp_us for one in run.bars[79:82]] == [3_950_000, 60_007_000, 60_057_000]


def test_samples_that_are_no_numbers_become_silence(model: str) -> None:
    sound = TWO.copy()
    sound[:, 50_000:50_010] = np.nan
    run = heard(model, sound)
    assert run.spans == [("low", 2.0, 3.5), ("high", 3.0, 5.5)]
    assert run.count("non_finite_samples") == 10
    assert all(np.isfinite(one.dbfs) for one in run.bars)


def test_clipped_sound_is_classified_and_counted(model: str) -> None:
    loud = np.clip(TWO * 10, -1, 1)
    run = heard(model, loud)
    assert [one[0] for one in run.spans] == ["low", "high"]
    assert run.count("clipped_steps") > 60


def test_silence_gives_bars_without_a_sound_and_asks_no_model(model: str) -> None:
    run = heard(model, np.zeros((1, RATE * 60), np.float32))
    assert run.events == []
    assert {(one.label, one.score, one.dbfs) for one in run.bars} == {("", 0.0, -np.inf)}
    assert len(run.bars) == 1200


def test_no_sound_at_all_gives_nothing(model: str) -> None:
    run = heard(model, np.zeros((1, 0), np.float32))
    assert (run.events, run.bars) == ([], [])


def test_another_kind_of_model_runs_in_the_same_graph(tmp_path: Path) -> None:
    sound = np.zeros((1, RATE * 5), np.float32)
    sound[:, 2 * RATE : 4 * RATE] = -0.4
    run = heard(str(waveform_model(tmp_path)), sound)
    assert run.spans == [("high", 2.0, 4.0)]


@pytest.fixture
def flickering() -> Callable[[], Any]:
    def made() -> Any:
        sound = scene(8)
        for begin in np.arange(2.0, 5.0, 0.3):
            sound += scene(8, (300, begin, begin + 0.13), (3000, begin + 0.15, begin + 0.28))
        return sound

    return made


def changes(bars: Sequence[SoundBar]) -> int:
    labels = [one.label for one in bars]
    return sum(a != b for a, b in pairwise(labels))


def test_the_median_filter_steadies_bars(model: str, flickering: Callable[[], Any]) -> None:
    settings = ["classifier.min_score_threshold=0.35", "classifier.reach_us=0"]
    steady = heard(model, flickering(), *settings)
    raw = heard(model, flickering(), *settings, "median_filter.max_steps=1")
    assert changes(steady.bars) <= changes(raw.bars)
    assert len(steady.bars) == len(raw.bars)


def test_labels_and_thresholds_can_be_set_from_the_command_line(model: str) -> None:
    run = heard(model, TWO, 'classifier.ignore_labels=["high"]')
    assert run.spans == [("low", 2.0, 3.5)]
