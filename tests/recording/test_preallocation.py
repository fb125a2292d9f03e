import os
from pathlib import Path

import pytest

from flowlace.recording import preallocation
from flowlace.recording.preallocation import STEP_BYTES, Preallocation

MB = 1_000_000
BLOCK = 512
SLACK = 1 << 16
"""File systems round up to blocks of their own."""


def reserved_bytes(path: Path) -> int:
    return path.stat().st_blocks * BLOCK


def reserve_or_skip(space: Preallocation, size_bytes: int) -> None:
    space.reserve(size_bytes)
    if not space._is_possible:
        pytest.skip("this system can't reserve space behind a file's end")


def test_space_is_reserved_and_the_size_stays_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("wb", buffering=0) as file:
        space = Preallocation(file)
        file.write(bytes(MB))
        reserve_or_skip(space, 3 * MB)
        assert path.stat().st_size == MB
        assert 6 * MB <= reserved_bytes(path) <= 6 * MB + SLACK
        space.reserve(5 * MB)
        assert reserved_bytes(path) <= 6 * MB + SLACK


def test_no_more_is_reserved_than_the_file_itself_or_a_step(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("wb") as file:
        space = Preallocation(file)
        reserve_or_skip(space, 10)
        assert reserved_bytes(path) <= SLACK
        space.reserve(3 * STEP_BYTES)
        assert reserved_bytes(path) <= 4 * STEP_BYTES + SLACK


def test_what_was_not_used_is_given_back(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with path.open("wb") as file:
        space = Preallocation(file)
        space.reserve(30 * MB)
        file.write(b"x" * 1000)
        file.flush()
        space.release()
    assert path.read_bytes() == b"x" * 1000
    assert reserved_bytes(path) <= SLACK


def test_what_can_not_reserve_is_written_without() -> None:
    with open("/dev/full", "wb", buffering=0) as file:
        space = Preallocation(file)
        space.reserve(MB)
        space.reserve(100 * MB)
        assert not space._is_possible
        with pytest.raises(OSError, match="No space left"):
            file.write(b"x")


def test_a_system_without_it_writes_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preallocation, "_fallocate", None)
    with (tmp_path / "file").open("wb") as file:
        space = Preallocation(file)
        space.reserve(30 * MB)
        os.write(file.fileno(), b"x")
        space.release()
    assert (tmp_path / "file").read_bytes() == b"x"
    assert reserved_bytes(tmp_path / "file") <= SLACK
