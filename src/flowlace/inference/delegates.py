"""Chooses where a model runs: what the graph asks for if that is right and faster, else the CPU.

An accelerator is never believed: LiteRT's GPU path has been seen to give wrong numbers and to
call itself fully accelerated. So it is tried on made-up inputs first, its outputs are compared
with the CPU's, both are timed, and only what is right and faster is used. Otherwise the CPU is,
with one warning that says why.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

import numpy as np

from flowlace.formats.tensor import Tensor
from flowlace.inference.compiled_model import CompiledModel
from flowlace.inference.cpu_model import CpuModel
from flowlace.inference.errors import ModelError
from flowlace.inference.model_runner import ModelRunner
from flowlace.inference.model_timing import timed
from flowlace.inference.native_log import caught_native_log
from flowlace.inference.signature_model import SignatureModel
from flowlace.inference.tflite_file import Signature, TensorInfo, TfliteFile

log = logging.getLogger(__name__)

GOLDEN_INPUTS: Final = 3
"""Made-up inputs an accelerator has to get right."""
TIMED_RUNS: Final = 5
"""Runs on each side, of which the middle time counts."""
LARGEST_ERROR: Final = 0.02
"""Of an output's range, with 16-bit floats: these have 11 bits, and layers add up."""
LARGEST_EXACT_ERROR: Final = 0.001
"""Of an output's range, with 32-bit floats."""


class Delegate(Enum):
    """Who computes; values are the names in graph files."""

    TFLITE = "tflite"
    """The runtime's reference kernels on the CPU."""
    XNNPACK = "xnnpack"
    """Fast kernels on the CPU."""
    GPU = "gpu"
    """LiteRT's GPU accelerator."""
    NPU = "npu"
    """LiteRT's NPU accelerator."""

    @property
    def is_accelerator(self) -> bool:
        """Whether it is checked against the CPU before it is used."""
        return self in (Delegate.GPU, Delegate.NPU)


@dataclass(frozen=True, kw_only=True, slots=True)
class DelegateOptions:
    """How a model is to be run."""

    delegate: Delegate = Delegate.XNNPACK
    """Who is asked to compute."""
    num_threads: int = 1
    """Threads on the CPU."""
    weight_cache: str | Path = ""
    """File for packed weights, which makes the next start faster; with `XNNPACK`. A model with a
    cache keeps Python's lock while it runs."""
    is_exact: bool = False
    """32-bit floats on the GPU."""
    signature: str = ""
    """Which signature; the main one if empty."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """What came of trying an accelerator."""

    delegate: Delegate
    is_good: bool
    """Whether it was right and faster."""
    finding: str
    """Why, or why not."""
    error: float | None = None
    """Largest difference to the CPU as a share of the output's range; None if it did not run."""
    speedup: float | None = None
    """CPU time / accelerator time of one run; None if it was not timed."""


MakeRunner = Callable[[TfliteFile, DelegateOptions], ModelRunner]


def open_model(
    file: TfliteFile,
    options: DelegateOptions = DelegateOptions(),
    *,
    make_accelerated: MakeRunner | None = None,
) -> ModelRunner:
    """Returns a model ready to run, on the CPU where what is asked for can't be had.

    Args:
        file: the model.
        options: what is asked for.
        make_accelerated: makes the accelerated model; LiteRT's unless given.

    Raises:
        ModelError: the model does not run on the CPU either.
    """
    cpu = open_on_cpu(file, options)
    if not options.delegate.is_accelerator:
        return cpu
    accelerated, trial = try_accelerator(file, options, cpu, make_accelerated=make_accelerated)
    if accelerated is None:
        name = options.delegate.name
        log.warning("%s runs on the CPU, not the %s: %s", file.path.name, name, trial.finding)
        return cpu
    cpu.close()
    return accelerated


def open_on_cpu(file: TfliteFile, options: DelegateOptions = DelegateOptions()) -> ModelRunner:
    """Returns a model on the CPU, whatever delegate is asked for."""
    threads = options.num_threads
    if options.weight_cache and options.delegate is Delegate.XNNPACK:
        return CompiledModel(
            file, "CPU", num_threads=threads, weight_cache=options.weight_cache,
            signature=options.signature,
        )  # fmt: skip
    use_xnnpack = options.delegate is not Delegate.TFLITE
    key = options.signature
    if key and not (file.main.key == key and len(file.signatures) == 1):
        return SignatureModel(file, key, num_threads=threads, use_xnnpack=use_xnnpack)
    return CpuModel(file, num_threads=threads, use_xnnpack=use_xnnpack)


def try_accelerator(
    file: TfliteFile,
    options: DelegateOptions,
    cpu: ModelRunner,
    *,
    make_accelerated: MakeRunner | None = None,
) -> tuple[ModelRunner | None, Trial]:
    """Returns the accelerated model if it is right and faster than `cpu`, and what was found."""
    accelerated: ModelRunner | None = None

    def refused(
        finding: str, error: float | None = None, speedup: float | None = None
    ) -> tuple[None, Trial]:
        if accelerated is not None:
            accelerated.close()
        return None, Trial(
            delegate=options.delegate, is_good=False, finding=finding, error=error, speedup=speedup
        )

    try:
        accelerated = (make_accelerated or _compiled)(file, options)
        cases = [golden_inputs(cpu.signature, seed) for seed in range(GOLDEN_INPUTS)]
        with caught_native_log():  # the first run makes the runtime talk again
            error, where = _largest_error(cpu, accelerated, cases)
        limit = LARGEST_EXACT_ERROR if options.is_exact else LARGEST_ERROR
        if not error <= limit:
            return refused(
                f"wrong results: output {where!r} differs by {error:.1%} of its range from the "
                f"CPU's, allowed are {limit:.1%}",
                error,
            )
        cpu_time, accelerated_time = (timed(each, cases, TIMED_RUNS) for each in (cpu, accelerated))
        speedup = cpu_time.wall_s / accelerated_time.wall_s
    except ModelError as failure:
        return refused(str(failure))
    if speedup <= 1:
        return refused(f"slower: {speedup:.2f} times the CPU's speed", error, speedup)
    finding = f"right to {error:.2%} and {speedup:.1f} times as fast as the CPU"
    return accelerated, Trial(
        delegate=options.delegate, is_good=True, finding=finding, error=error, speedup=speedup
    )


def _compiled(file: TfliteFile, options: DelegateOptions) -> ModelRunner:
    return CompiledModel(
        file,
        options.delegate.name,
        num_threads=options.num_threads,
        is_exact=options.is_exact,
        signature=options.signature,
    )


def golden_inputs(signature: Signature, seed: int) -> list[Tensor]:
    """Returns made-up inputs: noise over all values of whole types, floats within -1 and 1."""
    generator = np.random.default_rng((seed, 20))
    return [_noise(info, generator) for info in signature.inputs]


def _noise(info: TensorInfo, generator: np.random.Generator) -> Tensor:
    shape = tuple(1 if size < 0 else size for size in info.shape)
    if info.dtype.kind == "f":
        return Tensor(generator.uniform(-1, 1, shape).astype(info.dtype))
    if info.dtype.kind == "b":
        return Tensor(generator.integers(0, 2, shape).astype(np.bool_))
    if info.dtype.itemsize == 1:
        limits = np.iinfo(info.dtype)
        noise = generator.integers(limits.min, limits.max + 1, shape)
        return Tensor(noise.astype(info.dtype), quantization=info.quantization)
    # Wide whole numbers are places in tables: 0 and 1 exist in any.
    return Tensor(generator.integers(0, 2, shape).astype(info.dtype))


def _largest_error(
    cpu: ModelRunner, accelerated: ModelRunner, cases: Sequence[Sequence[Tensor]]
) -> tuple[float, str]:
    """Returns the largest difference as a share of the output's range, and the output's name."""
    worst, where = 0.0, ""
    for inputs in cases:
        for want, have in zip(cpu.run(inputs), accelerated.run(inputs), strict=True):
            error = _difference(want, have)
            if not error <= worst:
                worst, where = error, want.name
    return worst, where


def _difference(want: Tensor, have: Tensor) -> float:
    if want.shape != have.shape:
        return float("inf")
    if not want.array.size:
        return 0.0
    expected = want.floats
    span = float(np.ptp(expected)) or float(np.abs(expected).max()) or 1.0
    return float(np.abs(have.floats - expected).max()) / span
