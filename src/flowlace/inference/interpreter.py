"""The one place that makes interpreters: `ai-edge-litert`, or `tflite-runtime` on old devices."""

import importlib.metadata
from typing import Any, Final

import numpy as np

from flowlace.inference.errors import ModelError
from flowlace.inference.native_log import caught_native_log
from flowlace.inference.tflite_file import TfliteFile

MOST_THREADS: Final = 256
"""No model gains from more, and the runtime crashes on many thousands."""


def interpreter_module() -> Any:
    """Returns the module with `Interpreter` and `OpResolverType`.

    Raises:
        ModelError: neither package is installed.
    """
    try:
        from ai_edge_litert import interpreter

        return interpreter
    except ImportError as litert_error:
        try:
            from tflite_runtime import interpreter as old_interpreter

            return old_interpreter
        except ImportError:
            raise ModelError(
                "nothing is installed that runs .tflite models; pip install ai-edge-litert, or "
                "tflite-runtime with numpy<2 where only that exists"
            ) from litert_error


def runtime_name() -> str:
    """Returns the package that runs models, with its version."""
    package = interpreter_module().__name__.partition(".")[0].replace("_", "-")
    return f"{package} {importlib.metadata.version(package)}"


def require_threads(num_threads: int) -> None:
    """Raises ModelError unless a model can run on so many threads."""
    if not 1 <= num_threads <= MOST_THREADS:
        raise ModelError(f"a model runs on 1 to {MOST_THREADS} threads, not {num_threads}")


def make_interpreter(file: TfliteFile, *, num_threads: int, use_xnnpack: bool) -> Any:
    """Returns an interpreter without allocated tensors.

    Raises:
        ModelError: the runtime refuses the model, or `num_threads`.
    """
    require_threads(num_threads)
    module = interpreter_module()
    resolvers = module.OpResolverType
    resolver = resolvers.AUTO if use_xnnpack else resolvers.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    try:
        # From memory, not from the path: what was read and checked is what runs, also when the
        # file is replaced meanwhile. The bytes are shared by all interpreters of this file.
        with caught_native_log():
            return module.Interpreter(
                model_content=file.content,
                num_threads=num_threads,
                experimental_op_resolver_type=resolver,
            )
    except (RuntimeError, ValueError) as error:
        raise ModelError(f"model {str(file.path)!r} is refused: {error}") from error
    except (ImportError, SystemError) as error:
        raise ModelError(
            f"{runtime_name()} can't be used with numpy {np.__version__}; install numpy<2 beside "
            f"tflite-runtime, or ai-edge-litert instead"
        ) from error


def allocate(interpreter: Any, file: TfliteFile) -> None:
    """Makes room for all tensors of an interpreter.

    Raises:
        ModelError: the runtime can't, for an operator or for want of memory.
    """
    try:
        with caught_native_log():
            interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        reason = str(error) or "the runtime gives no reason; is there enough memory?"
        raise ModelError(f"model {file.path.name!r} can't be prepared: {reason}") from error
