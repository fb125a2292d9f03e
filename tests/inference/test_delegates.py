"""Delegates: an accelerator is used when it is right and faster, and never otherwise."""

import logging
from collections.abc import Sequence
from pathlib import Path
from time import sleep

import numpy as np
import pytest

from flowlace.formats.tensor import Tensor
from flowlace.inference.compiled_model import CompiledModel
from flowlace.inference.delegates import (
    Delegate,
    DelegateOptions,
    open_model,
    open_on_cpu,
    try_accelerator,
)
from flowlace.inference.errors import ModelError
from flowlace.inference.model_runner import ModelRunner
from flowlace.inference.tflite_file import TfliteFile
from tests.inference.tiny_models import TinyModel, accumulating, adding

GPU = DelegateOptions(delegate=Delegate.GPU)


class Fake(ModelRunner):
    """An accelerator that adds `number`, after `delay_s`."""

    def __init__(self, file: TfliteFile, number: float = 1.0, delay_s: float = 0.0) -> None:
        self.file, self.signature, self.device = file, file.main, "fake"
        self._number, self._delay_s = number, delay_s
        self.is_closed = False

    def run(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        sleep(self._delay_s)
        return [Tensor(inputs[0].array + np.float32(self._number), name="y")]

    def close(self) -> None:
        self.is_closed = True


class Slow(Fake):
    """The right results, slower than any CPU."""


@pytest.fixture
def file(tmp_path: Path) -> TfliteFile:
    return TfliteFile(TinyModel(graphs=[adding(shape=(1, 8))]).write(tmp_path / "add.tflite"))


def slow_cpu(file: TfliteFile) -> Fake:
    return Fake(file, delay_s=0.002)


def test_an_accelerator_that_is_right_and_faster_is_used(file: TfliteFile) -> None:
    found, trial = try_accelerator(
        file, GPU, slow_cpu(file), make_accelerated=lambda file, _: Fake(file)
    )
    assert isinstance(found, Fake)
    assert trial.is_good
    assert trial.error == 0
    assert "times as fast as the CPU" in trial.finding


def test_a_slower_accelerator_is_not_used(file: TfliteFile) -> None:
    slow = Fake(file, delay_s=0.005)
    found, trial = try_accelerator(file, GPU, Fake(file), make_accelerated=lambda *_: slow)
    assert found is None
    assert "slower: 0." in trial.finding
    assert slow.is_closed


def test_wrong_results_are_not_used_however_fast(file: TfliteFile) -> None:
    wrong = Fake(file, number=1.2)
    found, trial = try_accelerator(file, GPU, slow_cpu(file), make_accelerated=lambda *_: wrong)
    assert found is None
    assert "wrong results: output 'y' differs by" in trial.finding
    assert wrong.is_closed


def test_results_that_are_no_numbers_are_wrong(file: TfliteFile) -> None:
    found, trial = try_accelerator(
        file, GPU, slow_cpu(file), make_accelerated=lambda file, _: Fake(file, number=np.nan)
    )
    assert found is None
    assert "wrong results" in trial.finding


def test_small_errors_of_16_bit_floats_pass_and_fail_where_32_bits_are_asked_for(
    file: TfliteFile,
) -> None:
    def make(file: TfliteFile, _: DelegateOptions) -> ModelRunner:
        return Fake(file, number=1.01)

    exact = DelegateOptions(delegate=Delegate.GPU, is_exact=True)
    assert try_accelerator(file, GPU, slow_cpu(file), make_accelerated=make)[1].is_good
    assert not try_accelerator(file, exact, slow_cpu(file), make_accelerated=make)[1].is_good


@pytest.mark.parametrize("reason", ["no adapter", "operator PAD is not supported"])
def test_what_can_not_be_made_falls_back_with_one_warning_that_says_why(
    file: TfliteFile, caplog: pytest.LogCaptureFixture, reason: str
) -> None:
    def refuse(file: TfliteFile, _: DelegateOptions) -> ModelRunner:
        raise ModelError(reason)

    with caplog.at_level(logging.WARNING):
        model = open_model(file, GPU, make_accelerated=refuse)
    assert model.run([Tensor(np.zeros((1, 8), np.float32))])[0].array.tolist() == [[1.0] * 8]
    assert caplog.messages == [f"add.tflite runs on the CPU, not the GPU: {reason}"]


def test_a_failure_while_it_runs_falls_back(file: TfliteFile) -> None:
    class Broken(Fake):
        def run(self, inputs: Sequence[Tensor]) -> list[Tensor]:
            raise ModelError("device lost")

    found, trial = try_accelerator(
        file, GPU, Fake(file), make_accelerated=lambda file, _: Broken(file)
    )
    assert found is None
    assert trial.finding == "device lost"


def test_a_machine_without_an_npu_says_so_and_uses_the_cpu(
    file: TfliteFile, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.WARNING):
        model = open_model(file, DelegateOptions(delegate=Delegate.NPU))
    assert model.device.startswith("CPU")
    assert len(caplog.messages) == 1
    assert "can't be compiled for NPU" in caplog.messages[0]
    assert "accelerator_registry" not in capfd.readouterr().err


def test_the_weight_cache_file_is_written_and_read(file: TfliteFile, tmp_path: Path) -> None:
    cache = tmp_path / "weights.cache"
    options = DelegateOptions(weight_cache=cache)
    for _ in range(2):
        model = open_on_cpu(file, options)
        assert isinstance(model, CompiledModel)
        assert model.run([Tensor(np.ones((1, 8), np.float32))])[0].array.tolist() == [[2.0] * 8]
        model.close()
    assert cache.exists()


def test_a_signature_of_a_compiled_model_is_called_by_name(tmp_path: Path) -> None:
    graphs = [accumulating(), adding(10, signature="add")]
    file = TfliteFile(TinyModel(graphs=graphs).write(tmp_path / "two.tflite"))
    model = CompiledModel(file, "CPU", signature="add")
    (found,) = model.run([Tensor(np.zeros((1, 3), np.float32))])
    assert found.array.tolist() == [[10.0, 10.0, 10.0]]


def test_open_sizes_are_for_the_interpreter_only(tmp_path: Path) -> None:
    file = TfliteFile(TinyModel(graphs=[adding(shape=(-1, 3))]).write(tmp_path / "d.tflite"))
    with pytest.raises(ModelError, match="inputs of open size"):
        CompiledModel(file, "CPU")
