from pathlib import Path

import numpy as np
import pytest

from flowlace.framework.clock import Clock
from flowlace.sources.radar.folder import (
    RadarFilesSource,
    RadarFolderOptions,
    in_order_of_time,
    is_radar_file,
)
from flowlace.sources.radar.radar_file import time_in_name
from flowlace.sources.radar.watched_folder import WatchedRadarFolder
from flowlace.sources.registry import open_source
from flowlace.sources.source import SourceError, SourceTimeoutError
from flowlace.testing.simulated_clock import SimulatedClock
from tests.sources.radar.made_files import mrms

RAIN = np.full((6, 8), 2.5)
REAL = Path("../shared/data/radar/raw")


def name_of(minute: int, seconds: int = 0, hour: int = 0) -> str:
    return f"MRMS_PrecipRate_00.00_20190610-{hour:02}{minute:02}{seconds:02}.grib2.gz"


def put(folder: Path, minute: int, rain: np.ndarray = RAIN, seconds: int = 0) -> Path:
    path = folder / name_of(minute, seconds)
    path.write_bytes(mrms(rain, seconds, minute))
    return path


def minutes(source: object) -> list[float]:
    start = time_in_name(name_of(0))
    assert start is not None
    return [(one.timestamp_us - start) / 60e6 for one in source]  # type: ignore[attr-defined]


def source_of(folder: Path, **options: object) -> RadarFilesSource:
    return RadarFilesSource(folder.iterdir(), RadarFolderOptions(**options))  # type: ignore[arg-type]


def test_files_come_in_the_order_of_their_times(tmp_path: Path) -> None:
    for minute in (4, 0, 10, 2, 8, 6):
        put(tmp_path, minute)
    source = source_of(tmp_path)
    assert minutes(source) == [0, 2, 4, 6, 8, 10]
    assert not source.counts.skipped


def test_the_timestamp_is_the_time_of_observation_with_its_seconds(tmp_path: Path) -> None:
    put(tmp_path, 2, seconds=38)
    (frame,) = source_of(tmp_path)
    assert frame.timestamp_us == frame.payload.observed_us == 1_560_124_958_000_000
    assert frame.payload.received_us is None


def test_seconds_that_differ_are_no_gaps(tmp_path: Path) -> None:
    for minute, seconds in ((0, 0), (2, 38), (4, 1), (6, 40), (8, 2)):
        put(tmp_path, minute, seconds=seconds)
    source = source_of(tmp_path)
    assert len(minutes(source)) == 5
    assert not source.counts.skipped


def test_a_truncated_file_is_skipped_and_counted(tmp_path: Path) -> None:
    put(tmp_path, 0)
    cut = put(tmp_path, 2)
    cut.write_bytes(cut.read_bytes()[:-30])
    put(tmp_path, 4)
    source = source_of(tmp_path)
    assert minutes(source) == [0, 4]
    assert source.counts.skipped["unreadable"] == 1


def test_an_empty_file_is_skipped_and_counted(tmp_path: Path) -> None:
    put(tmp_path, 0)
    (tmp_path / name_of(2)).write_bytes(b"")
    source = source_of(tmp_path)
    assert minutes(source) == [0]
    assert source.counts.skipped["unreadable"] == 1


def test_an_observation_that_was_there_is_a_duplicate(tmp_path: Path) -> None:
    put(tmp_path, 0)
    (tmp_path / f"copy_{name_of(0)}").write_bytes(mrms(RAIN, 0, 0))
    put(tmp_path, 2)
    source = source_of(tmp_path)
    assert minutes(source) == [0, 2]
    assert source.counts.skipped == {"duplicate": 1}


def test_a_file_whose_name_lies_about_its_time_is_late(tmp_path: Path) -> None:
    put(tmp_path, 4)
    (tmp_path / name_of(6)).write_bytes(mrms(RAIN, 0, 2))
    source = source_of(tmp_path)
    assert minutes(source) == [4]
    assert source.counts.skipped == {"late": 1}


def test_missing_files_are_a_gap_that_is_counted(tmp_path: Path) -> None:
    for minute in (0, 2, 4, 12, 14):
        put(tmp_path, minute)
    source = source_of(tmp_path)
    assert minutes(source) == [0, 2, 4, 12, 14]
    assert source.counts.skipped == {"missing": 3}


def test_another_grid_is_skipped_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    put(tmp_path, 0)
    put(tmp_path, 2, np.zeros((6, 9)))
    put(tmp_path, 4)
    source = source_of(tmp_path)
    assert minutes(source) == [0, 4]
    assert source.counts.skipped["wrong_grid"] == 1
    assert "(6, 9)" in caplog.text
    assert name_of(2) in caplog.text


def test_a_file_that_saw_nothing_is_skipped(tmp_path: Path) -> None:
    put(tmp_path, 0)
    put(tmp_path, 2, np.full((6, 8), np.nan))
    source = source_of(tmp_path)
    assert minutes(source) == [0]
    assert source.counts.skipped["all_missing"] == 1


def test_where_no_file_can_be_used_it_is_an_error(tmp_path: Path) -> None:
    (tmp_path / name_of(0)).write_bytes(b"nothing")
    with pytest.raises(SourceError, match="not one file can be used"):
        list(source_of(tmp_path))


def test_names_open_folders_globs_and_single_files(tmp_path: Path) -> None:
    for minute in (0, 2):
        put(tmp_path, minute)
    (tmp_path / "README.md").write_text("not radar")
    for url in (f"mrms:{tmp_path}", f"radar:{tmp_path}/*.gz"):
        with open_source(url) as source:
            assert minutes(source) == [0, 2]
    with open_source(f"radar:{tmp_path / name_of(2)}") as source:
        assert minutes(source) == [2]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is no file, folder or glob that exists"):
        open_source(f"mrms:{tmp_path}/none")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("zr_a=300", "zr_a and zr_b belong together"),
        ("quantity=rain", "quantity='rain' must be rate or dbz"),
        ("poll_s=0", "poll_s must be positive"),
        ("speed=3", "option 'speed' is not known"),
    ],
)
def test_options_that_make_no_sense_are_told(tmp_path: Path, options: str, message: str) -> None:
    put(tmp_path, 0)
    with pytest.raises(SourceError, match=message):
        open_source(f"radar:{tmp_path}?{options}")


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("RAD_NL25_RAP_5min_201008260000.h5", "20100826-000000"),
        ("T_PAAH21_C_EUOC_20180824180000.hdf", "20180824-180000"),
        ("66_20201031_040000.prcp-c10.nc", "20201031-040000"),
        ("raa01-ry_10000-1408102050-dwd---bin.gz", "20140810-205000"),
        ("AQC161932045V_00005.801.gif", "20160711-204500"),
    ],
)
def test_times_in_the_names_of_the_networks_are_read(name: str, wanted: str) -> None:
    assert time_in_name(name) == time_in_name(f"x_{wanted}.x")
    assert time_in_name(name) is not None


def test_a_number_that_is_no_time_is_none() -> None:
    assert time_in_name("radar_99999999-999999.h5") is None
    assert time_in_name("radar.h5") is None


def test_files_without_a_time_in_their_names_come_by_name() -> None:
    paths = [Path("f10.h5"), Path("f9.h5"), Path(name_of(0))]
    assert [one.name for one in in_order_of_time(paths)] == ["f9.h5", "f10.h5", name_of(0)]


def test_files_on_their_way_are_left_alone(tmp_path: Path) -> None:
    for name in (".hidden.gz", "a.part", "b.tmp", "c.gz"):
        (tmp_path / name).write_bytes(b"x")
    assert [one.name for one in tmp_path.iterdir() if is_radar_file(one)] == ["c.gz"]


class Watching:
    """A watched folder on virtual time; things happen while it waits."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = SimulatedClock()
        clock: Clock = self.clock
        options = RadarFolderOptions(live=True, poll_s=2, patience_s=10)
        self.source = WatchedRadarFolder(folder, clock, options, wall_clock_us=10**15)

    def minute(self) -> float:
        frame = self.source.read(5)
        assert frame is not None
        start = time_in_name(name_of(0))
        assert start is not None
        return (frame.timestamp_us - start) / 60e6


def test_a_watched_folder_gives_what_is_there_and_then_what_arrives(tmp_path: Path) -> None:
    put(tmp_path, 2)
    put(tmp_path, 0)
    watching = Watching(tmp_path)
    assert [watching.minute(), watching.minute()] == [0, 2]
    with pytest.raises(SourceTimeoutError, match="no new file in 3 s"):
        watching.source.read(3)
    put(tmp_path, 4)
    assert watching.minute() == 4


def test_the_folder_is_looked_at_no_oftener_than_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watching = Watching(tmp_path)
    looks: list[int] = []
    look = watching.source._look
    monkeypatch.setattr(
        watching.source, "_look", lambda: looks.append(watching.clock.now_us()) or look()
    )
    for _ in range(50):
        with pytest.raises(SourceTimeoutError):
            watching.source.read(0.2)
    assert looks == [0, 2_000_000, 4_000_000, 6_000_000, 8_000_000, 10_000_000][: len(looks)]
    assert len(looks) >= 5


def test_what_is_watched_tells_when_it_was_received(tmp_path: Path) -> None:
    put(tmp_path, 0)
    watching = Watching(tmp_path)
    watching.clock.advance_us(5_000_000)
    frame = watching.source.read(1)
    assert frame is not None
    assert frame.payload.received_us == 10**15 + 5_000_000


def test_a_file_that_is_still_being_written_is_read_once_it_is_whole(tmp_path: Path) -> None:
    watching = Watching(tmp_path)
    path = put(tmp_path, 0)
    whole = path.read_bytes()
    for length in (10, 40, len(whole) - 5):
        path.write_bytes(whole[:length])
        with pytest.raises(SourceTimeoutError):
            watching.source.read(9)
    path.write_bytes(whole)
    assert watching.minute() == 0
    assert not watching.source.counts.skipped


def test_a_file_that_stays_cut_off_is_given_up_and_counted_once(tmp_path: Path) -> None:
    watching = Watching(tmp_path)
    path = put(tmp_path, 0)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(SourceTimeoutError):
        watching.source.read(60)
    assert watching.source.counts.skipped == {"unreadable": 1}


def test_a_file_that_comes_after_a_newer_one_is_late(tmp_path: Path) -> None:
    put(tmp_path, 0)
    put(tmp_path, 4)
    watching = Watching(tmp_path)
    assert [watching.minute(), watching.minute()] == [0, 4]
    put(tmp_path, 2)
    put(tmp_path, 8)
    assert watching.minute() == 8
    assert watching.source.counts.skipped["late"] == 1


def test_files_that_drop_in_out_of_order_between_two_looks_come_in_order(tmp_path: Path) -> None:
    watching = Watching(tmp_path)
    for minute in (6, 2, 4):
        put(tmp_path, minute)
    assert [watching.minute() for _ in range(3)] == [2, 4, 6]
    for minute in (12, 10, 0, 8):
        put(tmp_path, minute)
    assert [watching.minute() for _ in range(3)] == [8, 10, 12]
    assert watching.source.counts.skipped == {"late": 1}


def test_a_file_that_is_taken_away_is_no_trouble(tmp_path: Path) -> None:
    path = put(tmp_path, 0)
    watching = Watching(tmp_path)
    assert watching.minute() == 0
    path.unlink()
    put(tmp_path, 2)
    assert watching.minute() == 2


def test_closing_ends_a_watched_folder(tmp_path: Path) -> None:
    watching = Watching(tmp_path)
    watching.source.close()
    assert watching.source.read() is None


def test_live_is_an_option_of_the_name(tmp_path: Path) -> None:
    put(tmp_path, 0)
    with open_source(f"mrms:{tmp_path}?live=1") as source:
        assert source.is_live
        frame = source.read(1)
    assert frame is not None
    assert frame.payload.received_us > frame.payload.observed_us


@pytest.mark.data
@pytest.mark.parametrize(
    ("folder", "count", "shape"),
    [
        ("knmi", 49, (765, 700)),
        ("fmi_pgm", 40, (1226, 760)),
        ("mch_gif_20160711", 40, (640, 710)),
        ("bom66_nc", 24, (512, 512)),
        ("radolan", 1, (900, 900)),
    ],
)
def test_real_feeds_are_read_whole(folder: str, count: int, shape: tuple[int, int]) -> None:
    if not (REAL / folder).is_dir():
        pytest.skip(f"needs {REAL / folder}")
    with open_source(f"radar:{REAL / folder}") as source:
        frames = list(source)
    assert len(frames) == count
    assert frames[0].payload.shape == shape
    assert not source.counts.skipped
