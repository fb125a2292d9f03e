"""Tries a delegate in a process of its own: a broken driver must not take the caller with it."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Final

from flowlace.inference.delegates import (
    Delegate,
    DelegateOptions,
    Trial,
    golden_inputs,
    open_on_cpu,
    try_accelerator,
)
from flowlace.inference.errors import ModelError
from flowlace.inference.tflite_file import TfliteFile

TIMEOUT_S: Final = 120.0
"""Longest time a trial may take; compiling for some GPUs takes half a minute."""


def try_in_a_process(model: Path, delegate: Delegate, *, timeout_s: float = TIMEOUT_S) -> Trial:
    """Returns what a delegate makes of a model, also if it crashes or hangs."""
    command = [sys.executable, "-m", __name__, str(model), delegate.value]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired:
        return _failed(delegate, f"hangs: no answer in {timeout_s:g} s")
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["without a word"]
        return _failed(delegate, f"crashes with exit code {done.returncode}: {last[0]}")
    fields = json.loads(done.stdout.splitlines()[-1])
    return Trial(**{**fields, "delegate": delegate})


def try_here(model: Path, delegate: Delegate) -> Trial:
    """Returns what a delegate makes of a model, in this process."""
    try:
        file = TfliteFile(model)
        options = DelegateOptions(delegate=delegate)
        cpu = open_on_cpu(file, options)
        if delegate.is_accelerator:
            return try_accelerator(file, options, cpu)[1]
        cpu.run(golden_inputs(file.main, seed=0))
    except ModelError as error:
        return _failed(delegate, str(error))
    return Trial(delegate=delegate, is_good=True, finding=f"runs on the {cpu.device}")


def _failed(delegate: Delegate, finding: str) -> Trial:
    return Trial(delegate=delegate, is_good=False, finding=finding)


if __name__ == "__main__":
    found = asdict(try_here(Path(sys.argv[1]), Delegate(sys.argv[2])))
    found["delegate"] = sys.argv[2]
    print(json.dumps(found))  # noqa: T201 - the answer to the process that asked
