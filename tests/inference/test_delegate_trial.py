"""Trials in a process of their own: the caller survives what the driver does."""

import os
import sys
from pathlib import Path

import pytest

from flowlace.inference import delegate_trial
from flowlace.inference.delegate_trial import try_in_a_process
from flowlace.inference.delegates import Delegate
from tests.inference.tiny_models import TinyModel, adding

ICD_VARIABLE = "FLOWLACE_TEST_VULKAN_ICD"
"""Environment variable with a Vulkan driver to test the GPU path on; see `make swiftshader`."""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return TinyModel(graphs=[adding()]).write(tmp_path / "add.tflite")


@pytest.mark.parametrize("delegate", [Delegate.XNNPACK, Delegate.TFLITE])
def test_the_cpu_works_everywhere(model: Path, delegate: Delegate) -> None:
    trial = try_in_a_process(model, delegate)
    assert trial.is_good
    assert trial.finding.startswith("runs on the CPU")


def test_a_machine_without_a_gpu_says_so(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VK_DRIVER_FILES", "/nowhere.json")
    trial = try_in_a_process(model, Delegate.GPU)
    assert not trial.is_good
    assert "No adapters found" in trial.finding


def test_a_crash_is_a_finding(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crashing = tmp_path / "crashing"
    crashing.write_text(f"#!{sys.executable}\nimport os\nos.abort()\n")
    crashing.chmod(0o755)
    monkeypatch.setattr(delegate_trial.sys, "executable", str(crashing))
    trial = try_in_a_process(model, Delegate.GPU)
    assert not trial.is_good
    assert "crashes with exit code -6" in trial.finding


def test_a_hang_is_a_finding(model: Path) -> None:
    trial = try_in_a_process(model, Delegate.GPU, timeout_s=0.01)
    assert trial.finding == "hangs: no answer in 0.01 s"


def test_a_file_that_is_no_model_is_a_finding(tmp_path: Path) -> None:
    path = tmp_path / "garbage.tflite"
    path.write_bytes(b"garbage and more of it")
    assert "is no .tflite file" in try_in_a_process(path, Delegate.XNNPACK).finding


@pytest.mark.skipif(
    not os.environ.get(ICD_VARIABLE), reason=f"needs a Vulkan driver in {ICD_VARIABLE}"
)
def test_the_gpu_path_runs_for_real_on_a_software_gpu(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    icd = Path(os.environ[ICD_VARIABLE])
    monkeypatch.setenv("VK_DRIVER_FILES", str(icd))
    monkeypatch.setenv("VK_ICD_FILENAMES", str(icd))
    monkeypatch.setenv("LD_LIBRARY_PATH", str(icd.parent))
    trial = try_in_a_process(model, Delegate.GPU)
    # Right results and a time can only have been found out by running it.
    assert trial.error is not None
    assert trial.error < 0.001
    assert trial.speedup is not None
    assert trial.is_good == (trial.speedup > 1)
