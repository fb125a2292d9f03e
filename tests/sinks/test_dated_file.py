import os
from pathlib import Path

import pytest

from flowlace.sinks.dated_file import DatedFile
from flowlace.sinks.sink import SinkError
from tests.sinks.made_nowcasts import START_US


def test_codes_are_filled_with_the_time_in_utc(tmp_path: Path) -> None:
    place = DatedFile(tmp_path / "%Y%m%d/rain_%H%M%SZ_100%%.tif")
    assert place.is_dated
    assert place.path(START_US + 61_500_000) == tmp_path / "20190610/rain_000101Z_100%.tif"


def test_a_name_without_codes_is_the_same_at_all_times(tmp_path: Path) -> None:
    place = DatedFile(tmp_path / "rain.tif")
    assert not place.is_dated
    assert place.path(0) == place.path(START_US) == tmp_path / "rain.tif"
    assert place.path(0, part=2) == tmp_path / "rain-2.tif"


def test_folders_with_codes_are_made(tmp_path: Path) -> None:
    place = DatedFile(tmp_path / "%Y/%m/rain.tif")
    place.write(place.path(START_US), b"rain")
    assert (tmp_path / "2019/06/rain.tif").read_bytes() == b"rain"


def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = DatedFile(tmp_path / "rain.tif")
    place.write(tmp_path / "rain.tif", b"old")

    def full(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[:1])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(SinkError, match=r"rain\.tif' can't be written: No space left on device"):
        place.write(tmp_path / "rain.tif", b"new")
    assert (tmp_path / "rain.tif").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["rain.tif"]


def test_a_folder_that_is_missing_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"there is no folder .*none'; make it first"):
        DatedFile(tmp_path / "none/rain.tif")


def test_an_unknown_code_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"'%q' is no code of time; known are %Y"):
        DatedFile(tmp_path / "rain_%q.tif")
