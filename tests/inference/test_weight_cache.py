"""The weight cache: it makes starts faster, and never changes what a model gives."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from flowlace.formats.tensor import Tensor
from flowlace.inference.delegates import DelegateOptions, open_on_cpu
from flowlace.inference.tflite_file import TfliteFile
from tests.inference.tiny_models import TinyModel, weighing


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "weights.cache"


def made(folder: Path, factor: float) -> TfliteFile:
    graph = weighing(np.full((64, 64), factor))
    return TfliteFile(TinyModel(graphs=[graph]).write(folder / f"times_{factor}.tflite"))


def result(file: TfliteFile, cache: Path) -> list[float]:
    model = open_on_cpu(file, DelegateOptions(weight_cache=cache))
    (found,) = model.run([Tensor(np.ones((1, 64), np.float32))])
    model.close()
    return sorted(set(found.array.ravel().tolist()))


def test_the_second_start_reads_what_the_first_wrote(tmp_path: Path, cache: Path) -> None:
    file = made(tmp_path, 2)
    first, written = result(file, cache), cache.stat()
    assert result(file, cache) == first == [128.0]
    assert (cache.stat().st_ino, cache.stat().st_mtime_ns) == (written.st_ino, written.st_mtime_ns)


def test_the_cache_of_a_model_before_it_was_trained_anew_is_not_used(
    tmp_path: Path, cache: Path
) -> None:
    assert result(made(tmp_path, 2), cache) == [128.0]
    assert result(made(tmp_path, 3), cache) == [192.0]


def test_a_damaged_cache_is_made_anew(tmp_path: Path, cache: Path) -> None:
    file = made(tmp_path, 2)
    result(file, cache)
    whole = cache.read_bytes()
    weights = whole.index(np.full(16, 2, np.float32).tobytes())
    cache.write_bytes(whole[: weights + 3] + b"\xff" + whole[weights + 4 :])
    assert result(file, cache) == [128.0]
    assert cache.read_bytes() == whole


@pytest.mark.parametrize("content", [b"", b"not a cache"])
def test_a_file_that_is_no_cache_is_replaced(tmp_path: Path, cache: Path, content: bytes) -> None:
    cache.write_bytes(content)
    assert result(made(tmp_path, 2), cache) == [128.0]
    assert cache.read_bytes() != content


def test_a_cache_another_model_still_reads_is_left_to_it(tmp_path: Path, cache: Path) -> None:
    file, other = made(tmp_path, 2), made(tmp_path, 3)
    first = open_on_cpu(file, DelegateOptions(weight_cache=cache))
    assert result(other, cache) == [192.0]
    (found,) = first.run([Tensor(np.ones((1, 64), np.float32))])
    assert set(found.array.ravel().tolist()) == {128.0}


@pytest.mark.parametrize("place", ["missing/weights.cache", "."])
def test_a_cache_that_can_not_be_written_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, place: str
) -> None:
    assert result(made(tmp_path, 2), tmp_path / place) == [128.0]
    assert "can't be written" in caplog.text


def test_nothing_is_left_beside_cache_and_seal(tmp_path: Path, cache: Path) -> None:
    result(made(tmp_path, 2), cache)
    assert {one.name for one in tmp_path.iterdir()} == {
        "times_2.tflite", "weights.cache", "weights.cache.seal",
    }  # fmt: skip


def test_the_runtime_does_not_talk_while_models_run(tmp_path: Path, cache: Path) -> None:
    # In a process of its own: the runtime says most of it only once.
    code = (
        "import sys\n"
        "from flowlace.inference.delegates import *\n"
        f"file = TfliteFile({str(made(tmp_path, 2).path)!r})\n"
        f"model = open_on_cpu(file, DelegateOptions(weight_cache={str(cache)!r}))\n"
        "model.run(golden_inputs(file.main, seed=0))\n"
        "print('ran', file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.startswith("ran")
    assert done.stdout == ""
