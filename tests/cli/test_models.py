"""`flowlace models`: lists, describes, verifies, times and fetches."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flowlace.cli import models as models_verb
from flowlace.cli.app import app
from flowlace.inference import find_model
from flowlace.inference.find_model import FOLDER_VARIABLE, packaged_models
from flowlace.inference.public_models import PUBLIC_MODELS, PublicModel
from flowlace.runner.errors import RunnerError
from tests.inference.tiny_models import TinyModel, adding


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PublicModel:
    """A tiny model that can be fetched from a file."""
    path = TinyModel(graphs=[adding()], packed={"labels.txt": "a\nb\n"}).write(
        tmp_path / "m.tflite"
    )
    data = path.read_bytes()
    model = PublicModel(
        name="tiny", task="object_detection", summary="Adds one", url=path.as_uri(),
        sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data), licence="CC0-1.0",
        publisher="nobody",
    )  # fmt: skip
    known = {**PUBLIC_MODELS, "tiny": model}
    monkeypatch.setattr(models_verb, "PUBLIC_MODELS", known)
    monkeypatch.setattr(find_model, "PUBLIC_MODELS", known)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "fetched"))
    return model


def models(*words: str) -> Any:
    return CliRunner().invoke(app, ["models", *words])


def test_public_models_are_listed_with_task_state_and_licence(published: PublicModel) -> None:
    lines = {line.split()[0]: line for line in models("list").stdout.splitlines()}
    assert set(lines) == {*packaged_models(), *PUBLIC_MODELS, "tiny"}
    assert "to fetch" in lines["tiny"]
    assert lines["tiny"].endswith("Adds one (CC0-1.0)")
    models("fetch", "tiny")
    assert "  fetched " in models("list").stdout


def test_a_fetched_model_is_where_the_answer_says(published: PublicModel) -> None:
    done = models("fetch", "tiny")
    assert done.exit_code == 0
    path = Path(done.stdout.splitlines()[-1])
    assert hashlib.sha256(path.read_bytes()).hexdigest() == published.sha256
    assert "licence CC0-1.0" in done.output


def test_a_description_tells_tensors_labels_and_operators(published: PublicModel) -> None:
    models("fetch", "tiny")
    told = models("describe", "tiny").stdout
    assert "in   x float32[1, 3]" in told
    assert "labels: 2, from 'a' to 'b'" in told
    assert "operators: 1 ADD" in told
    assert published.sha256 in told


def test_a_public_model_is_described_before_it_is_fetched(published: PublicModel) -> None:
    done = models("describe", "tiny")
    assert done.exit_code == 0
    assert "published by nobody" in done.stdout


def test_a_file_of_one_s_own_is_described(tmp_path: Path) -> None:
    path = TinyModel(graphs=[adding()]).write(tmp_path / "own.tflite")
    assert "own.tflite" in models("describe", str(path)).stdout


def test_whole_models_pass_and_changed_ones_fail(published: PublicModel) -> None:
    path = Path(models("fetch", "tiny").stdout.splitlines()[-1])
    assert models("verify", "tiny").exit_code == 0
    path.write_bytes(path.read_bytes() + b"changed")
    done = models("verify", "tiny")
    assert done.exit_code == 1
    assert f"expected {published.sha256}" in done.stdout


def test_everything_that_is_here_is_verified_without_names(published: PublicModel) -> None:
    models("fetch", "tiny")
    done = models("verify")
    assert done.exit_code == 0
    names = [line.split()[1].rstrip(":") for line in done.stdout.splitlines()]
    assert "tiny" in names
    assert len(names) == 1 + sum(len(one.spec.files) for one in packaged_models().values())


def test_times_are_told_by_kernels_threads_and_accelerators(tmp_path: Path) -> None:
    path = TinyModel(graphs=[adding()]).write(tmp_path / "own.tflite")
    told = models("bench", str(path), "--repeats", "2", "--threads", "1").stdout.splitlines()
    assert [line.split()[0].rstrip(",") for line in told] == ["xnnpack", "tflite", "gpu", "npu"]
    assert "ms of CPU" in told[0]


def test_an_unknown_public_model_lists_those_there_are() -> None:
    done = models("fetch", "yamne")
    assert isinstance(done.exception, RunnerError)
    assert "did you mean 'yamnet'?" in str(done.exception)
