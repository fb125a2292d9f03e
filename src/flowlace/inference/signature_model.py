"""Models with several signatures on the CPU, each called by its name."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.tensor import Tensor
from flowlace.inference.errors import ModelError
from flowlace.inference.interpreter import allocate, make_interpreter
from flowlace.inference.model_runner import ModelRunner, fitting_shape, write_input
from flowlace.inference.tflite_file import Signature, TensorInfo, TfliteFile


def find_signature(file: TfliteFile, key: str) -> Signature:
    """Returns a signature of a model by name.

    Raises:
        ModelError: there is none of this name; lists those there are.
    """
    for one in file.signatures:
        if one.key == key:
            return one
    known = ", ".join(repr(one.key) for one in file.signatures if one.key) or "none"
    raise ModelError(f"model {file.path.name!r} has no signature {key!r}; it has: {known}")


class SignatureModel(ModelRunner):
    """Runs one signature of a model that has several; inputs and outputs are copied once.

    Args:
        file: the model.
        key: name of the signature.
        num_threads: threads of one call.
        use_xnnpack: fast kernels.

    Raises:
        ModelError: no such signature, or the runtime refuses the model.
    """

    def __init__(
        self, file: TfliteFile, key: str, *, num_threads: int = 1, use_xnnpack: bool = True
    ) -> None:
        self.file = file
        self.signature = find_signature(file, key)
        self.device = f"CPU, signature {key!r}"
        interpreter = make_interpreter(file, num_threads=num_threads, use_xnnpack=use_xnnpack)
        allocate(interpreter, file)
        try:
            self._call: Any = interpreter.get_signature_runner(key)
        except (RuntimeError, ValueError) as error:
            raise ModelError(f"model {file.path.name!r} can't be prepared: {error}") from error

    def run(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Runs the signature; see `ModelRunner.run`."""
        self.check_count(inputs)
        pairs = zip(self.signature.inputs, inputs, strict=True)
        named = {info.name: self._array(info, tensor) for info, tensor in pairs}
        try:
            found = self._call(**named)
        except (RuntimeError, ValueError) as error:
            raise ModelError(f"model {self.file.path.name!r} failed: {error}") from error
        for info in self.signature.outputs:
            self.check_numbers(info, found[info.name])
        return [
            Tensor(found[info.name], name=info.name, quantization=info.quantization)
            for info in self.signature.outputs
        ]

    def _array(self, info: TensorInfo, tensor: Tensor) -> NDArray[Any]:
        name = self.file.path.name
        array = np.empty(fitting_shape(name, info, tensor), info.dtype)
        write_input(name, info, tensor, array)
        return array

    def close(self) -> None:
        """Frees the interpreter."""
        self._call = None
