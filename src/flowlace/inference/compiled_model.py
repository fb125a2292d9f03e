"""Models by LiteRT's `CompiledModel`: the way to GPUs and NPUs, and to the XNNPACK weight cache.

It keeps Python's lock while it runs, so on the CPU the interpreter of `cpu_model.py` is used,
unless a weight cache is asked for: that only this way knows.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from flowlace.formats.tensor import Tensor
from flowlace.inference.errors import ModelError
from flowlace.inference.interpreter import require_threads
from flowlace.inference.model_runner import ModelRunner, fitting_shape, write_input
from flowlace.inference.native_log import NativeLog, caught_native_log
from flowlace.inference.signature_model import find_signature
from flowlace.inference.tflite_file import TensorInfo, TfliteFile
from flowlace.inference.weight_cache import sealed_weight_cache

_REASONS = (
    r"No adapters? found",
    r"Couldn't load Vulkan.*",
    r"Some ops are not accelerated",
    r"(?i)(operation is|operator|op)[^:]* not supported.*",
    r"(?i)unsupported .*",
    r"Failed to .*",
)
"""Lines of the runtime's log that say why, the most telling first."""


class CompiledModel(ModelRunner):
    """A model compiled for one kind of hardware.

    Args:
        file: the model.
        hardware: `CPU`, `GPU` or `NPU`. What a GPU can't do runs on the CPU; an NPU has to take
            the whole model, because the runtime hides whether it took any of it.
        num_threads: threads for what runs on the CPU.
        weight_cache: file that keeps the packed weights for the next start; CPU only.
        is_exact: 32-bit floats on the GPU, where it would use 16.
        signature: which signature; the main one if empty.

    Raises:
        ModelError: the runtime can't compile the model for this hardware.
    """

    def __init__(
        self,
        file: TfliteFile,
        hardware: str,
        *,
        num_threads: int = 1,
        weight_cache: str | Path = "",
        is_exact: bool = False,
        signature: str = "",
    ) -> None:
        require_threads(num_threads)
        self.file = file
        self.signature = find_signature(file, signature) if signature else file.main
        self.device = f"{hardware}, weights cached" if weight_cache else hardware
        if any(-1 in info.shape for info in self.signature.inputs):
            raise ModelError(
                f"model {file.path.name!r} has inputs of open size, which only the interpreter on "
                f"the CPU takes"
            )
        if weight_cache:
            with sealed_weight_cache(Path(weight_cache), file) as cache:
                self._compile(hardware, num_threads, cache, is_exact)
        else:
            self._compile(hardware, num_threads, "", is_exact)

    def _compile(self, hardware: str, num_threads: int, weight_cache: str, is_exact: bool) -> None:
        failure: Exception | None = None
        with caught_native_log() as native:
            try:
                self._prepare(_options(hardware, num_threads, weight_cache, is_exact))
            except ImportError as error:
                raise ModelError(
                    f"a model on the {self.device} needs ai-edge-litert, which is not installed"
                ) from error
            except RuntimeError as error:
                # Without its frames, so that what they hold is freed, and logged, in here.
                failure = error.with_traceback(None)
        if failure is not None:
            raise ModelError(
                f"model {self.file.path.name!r} can't be compiled for {hardware}: "
                f"{_reason(failure, native)}"
            ) from failure

    def _prepare(self, options: Any) -> None:
        from ai_edge_litert.compiled_model import CompiledModel as LitertModel

        model = LitertModel.from_buffer(self.file.content, options=options)
        key = self.signature.key or next(iter(model.get_signature_list()))
        sizes = model.get_output_tensor_details(key)
        self._key = key
        self._model: Any = model
        self._inputs = {
            info.name: model.create_input_buffer_by_name(key, info.name)
            for info in self.signature.inputs
        }
        self._outputs = {
            info.name: model.create_output_buffer_by_name(key, info.name)
            for info in self.signature.outputs
        }
        self._output_shapes = {name: tuple(one["shape"]) for name, one in sizes.items()}
        # The first write makes the runtime talk once more; in here nobody has to read it.
        for info in self.signature.inputs:
            self._inputs[info.name].write(np.zeros(info.shape, info.dtype))

    def run(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Runs the model; see `ModelRunner.run`."""
        self.check_count(inputs)
        for info, tensor in zip(self.signature.inputs, inputs, strict=True):
            self._write(info, tensor)
        try:
            self._model.run_by_name(self._key, self._inputs, self._outputs)
        except RuntimeError as error:
            raise ModelError(
                f"model {self.file.path.name!r} failed on {self.device}: {error}"
            ) from error
        return [self._output(info) for info in self.signature.outputs]

    def _write(self, info: TensorInfo, tensor: Tensor) -> None:
        name = self.file.path.name
        array = np.empty(fitting_shape(name, info, tensor), info.dtype)
        write_input(name, info, tensor, array)
        self._inputs[info.name].write(array)

    def _output(self, info: TensorInfo) -> Tensor:
        shape = self._output_shapes[info.name]
        size = int(np.prod(shape, dtype=np.int64))
        array = self._outputs[info.name].read(size, info.dtype).reshape(shape)
        self.check_numbers(info, array)
        return Tensor(array, name=info.name, quantization=info.quantization)

    def close(self) -> None:
        """Frees the compiled model and its buffers."""
        with caught_native_log():
            self._inputs, self._outputs, self._model = {}, {}, None


def _options(hardware: str, num_threads: int, weight_cache: str, is_exact: bool) -> Any:
    from ai_edge_litert.hardware_accelerator import HardwareAccelerator
    from ai_edge_litert.options import CpuOptions, GpuOptions, Options

    kinds = {
        "CPU": HardwareAccelerator.CPU,
        "GPU": HardwareAccelerator.GPU | HardwareAccelerator.CPU,
        "NPU": HardwareAccelerator.NPU,
    }
    return Options(
        kinds[hardware],
        # Always given: without it the runtime would use one thread, whatever is asked for.
        cpu_options=CpuOptions(num_threads=num_threads, xnnpack_weight_cache_path=weight_cache),
        gpu_options=GpuOptions(enforce_f32=is_exact),
    )


def _reason(error: BaseException, native: NativeLog) -> str:
    """Returns the telling part of a failure: LiteRT's own text is source lines for the most."""
    said = NativeLog()
    said.lines = str(error).splitlines()
    found = said.first_with(*_REASONS) or native.first_with(*_REASONS)
    return found or " ".join(str(error).split())
