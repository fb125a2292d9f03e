from pathlib import Path

import numpy as np
import pytest

from flowlace.formats.radar_grid import Extent
from flowlace.nowcast_verification.archive import Archive
from flowlace.nowcasting.errors import NowcastError
from flowlace.sources.source import SourceError
from tests.nowcast_verification.made_archive import (
    SHAPE,
    START_US,
    file_name,
    write_archive,
    write_file,
)

MINUTE_US = 60_000_000


def test_an_archive_tells_what_is_in_it(tmp_path: Path) -> None:
    archive = Archive(str(write_archive(tmp_path, [0, 5, 10, 15])))
    assert archive.facts.step_us == 5 * MINUTE_US
    assert [one.observed_us for one in archive] == [
        START_US + one * MINUTE_US for one in (0, 5, 10, 15)
    ]
    facts = archive.facts
    assert (facts.files, facts.observations, facts.shape) == (4, 4, SHAPE)
    assert facts.pixel_km == pytest.approx(0.84, abs=0.01)
    assert not facts.skipped
    assert facts.gaps_us == []


def test_what_can_not_be_used_is_counted_by_reason(tmp_path: Path) -> None:
    write_archive(tmp_path, [0, 5, 10, 15, 35, 40])
    cut_off = tmp_path / file_name(10)
    cut_off.write_bytes(cut_off.read_bytes()[:200])
    (tmp_path / file_name(20)).write_bytes(b"")
    write_file(tmp_path, 25, np.zeros((32, 32)))
    write_file(tmp_path, 30, np.full(SHAPE, np.nan))
    archive = Archive(str(tmp_path))
    assert len(list(archive)) == 5
    skipped = archive.facts.skipped
    assert (skipped["unreadable"], skipped["wrong_grid"], skipped["all_missing"]) == (2, 1, 1)
    assert archive.facts.gaps_us == [
        (START_US + 5 * MINUTE_US, START_US + 15 * MINUTE_US),
        (START_US + 15 * MINUTE_US, START_US + 35 * MINUTE_US),
    ]


def test_what_was_skipped_is_known_when_reading_ends_early(tmp_path: Path) -> None:
    write_archive(tmp_path, [0, 5, 10, 15])
    (tmp_path / file_name(2)).write_bytes(b"")
    archive = Archive(str(tmp_path))
    reading = iter(archive)
    next(reading), next(reading)
    reading.close()  # type: ignore[attr-defined]
    assert archive.facts.skipped == {"unreadable": 1}


def test_times_are_read_from_files_whose_names_tell_none(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_archive(tmp_path, [0, 5, 10])
    [
        one.rename(tmp_path / f"{place}.grib2")
        for place, one in enumerate(sorted(tmp_path.iterdir()))
    ]
    (tmp_path / "3.grib2").write_bytes(b"GRIB")
    archive = Archive(str(tmp_path))
    assert archive.facts.step_us == 5 * MINUTE_US
    assert caplog.messages == []  # told once, when the files are read for good
    assert len(list(archive)) == 3
    assert len(caplog.messages) == 1


def test_observations_of_other_times_are_not_used(tmp_path: Path) -> None:
    write_archive(tmp_path, range(0, 60, 5))
    archive = Archive(
        str(tmp_path), from_us=START_US + 10 * MINUTE_US, to_us=START_US + 20 * MINUTE_US
    )
    assert [(one.observed_us - START_US) // MINUTE_US for one in archive] == [10, 15, 20]


def test_a_crop_keeps_a_part_and_one_that_misses_is_an_error(tmp_path: Path) -> None:
    write_archive(tmp_path, [0, 5])
    west, north = -129.995 - 0.005, 54.995 + 0.005
    crop = Extent(west + 0.1, north - 0.3, west + 0.4, north - 0.1)
    assert [one.shape for one in Archive(str(tmp_path), crop)] == [(20, 30), (20, 30)]
    with pytest.raises(NowcastError, match=r"the extent x 0.* misses the grid"):
        list(Archive(str(tmp_path), Extent(0, 0, 1, 1)))


def test_a_crop_that_saw_nothing_is_counted(tmp_path: Path) -> None:
    holed = np.zeros(SHAPE)
    holed[:32] = np.nan
    write_file(tmp_path, 0, np.zeros(SHAPE))
    write_file(tmp_path, 5, holed)
    archive = Archive(str(tmp_path), Extent(-130, 54.9, -129.9, 55))
    assert len(list(archive)) == 1
    assert archive.facts.skipped == {"nothing_seen_in_crop": 1}


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("none", "is no file, folder or glob that exists"),
        ("?live=1", "an archive is not watched"),
        ("?step=5", "option 'step' is not known"),
    ],
)
def test_an_archive_that_can_not_be_opened_is_named(
    tmp_path: Path, place: str, message: str
) -> None:
    write_archive(tmp_path, [0, 5])
    text = f"{tmp_path}{place}" if place.startswith("?") else str(tmp_path / place)
    with pytest.raises(SourceError, match=message):
        Archive(text)


def test_a_time_that_ends_before_it_begins_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NowcastError, match="the time to begin with must be before"):
        Archive(str(write_archive(tmp_path, [0, 5])), from_us=2, to_us=1)


@pytest.mark.parametrize(("times", "message"), [([], "no radar file there"), ([0], "there are 1")])
def test_too_little_is_an_error(tmp_path: Path, times: list[float], message: str) -> None:
    write_archive(tmp_path, times) if times else None
    with pytest.raises(NowcastError, match=message):
        Archive(str(tmp_path))
