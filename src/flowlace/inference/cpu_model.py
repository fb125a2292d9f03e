"""Models on the CPU, by the classic interpreter: it lets other threads run while it works.

Inputs are written into the interpreter's own memory. Outputs below `SMALL_BYTES` are copied;
larger ones are lent: arrays show the interpreter's memory, and before the next call it is looked
up whether any is still held. While nobody keeps outputs, nothing is ever copied. Once somebody
does, the interpreter is left to them, a new one takes over, and from then on outputs are copied.
"""

import weakref
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.tensor import Tensor
from flowlace.inference.errors import ModelError
from flowlace.inference.interpreter import allocate, make_interpreter
from flowlace.inference.model_runner import ModelRunner, fitting_shape, write_input
from flowlace.inference.tflite_file import Signature, TensorInfo, TfliteFile

SMALL_BYTES: Final = 4096
"""Copying this much costs less than looking up whether it is still held."""


class CpuModel(ModelRunner):
    """Runs the main graph of a model on the CPU.

    Args:
        file: the model.
        num_threads: threads of one call; results do not depend on them.
        use_xnnpack: fast kernels; without them the reference kernels of the runtime.

    Raises:
        ModelError: the runtime refuses the model, for instance for an unknown operator.
    """

    def __init__(self, file: TfliteFile, *, num_threads: int = 1, use_xnnpack: bool = True) -> None:
        self.file = file
        self.signature: Signature = file.main
        self._num_threads = num_threads
        self._use_xnnpack = use_xnnpack
        kernels = "XNNPACK" if use_xnnpack else "reference kernels"
        self.device = f"CPU ({kernels}), {_counted(num_threads)}"
        self._shapes: list[tuple[int, ...]] = []
        self._loans: list[weakref.ref[_Loan]] = []
        self._lends = True
        self._interpreter = self._new_interpreter()

    def _new_interpreter(self) -> Any:
        interpreter = make_interpreter(
            self.file, num_threads=self._num_threads, use_xnnpack=self._use_xnnpack
        )
        self._shapes = [() for _ in self.signature.inputs]
        if not any(-1 in info.shape for info in self.signature.inputs):
            allocate(interpreter, self.file)
            self._shapes = [info.shape for info in self.signature.inputs]
        return interpreter

    def run(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Runs the model; see `ModelRunner.run`."""
        self.check_count(inputs)
        self._take_back_memory()
        self._fit_shapes(inputs)
        name = self.file.path.name
        for info, tensor in zip(self.signature.inputs, inputs, strict=True):
            write_input(name, info, tensor, self._interpreter.tensor(info.index)())
        try:
            self._interpreter.invoke()
        except (RuntimeError, ValueError) as error:
            raise ModelError(f"model {name!r} failed while it ran: {error}") from error
        return [self._output(info) for info in self.signature.outputs]

    def close(self) -> None:
        """Frees the interpreter."""
        self._interpreter = None

    def _take_back_memory(self) -> None:
        is_held = any(loan() is not None for loan in self._loans)
        self._loans.clear()
        if is_held:
            self._lends = False
            self._interpreter = self._new_interpreter()

    def _fit_shapes(self, inputs: Sequence[Tensor]) -> None:
        name = self.file.path.name
        pairs = zip(self.signature.inputs, inputs, strict=True)
        wanted = [fitting_shape(name, info, tensor) for info, tensor in pairs]
        if wanted == self._shapes:
            return
        self._shapes = [()] * len(wanted)  # what a failure leaves fits nothing
        try:
            for info, shape in zip(self.signature.inputs, wanted, strict=True):
                if -1 in info.shape:
                    self._interpreter.resize_tensor_input(info.index, shape, strict=True)
        except (RuntimeError, ValueError, OverflowError) as error:
            raise ModelError(f"model {name!r} can't take inputs of {wanted}: {error}") from error
        allocate(self._interpreter, self.file)
        self._shapes = wanted

    def _output(self, info: TensorInfo) -> Tensor:
        view: NDArray[Any] = self._interpreter.tensor(info.index)()
        self.check_numbers(info, view)
        if not self._lends or view.nbytes < SMALL_BYTES:
            return Tensor(view.copy(), name=info.name, quantization=info.quantization)
        loan = _Loan(view, self._interpreter)
        self._loans.append(weakref.ref(loan))
        return Tensor(np.asarray(loan), name=info.name, quantization=info.quantization)


class _Loan:
    """Output memory of an interpreter; lives as long as any array that shows it."""

    __slots__ = ("__array_interface__", "__weakref__", "_interpreter")

    def __init__(self, view: NDArray[Any], interpreter: Any) -> None:
        self.__array_interface__ = dict(view.__array_interface__)
        # The memory lives as long as this reference to its owner.
        self._interpreter = interpreter


def _counted(threads: int) -> str:
    return f"{threads} thread" if threads == 1 else f"{threads} threads"
