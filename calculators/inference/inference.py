"""Runs a model on tensors."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowlace.calculators.inference.inference_options import (
    DelegateMessage,
    InferenceOptions,
    InputOutputConfig,
    TensorIndicesMap,
    TensorNamesMap,
    XnnpackDelegate,
)
from flowlace.formats.tensor import Tensor
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.inference.delegates import Delegate, DelegateOptions, open_model
from flowlace.inference.errors import ModelError
from flowlace.inference.find_model import find_model
from flowlace.inference.interpreter import MOST_THREADS
from flowlace.inference.model_runner import ModelRunner
from flowlace.inference.shared_model import SharedModel
from flowlace.inference.tflite_file import TensorInfo, TfliteFile


@register_calculator
class InferenceCalculator(Calculator[InferenceOptions]):
    """Runs a `.tflite` model on tensors.

    Inputs:   TENSORS (list[Tensor]): one for each input of the model, in its order; or TENSOR
              (Tensor), repeated
    Outputs:  TENSORS (list[Tensor]), in step; or TENSOR, repeated
    Side packets: MODEL (TfliteFile or str), optional: the model, or its path, instead of
              `model_path`

    Deferred input tensors are made in the model's own memory. Large outputs show the model's
    memory as long as nobody keeps them until the next call, and are copied otherwise; either way
    they never change. Whole numbers are quantised or widened where model and tensor differ.

    `delegate` says who computes. A GPU or NPU is compared with the CPU on made-up inputs first,
    and used only if it is right and faster; otherwise the CPU is, with one warning.

    `input_output_config.feedback_tensor_links` keeps state: the output is the next call's input,
    zeros (of the quantised kind) at the start. Linked tensors are no inputs and outputs of the
    node.

    `share_model` loads a model once for several graphs of a process, for instance one for each
    camera; they take turns.

    Put the node on an executor of its own, so that others go on meanwhile: the model runs without
    Python's lock.

    Example:
        ```
        executor { name: "inference" type: "ThreadPoolExecutor" }
        node {
          calculator: "InferenceCalculator"
          input_stream: "TENSORS:image_tensors"
          output_stream: "TENSORS:detection_tensors"
          executor: "inference"
          options {
            [mediapipe.InferenceCalculatorOptions.ext] {
              model_path: "coco-ssd-mobilenet-v1"
              delegate { xnnpack { num_threads: 2 } }
            }
          }
        }
        ```
    """

    input_ports = (
        Port("TENSORS", list[Tensor], optional=True, doc="one for each input of the model"),
        Port("TENSOR", Tensor, optional=True, repeated=True, doc="one input of the model"),
    )
    output_ports = (
        Port("TENSORS", list[Tensor], optional=True, doc="the outputs of the model"),
        Port("TENSOR", Tensor, optional=True, repeated=True, doc="one output of the model"),
    )
    side_input_ports = (Port("MODEL", TfliteFile | str, optional=True, doc="instead of a path"),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires a model, and tensors in one form."""
        options: InferenceOptions = contract.options
        if bool(options.model_path) == ("MODEL" in contract.side_inputs):
            raise ContractError("give model_path or connect the side packet MODEL, one of both")
        for ports, what in ((contract.inputs, "input"), (contract.outputs, "output")):
            tags = {port.tag for port in ports.values()}
            if len(tags) != 1:
                raise ContractError(f"connect TENSORS or TENSOR as {what}, one of both")
        for threads in (options.cpu_num_thread, _xnnpack(options).num_threads):
            if threads != -1 and not 1 <= threads <= MOST_THREADS:
                raise ContractError(
                    f"a number of threads is 1 to {MOST_THREADS}, or -1 for one, not {threads}"
                )

    def open(self) -> None:
        """Reads the model and makes it ready."""
        given = self.side_packets.get("MODEL", self.options.model_path)
        file = given if isinstance(given, TfliteFile) else TfliteFile(find_model(given))
        open_runner = SharedModel if self.options.share_model else open_model
        self._model: ModelRunner = open_runner(file, _delegate_options(self.options))
        signature, config = self._model.signature, self.options.input_output_config
        config = config or InputOutputConfig()
        self._links = [
            (
                _position(file, signature.outputs, link.from_output_tensor_name),
                _position(file, signature.inputs, link.to_input_tensor_name),
            )
            for link in config.feedback_tensor_links
        ]
        self._state = {place: _zeros(signature.inputs[place]) for _, place in self._links}
        self._inputs = _chosen(
            file, signature.inputs, config.input_tensor_indices_map,
            config.input_tensor_names_map, set(self._state),
        )  # fmt: skip
        self._outputs = _chosen(
            file, signature.outputs, config.output_tensor_indices_map,
            config.output_tensor_names_map, {place for place, _ in self._links},
        )  # fmt: skip
        self._check_ports(file)

    def _check_ports(self, file: TfliteFile) -> None:
        single = [key for key in self.outputs if key != "TENSORS"]
        if len(single) > len(self._outputs):
            raise ModelError(
                f"model {file.path.name!r} gives {len(self._outputs)} tensors, but the node has "
                f"{len(single)} outputs TENSOR"
            )

    def process(self, packets: PacketSet) -> None:
        """Runs the model once."""
        given = self._given(packets)
        if given is None:
            return
        if len(given) != len(self._inputs):
            infos = [str(self._model.signature.inputs[place]) for place in self._inputs]
            raise ModelError(
                f"model {self._model.file.path.name!r} takes {len(infos)} tensors "
                f"({'; '.join(infos)}), but got {len(given)}"
            )
        placed = self._state | dict(zip(self._inputs, given, strict=True))
        found = self._model.run([placed[place] for place in range(len(placed))])
        for source, target in self._links:
            # A copy: the state outlives the call that gave it, the model's memory need not.
            self._state[target] = _copied(found[source])
        self._send([found[place] for place in self._outputs], packets.timestamp)

    def _given(self, packets: PacketSet) -> Sequence[Tensor] | None:
        if "TENSORS" in packets:
            whole = packets["TENSORS"]
            return whole.payload if whole else None
        single = packets.tagged("TENSOR")
        return [one.payload for one in single] if all(single) else None

    def _send(self, tensors: list[Tensor], timestamp: int) -> None:
        if "TENSORS" in self.outputs:
            self.outputs["TENSORS"].send(Packet(tensors, timestamp))
            return
        for output, tensor in zip(self.outputs.tagged("TENSOR"), tensors, strict=False):
            output.send(Packet(tensor, timestamp))

    def close(self) -> None:
        """Frees the model."""
        if hasattr(self, "_model"):
            self._model.close()


def _xnnpack(options: InferenceOptions) -> XnnpackDelegate:
    return (options.delegate and options.delegate.xnnpack) or XnnpackDelegate()


def _delegate_options(options: InferenceOptions) -> DelegateOptions:
    asked, xnnpack = options.delegate or DelegateMessage(), _xnnpack(options)
    threads = xnnpack.num_threads if xnnpack.num_threads > 0 else options.cpu_num_thread
    return DelegateOptions(
        delegate=_delegate(options, asked),
        num_threads=max(threads, 1),
        weight_cache=xnnpack.weight_cache_path,
        is_exact=asked.gpu is not None and not asked.gpu.allow_precision_loss,
        signature=options.signature,
    )


def _delegate(options: InferenceOptions, asked: DelegateMessage) -> Delegate:
    if asked.tflite is not None:
        return Delegate.TFLITE
    if asked.xnnpack is not None:
        return Delegate.XNNPACK
    if asked.gpu is not None or (options.delegate is None and options.use_gpu):
        return Delegate.GPU
    if asked.npu is not None or asked.nnapi is not None or options.use_nnapi:
        return Delegate.NPU
    return Delegate.XNNPACK


def _position(file: TfliteFile, infos: Sequence[TensorInfo], name: str) -> int:
    for place, info in enumerate(infos):
        if info.name == name:
            return place
    known = ", ".join(info.name for info in infos)
    raise ModelError(f"model {file.path.name!r} has no tensor {name!r} there; it has: {known}")


def _chosen(
    file: TfliteFile,
    infos: Sequence[TensorInfo],
    indices: TensorIndicesMap | None,
    names: TensorNamesMap | None,
    taken: set[int],
) -> list[int]:
    """Returns the places of the model's tensors in the order of the calculator's."""
    if names is not None:
        return [_position(file, infos, name) for name in names.tensor_names]
    if indices is None:
        return [place for place in range(len(infos)) if place not in taken]
    places = list(indices.model_tensor_indices)
    if sorted(places) != sorted(set(range(len(infos))) - taken):
        raise ModelError(
            f"model {file.path.name!r}: a map of tensor indices has to name each of its "
            f"{len(infos)} tensors that is not fed back once, but is {places}"
        )
    return places


def _zeros(info: TensorInfo) -> Tensor:
    shape = tuple(1 if size < 0 else size for size in info.shape)
    zero = info.quantization.zero_point if info.quantization else 0
    return Tensor(np.full(shape, zero, info.dtype), quantization=info.quantization)


def _copied(tensor: Tensor) -> Tensor:
    array: Any = tensor.array.copy()
    return Tensor(array, name=tensor.name, quantization=tensor.quantization)
