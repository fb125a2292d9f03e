"""How long a model takes: the middle of some runs, by the wall and by the processor."""

from collections.abc import Sequence
from statistics import median
from time import perf_counter, process_time
from typing import NamedTuple

from flowlace.formats.tensor import Tensor
from flowlace.inference.model_runner import ModelRunner


class RunTime(NamedTuple):
    """Middle times of one run, in seconds."""

    wall_s: float
    cpu_s: float
    """Of the whole process."""


def timed(runner: ModelRunner, cases: Sequence[Sequence[Tensor]], runs: int) -> RunTime:
    """Returns the middle of `runs` runs, which take the cases in turn."""
    walls, cpus = [], []
    for index in range(runs):
        wall, cpu = perf_counter(), process_time()
        runner.run(cases[index % len(cases)])
        walls.append(perf_counter() - wall)
        cpus.append(process_time() - cpu)
    return RunTime(median(walls), median(cpus))
