"""SharedModel: one loaded model for several users, on several threads."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from flowlace.formats.tensor import Tensor
from flowlace.inference import shared_model
from flowlace.inference.delegates import Delegate, DelegateOptions
from flowlace.inference.errors import ModelError
from flowlace.inference.shared_model import SharedModel
from flowlace.inference.tflite_file import TfliteFile
from tests.inference.tiny_models import TinyModel, adding

OPTIONS = DelegateOptions()
SIZE = 2000
"""Large enough for outputs to be lent rather than copied."""


@pytest.fixture
def file(tmp_path: Path) -> TfliteFile:
    return TfliteFile(TinyModel(graphs=[adding(2, (1, SIZE))]).write(tmp_path / "tiny.tflite"))


@pytest.fixture(autouse=True)
def all_are_freed() -> Iterator[None]:
    yield
    assert shared_model._loaded == {}


def ran(model: SharedModel, value: float) -> Tensor:
    (found,) = model.run([Tensor(np.full((1, SIZE), value, np.float32))])
    return found


def test_users_of_one_content_share_one_model(file: TfliteFile, tmp_path: Path) -> None:
    copied = tmp_path / "copy.tflite"
    copied.write_bytes(file.content)
    first, second = SharedModel(file, OPTIONS), SharedModel(TfliteFile(copied), OPTIONS)
    assert first._shared is second._shared
    first.close()
    assert ran(second, 1).array[0, 0] == 3
    second.close()


def test_other_options_are_another_model(file: TfliteFile) -> None:
    first = SharedModel(file, OPTIONS)
    second = SharedModel(file, DelegateOptions(delegate=Delegate.TFLITE))
    assert first._shared is not second._shared
    first.close()
    second.close()


def test_what_one_got_stays_when_another_runs(file: TfliteFile) -> None:
    first, second = SharedModel(file, OPTIONS), SharedModel(file, OPTIONS)
    kept = ran(first, 1)
    ran(second, 5)
    assert (kept.array == 3).all()
    first.close()
    second.close()


def test_many_threads_get_what_they_asked_for(file: TfliteFile) -> None:
    models = [SharedModel(file, OPTIONS) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda n: ran(models[n % 4], n).array, range(200)))
    assert [float(one.min()) for one in found] == [n + 2 for n in range(200)]
    assert [float(one.max()) for one in found] == [n + 2 for n in range(200)]
    [each.close() for each in models]


def test_closing_twice_frees_once(file: TfliteFile) -> None:
    first, second = SharedModel(file, OPTIONS), SharedModel(file, OPTIONS)
    first.close()
    first.close()
    assert ran(second, 0).array[0, 0] == 2
    second.close()


def test_a_model_that_can_not_be_loaded_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "cut.tflite"
    TinyModel(graphs=[adding()]).write(path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ModelError):
        SharedModel(TfliteFile(path), OPTIONS)
