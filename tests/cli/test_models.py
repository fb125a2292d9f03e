"""`flowlace models` as a user meets it: what it tells, refuses, fetches and survives."""

import subprocess
import sys
from pathlib import Path

import pytest

from flowlace.inference.find_model import FOLDER_VARIABLE, fetched_file
from flowlace.inference.public_models import PUBLIC_MODELS
from tests.inference.tiny_models import TinyModel, adding, quantised

FLOWLACE = [sys.executable, "-m", "flowlace.cli", "models"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of fetched models."""
    made = tmp_path / "fetched"
    monkeypatch.setenv(FOLDER_VARIABLE, str(made))
    return made


@pytest.fixture
def model(tmp_path: Path) -> Path:
    tiny = TinyModel(graphs=[adding()], packed={"labels.txt": "car\nvan\n"})
    return tiny.write(tmp_path / "add.tflite")


def models(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [*FLOWLACE, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


def test_the_list_has_every_public_model() -> None:
    done = models("list")
    assert done.returncode == 0
    assert [name for name in PUBLIC_MODELS if name not in done.stdout] == []
    assert "to fetch" in done.stdout


def test_a_file_is_described_by_its_tensors_labels_and_operators(model: Path) -> None:
    lines = models("describe", model).stdout.splitlines()
    assert lines[1:] == [
        "tensors:",
        "  in   x float32[1, 3]",
        "  out  y float32[1, 3]",
        "labels: 2, from 'car' to 'van'",
        "operators: 1 ADD",
    ]


def test_a_public_model_is_described_before_it_is_fetched() -> None:
    done = models("describe", "yamnet")
    assert done.returncode == 0
    assert "licence Apache-2.0" in done.stdout


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing", "'nothing' is neither a file nor one of: "),
        ("yamnet:int8", "'yamnet' comes in one form only; leave out :int8"),
        (__file__, "is no .tflite file"),
    ],
)
def test_what_is_no_model_is_told_in_one_line(name: str, message: str) -> None:
    done = models("describe", name)
    assert done.returncode == 1
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_verify_tells_good_from_bad_and_goes_on(model: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.tflite"
    cut.write_bytes(model.read_bytes()[:100])
    done = models("verify", cut, model)
    bad, good = done.stdout.splitlines()
    assert done.returncode == 1
    assert bad.startswith("FAIL")
    assert "cut off or damaged" in bad
    assert good.startswith("ok")
    assert "runs on the CPU" in good


def test_verify_survives_a_model_that_crashes_the_runtime(model: Path, tmp_path: Path) -> None:
    graph = quantised()
    graph.tensors[1].dtype, graph.tensors[1].scale = "float32", 0.0
    crashing = TinyModel(graphs=[graph]).write(tmp_path / "crashing.tflite")
    bad, good = models("verify", crashing, model).stdout.splitlines()
    assert bad.startswith("FAIL")
    assert good.startswith("ok")


def test_verify_finds_a_fetched_model_that_was_changed(model: Path, folder: Path) -> None:
    folder.mkdir()
    fetched_file("yamnet").write_bytes(model.read_bytes())
    done = models("verify")
    assert done.returncode == 1
    assert "FAIL  yamnet: " in done.stdout
    assert f"expected {PUBLIC_MODELS['yamnet'].sha256}" in done.stdout


def test_bench_times_kernels_and_tells_why_there_is_no_accelerator(model: Path) -> None:
    done = models("bench", model, "--repeats", "2", "--threads", "1")
    assert done.returncode == 0, done.stderr
    assert [line.split(",")[0].split()[0] for line in done.stdout.splitlines()] == [
        "xnnpack", "tflite", "gpu", "npu",
    ]  # fmt: skip


def test_fetching_something_else_tells_what_can_be_fetched() -> None:
    done = models("fetch", "yamnit")
    assert done.returncode == 2
    assert "yamnet" in done.stderr
    assert "Traceback" not in done.stderr


def test_fetching_another_file_leaves_nothing(model: Path, folder: Path) -> None:
    done = models("fetch", "yamnet", "--url", model.as_uri())
    assert done.returncode == 1
    assert "another file" in done.stderr
    assert list(folder.iterdir()) == []
