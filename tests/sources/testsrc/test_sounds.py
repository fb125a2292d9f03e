import csv
import hashlib
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flowlace.formats.time_series import TimeSeriesHeader
from flowlace.sources import SourceError, SourceTimeoutError, open_source
from flowlace.sources.source import Medium
from flowlace.sources.testsrc.sound_kinds import KINDS, siren
from flowlace.sources.testsrc.sounds import SoundsOptions, SoundsSource
from tests.sources.sounds import joined

RATE = 16_000


def scene(**options: Any) -> SoundsSource:
    return SoundsSource(SoundsOptions(**options))


def level(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values.astype(np.float64) ** 2)))


def test_gives_frames_of_50_ms_to_its_end() -> None:
    with open_source("testsrc:sounds?seconds=1.02&seed=3") as source:
        frames = list(source)
    assert [one.timestamp_us for one in frames] == [50_000 * n for n in range(21)]
    assert [one.payload.columns for one in frames] == [800] * 20 + [320]
    assert source.header == TimeSeriesHeader(sample_rate=16_000.0, num_channels=1)
    assert (source.info.frame_count, source.info.duration_us) == (21, 1_020_000)
    assert (source.medium, source.is_live) == (Medium.SOUND, False)


def test_is_the_same_on_every_machine() -> None:
    values = joined(list(scene(seconds=8, seed=1, density=2)))
    digest = hashlib.sha256((values * 32_768).astype("<i2").tobytes()).hexdigest()
    assert digest[:16] == "a07b2ce91b7d6db8"
    assert np.array_equal(values * 32_768, np.round(values * 32_768))


def test_any_part_can_be_asked_for() -> None:
    source = scene(seconds=20, seed=2)
    whole = source.samples(0, 20 * RATE)
    assert np.array_equal(
        source.samples(7 * RATE - 11, 40_000), whole[:, 7 * RATE - 11 :][:, :40_000]
    )


def test_another_seed_is_another_scene() -> None:
    assert scene(seed=1).truth() != scene(seed=2).truth()


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_events_are_where_the_truth_says_to_the_millisecond(rate: int) -> None:
    source = scene(seconds=60, seed=5, noise=0, rate=rate)
    values = source.samples(0, 60 * rate)[0]
    is_heard = np.zeros(len(values), bool)
    for event in source.truth():
        onset, offset = (round(time * rate / 1e6) for time in (event.onset_us, event.offset_us))
        assert level(values[onset:offset]) > 0.003, event
        assert np.any(values[onset : onset + rate // 200]), event
        assert np.any(values[offset - rate // 100 : offset + 1]), event
        is_heard[onset - 1 : offset + 1] = True
    assert not values[~is_heard].any()


def test_events_are_listed_by_onset_and_end_with_the_scene() -> None:
    events = scene(seconds=61.5, seed=4, density=4).truth()
    assert [one.onset_us for one in events] == sorted(one.onset_us for one in events)
    assert max(one.offset_us for one in events) <= 61_500_000
    assert min(one.offset_us - one.onset_us for one in events) > 100_000


def test_all_kinds_come_and_some_at_the_same_time() -> None:
    events = scene(seconds=300).truth()
    assert {one.label for one in events} == set(KINDS)
    overlaps = [after.onset_us < one.offset_us for one, after in itertools.pairwise(events)]
    assert 0.05 < np.mean(overlaps) < 0.5


@pytest.mark.parametrize("label", list(KINDS))
def test_every_kind_is_loud_and_never_out_of_range(label: str) -> None:
    values = KINDS[label](np.arange(RATE, dtype=np.int64), RATE, RATE, 7)
    assert np.abs(values).max() <= 32_768
    assert level(values) > 1500


def test_a_siren_sweeps_up_and_down_without_steps() -> None:
    wave = siren(np.arange(2 * RATE, dtype=np.int64), 2 * RATE, RATE, 5) / 32_768
    pitches = [
        np.argmax(np.abs(np.fft.rfft(wave[at : at + 800] * np.hanning(800), 8192))) * RATE / 8192
        for at in range(0, 31_000, 400)
    ]
    assert np.ptp(pitches) == pytest.approx(290, abs=30)
    assert np.abs(np.diff(wave)).max() < 2 * np.pi * max(pitches) / RATE * 1.05


def test_the_background_falls_with_frequency() -> None:
    spectrum = np.abs(np.fft.rfft(scene(density=0).samples(0, 65_536)[0])) ** 2
    low, high = spectrum[200:2000].mean(), spectrum[20_000:30_000].mean()
    assert low > 4 * high
    assert 20 * np.log10(level(scene(density=0).samples(0, 65_536))) == pytest.approx(-50, abs=3)


def test_truth_is_written_as_csv_or_lines_of_json(tmp_path: Path) -> None:
    for ending in ("csv", "jsonl"):
        open_source(f"testsrc:sounds?seconds=20&truth={tmp_path}/t.{ending}").close()
    events = scene(seconds=20).truth()
    rows = list(csv.DictReader((tmp_path / "t.csv").read_text().splitlines()))
    lines = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()]
    assert [(int(row["onset_us"]), int(row["offset_us"]), row["label"]) for row in rows] == [
        (one.onset_us, one.offset_us, one.label) for one in events
    ]
    assert [line["label"] for line in lines] == [one.label for one in events]
    assert lines[0]["onset_us"] == events[0].onset_us


def test_truth_that_can_not_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"truth can't be written: No such file"):
        open_source(f"testsrc:sounds?truth={tmp_path}/gone/t.csv")


def test_an_endless_scene_goes_on_and_knows_as_much_truth_as_is_asked() -> None:
    source = scene(seconds=0)
    assert source.info.frame_count is None
    assert source.samples(10**9, 100).shape == (1, 100)
    assert source.truth(16_000_000) == scene(seconds=16).truth()
    with pytest.raises(ValueError, match="has no end; give until_us"):
        source.truth()


def test_a_live_scene_comes_by_the_clock(clock: Any) -> None:
    clock.advance_us(500)
    with open_source("testsrc:sounds?live=1&seconds=1", clock) as source:
        with pytest.raises(SourceTimeoutError):
            source.read(timeout_s=0)
        clock.advance_us(50_000)
        frame = source.read()
        assert frame is not None
        assert frame.timestamp_us == 500


def test_a_reader_of_a_live_scene_who_is_late_misses_the_oldest(clock: Any) -> None:
    with open_source("testsrc:sounds?live=1&seconds=60", clock) as source:
        with pytest.raises(SourceTimeoutError):
            source.read(timeout_s=0)
        clock.advance_us(15_000_000)
        frame = source.read()
        assert frame is not None
        assert frame.timestamp_us == pytest.approx(5_000_000, abs=100_000)
        assert source.counts.dropped == frame.timestamp_us // 50_000


def test_all_channels_are_alike() -> None:
    values = scene(channels=2).samples(0, 100)
    assert np.array_equal(values[0], values[1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("density=9", "density 0 to 4"),
        ("rate=10", "rate=10 must be"),
        ("truth=a.txt", "ends in .csv or .jsonl"),
        ("truth=a.csv&seconds=0", "seconds above 0"),
        ("seconds=0.00001", "less than one sample"),
    ],
)
def test_mistakes_in_options_are_named(options: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        open_source(f"testsrc:sounds?{options}")
