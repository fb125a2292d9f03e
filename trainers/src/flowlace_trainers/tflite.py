"""From torch to `.tflite`: conversion, eight bits, checks, and a card inside the file."""

import io
import json
import time
import warnings
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import flatbuffers
import litert_torch
import numpy as np
import torch
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from ai_edge_quantizer import algorithm_manager, qtyping, quantizer, recipe
from numpy.typing import NDArray
from torch import nn

from flowlace_trainers.errors import TrainerError

CARD_ENTRY = "FLOWLACE_CARD"
"""Name of the metadata entry that holds the card's facts as JSON."""

LABELS_FILE = "labels.txt"
"""Name of the zipped file of labels at the end of a model, one a line."""

_LEAST_RANGE = 1e-6
_TIMED_RUNS = 100
_WARM_RUNS = 10

Arrays = Sequence[NDArray[np.float32]]


def converted(model: nn.Module, picture_shape: tuple[int, int, int]) -> bytes:
    """Returns a float32 `.tflite` whose input is `[1, y, x, channel]`.

    Args:
        model: takes `[1, channel, y, x]`, in evaluation mode.
        picture_shape: y, x, channel.
    """
    channel_last = litert_torch.to_channel_last_io(model, args=[0]).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the converter, about itself
        exported = litert_torch.convert(channel_last, (torch.zeros(1, *picture_shape),))
        return bytes(exported.model_content())


def quantized(
    content: bytes, inputs: Iterable[NDArray[np.float32]], *, keep_float: str = "$^"
) -> bytes:
    """Returns the model with weights and activations in eight bits, inputs and outputs in float.

    Args:
        content: a float32 model with one input.
        inputs: some hundred of what the model will see; ranges of activations come from them.
        keep_float: regular expression of tensors; what makes them stays in float.

    Raises:
        TrainerError: an input or output didn't stay in float.
    """
    interpreter = Interpreter(model_content=content, num_threads=1)
    (signature,) = interpreter.get_signature_list()
    (name,) = interpreter.get_signature_list()[signature]["inputs"]
    made = quantizer.Quantizer(bytearray(content))
    made.load_quantization_recipe(recipe.static_wi8_ai8())
    float_parts = [(".*", "INPUT"), (".*", "OUTPUT"), (keep_float, "*")]
    for regex, operation in float_parts:
        made.update_quantization_recipe(
            regex,
            qtyping.TFLOperationName(operation),
            algorithm_key=algorithm_manager.AlgorithmName.NO_QUANTIZE,
        )
    data = {signature: [{name: one} for one in inputs]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # calibration keeps all tensors, as it has to
        ranges = _widened(made.calibrate(data, num_threads=1))
        small = bytes(made.quantize(ranges, enable_progress_report=False).quantized_model)
    _check_float_ends(small)
    return _with_short_names(small)


def runner(content: bytes) -> Callable[[NDArray[np.float32]], list[NDArray[np.float32]]]:
    """Returns a model of one input as a function, on one thread of the CPU."""
    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    (entry,) = interpreter.get_input_details()
    exits = [one["index"] for one in interpreter.get_output_details()]

    def run(value: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        interpreter.set_tensor(entry["index"], value)
        interpreter.invoke()
        return [interpreter.get_tensor(index) for index in exits]

    return run


def torch_runner(
    model: nn.Module, *, takes_pictures: bool = True
) -> Callable[[NDArray[np.float32]], Arrays]:
    """Returns a torch model as a function that takes and gives what its exported file does.

    Args:
        model: in evaluation mode.
        takes_pictures: the file takes channels last, the model first.
    """

    @torch.inference_mode()
    def run(value: NDArray[np.float32]) -> Arrays:
        given = torch.from_numpy(value)
        made = model(given.permute(0, 3, 1, 2) if takes_pictures else given)
        outputs = (made,) if isinstance(made, torch.Tensor) else made
        return [one.contiguous().numpy() for one in outputs]

    return run


def input_shapes(content: bytes) -> list[tuple[int, ...]]:
    """Returns the shapes of a model's inputs."""
    entries = Interpreter(model_content=content, num_threads=1).get_input_details()
    return [tuple(int(side) for side in one["shape"]) for one in entries]


def cpu_ms(content: bytes) -> float:
    """Returns the CPU time of one run on one thread, the median, in milliseconds."""
    run = runner(content)
    (shape,) = input_shapes(content)
    value = np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)
    took = []
    for _ in range(_WARM_RUNS + _TIMED_RUNS):
        began = time.process_time()
        run(value)
        took.append(time.process_time() - began)
    return round(float(np.median(took[_WARM_RUNS:])) * 1000, 2)


def check_agreement(
    reference: Callable[[Any], Arrays],
    exported: Callable[[Any], Arrays],
    inputs: Iterable[NDArray[np.float32]],
    *,
    least_db: float,
    what: str,
) -> float:
    """Returns how well two forms of a model agree: signal to difference in decibels.

    The worst output counts. 20 dB are a difference of a tenth of the signal, 80 dB of a ten
    thousandth.

    Raises:
        TrainerError: it is less than `least_db`.
    """
    pairs = [
        (np.asarray(wanted, np.float64), np.asarray(given, np.float64))
        for value in inputs
        for wanted, given in zip(reference(value), exported(value), strict=True)
    ]
    outputs = len(reference(next(iter(inputs))))
    agreement = min(_decibels(pairs[one::outputs]) for one in range(outputs))
    if not agreement >= least_db:
        raise TrainerError(
            f"{what}: exported and trained model agree to {agreement:.1f} dB only, expected "
            f"{least_db:g} dB; don't ship it"
        )
    return agreement


def with_card(content: bytes, facts: Mapping[str, Any], labels: Sequence[str]) -> bytes:
    """Returns the model with facts as metadata and its labels zipped behind it.

    Interpreters don't read either, so results stay the same.
    """
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
    _take_in_outer_buffers(model, content)
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    entry = schema.MetadataT()
    entry.name, entry.buffer = CARD_ENTRY, len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        # A fixed date: the same model gives the same bytes.
        archive.writestr(zipfile.ZipInfo(LABELS_FILE), "\n".join(labels) + "\n")
    return _packed(model) + packed.getvalue()


def read_card(content: bytes) -> tuple[dict[str, Any], list[str]]:
    """Returns the facts and labels of a model that `with_card` made."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
    entries = {bytes(one.name).decode(): one.buffer for one in model.metadata or []}
    if CARD_ENTRY not in entries:
        raise TrainerError(f"the model has no metadata {CARD_ENTRY!r}")
    facts = json.loads(bytes(model.buffers[entries[CARD_ENTRY]].data))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        labels = archive.read(LABELS_FILE).decode().splitlines()
    return facts, labels


class _SharingBuilder(flatbuffers.Builder):  # type: ignore[misc]  # has no types
    """Writes arrays that are equal once.

    Every channel of an eight-bit model has a zero point of 0, eight bytes each, for weights and
    again for biases: a tenth of a small model.
    """

    def __init__(self) -> None:
        super().__init__(1024)
        self._places: dict[tuple[str, bytes], int] = {}

    def CreateNumpyVector(self, x: NDArray[Any]) -> int:  # noqa: N802 - flatbuffers' name
        key = x.dtype.str, x.tobytes()
        if key not in self._places:
            self._places[key] = super().CreateNumpyVector(x)
        return self._places[key]


def _packed(model: Any) -> bytes:
    builder = _SharingBuilder()
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _with_short_names(content: bytes) -> bytes:
    """Returns the model with numbers for the names of inner tensors, which take much room."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
    _take_in_outer_buffers(model, content)
    for part in model.subgraphs:
        ends = {*part.inputs.tolist(), *part.outputs.tolist()}
        for number, tensor in enumerate(part.tensors):
            if number not in ends:
                tensor.name = f"t{number}"
    return _packed(model)


def _take_in_outer_buffers(model: Any, content: bytes) -> None:
    """Puts weights that lie behind the flatbuffer into it; packing would leave them behind."""
    for one in model.buffers:
        if one.offset > 1:
            data = content[one.offset : one.offset + one.size]
            one.data, one.offset, one.size = np.frombuffer(data, np.uint8), 0, 0


def _widened(ranges: dict[str, Any]) -> dict[str, Any]:
    """Gives tensors that were always the same, such as units that died, a range of 1.

    Their steps would be so small that XNNPACK refuses the model.
    """
    for one in ranges.values():
        if "max" in one and np.max(one["max"] - one["min"]) < _LEAST_RANGE:
            one["max"] = one["min"] + np.ones_like(one["max"])
    return ranges


def _check_float_ends(content: bytes) -> None:
    # The quantiser turns an output to int8 where the graph goes on from it in eight bits.
    interpreter = Interpreter(model_content=content, num_threads=1)
    for one in [*interpreter.get_input_details(), *interpreter.get_output_details()]:
        if one["dtype"] != np.float32:
            raise TrainerError(
                f"{one['name']!r} became {one['dtype'].__name__} in quantisation, expected "
                "float32; keep what it is made from and what uses it in float together"
            )


def _decibels(pairs: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]]) -> float:
    signal = sum(float(np.square(wanted).sum()) for wanted, _ in pairs)
    difference = sum(float(np.square(wanted - given).sum()) for wanted, given in pairs)
    if not np.isfinite(difference):
        return -np.inf
    return float(10 * np.log10(signal / max(difference, 1e-30)))
