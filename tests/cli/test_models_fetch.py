"""`flowlace models fetch` when all goes well, from a model published in a file."""

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
