"""The runtime that makes interpreters: the current one, and the old one where only that exists."""

import importlib.metadata
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from flowlace.formats.tensor import Tensor
from flowlace.inference.delegates import Delegate, DelegateOptions, open_model
from flowlace.inference.errors import ModelError
from flowlace.inference.interpreter import interpreter_module, runtime_name
from flowlace.inference.tflite_file import TfliteFile
from tests.inference.tiny_models import TinyModel, accumulating, adding


def forget_litert(monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = [name for name in sys.modules if name.partition(".")[0] == "ai_edge_litert"]
    for name in (*hidden, "ai_edge_litert", "flatbuffers"):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.fixture
def old_runtime(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A machine with `tflite-runtime` alone: the current interpreter under its name."""
    current = interpreter_module()
    package, module = ModuleType("tflite_runtime"), ModuleType("tflite_runtime.interpreter")
    module.Interpreter = current.Interpreter  # type: ignore[attr-defined]
    module.OpResolverType = current.OpResolverType  # type: ignore[attr-defined]
    package.interpreter = module  # type: ignore[attr-defined]
    forget_litert(monkeypatch)
    monkeypatch.setitem(sys.modules, "tflite_runtime", package)
    monkeypatch.setitem(sys.modules, "tflite_runtime.interpreter", module)
    monkeypatch.setattr(importlib.metadata, "version", {"tflite-runtime": "2.14.0"}.__getitem__)
    return module


@pytest.fixture
def file(tmp_path: Path) -> TfliteFile:
    graphs = [accumulating(), adding(signature="add")]
    return TfliteFile(TinyModel(graphs=graphs).write(tmp_path / "two.tflite"))


ONES = Tensor(np.ones((1, 2), np.float32))


@pytest.mark.usefixtures("old_runtime")
def test_models_run_where_only_the_old_runtime_exists(file: TfliteFile) -> None:
    assert runtime_name() == "tflite-runtime 2.14.0"
    outputs = open_model(file).run([ONES, ONES])
    assert [one.array.tolist() for one in outputs] == [[[2.0, 2.0]], [[2.0, 2.0]]]


@pytest.mark.usefixtures("old_runtime")
def test_signatures_run_where_only_the_old_runtime_exists(file: TfliteFile) -> None:
    model = open_model(file, DelegateOptions(signature="add"))
    (found,) = model.run([Tensor(np.zeros((1, 3), np.float32))])
    assert found.array.tolist() == [[1.0, 1.0, 1.0]]


@pytest.mark.usefixtures("old_runtime")
def test_the_old_runtime_has_no_accelerators_and_says_so(
    file: TfliteFile, caplog: pytest.LogCaptureFixture
) -> None:
    model = open_model(file, DelegateOptions(delegate=Delegate.GPU))
    assert model.device.startswith("CPU")
    assert "needs ai-edge-litert, which is not installed" in caplog.text


def test_a_runtime_that_does_not_fit_numpy_is_told(
    file: TfliteFile, old_runtime: ModuleType
) -> None:
    def refuse(**_: object) -> None:
        raise SystemError("returned a result with an exception set")

    old_runtime.Interpreter = refuse  # type: ignore[attr-defined]
    with pytest.raises(ModelError, match=r"tflite-runtime 2\.14\.0 can't be used .* numpy<2"):
        open_model(file)


def test_a_machine_without_a_runtime_is_told_what_to_install(
    file: TfliteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_litert(monkeypatch)
    with pytest.raises(ModelError, match=r"pip install ai-edge-litert, or tflite-runtime"):
        open_model(file)
