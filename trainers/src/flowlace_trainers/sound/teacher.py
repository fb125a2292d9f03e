"""YAMNet in torch, from its `.tflite`: a teacher, and a start for smaller networks.

The file's eight-bit weights are turned back into floats. Its scores through torch and through
LiteRT differ by the rounding of activations only; a test compares them where the file is there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray
from torch import Tensor, nn

from flowlace_trainers.errors import TrainerError
from flowlace_trainers.sound.network import PaddedConv

_CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")
_LAYERS = 27
_WHERE = "fetch it with `flowlace models fetch yamnet`"


@dataclass(frozen=True, slots=True)
class Layer:
    """One convolution with the batch norm folded into it."""

    weights: Tensor
    """`[out, in/groups, y, x]`."""
    biases: Tensor
    """`[out]`."""
    stride: int
    """Along time and pitch."""
    groups: int
    """Channels where it is depthwise, else 1."""


class Yamnet(nn.Module):
    """Turns `[n, 1, 96, 64]` log-mel windows into embeddings `[n, 1024]`.

    Args:
        layers: of the file.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(conv_of(one) for one in layers))

    def forward(self, x: Tensor) -> Tensor:
        """Returns the mean over time and pitch of the last layer."""
        embeddings: Tensor = self.layers(x).mean((2, 3))
        return embeddings


def read_layers(path: Path) -> list[Layer]:
    """Returns the 27 convolutions of YAMNet's file.

    Raises:
        TrainerError: no file, or one of another network.
    """
    try:
        interpreter = Interpreter(model_content=path.read_bytes(), num_threads=1)
        interpreter.allocate_tensors()
    except (OSError, ValueError) as error:
        raise TrainerError(f"teacher {str(path)!r} can't be read: {error}; {_WHERE}") from error
    details = {one["index"]: one for one in interpreter.get_tensor_details()}
    operations = [one for one in interpreter._get_ops_details() if one["op_name"] in _CONVOLUTIONS]
    if len(operations) != _LAYERS:
        raise TrainerError(
            f"teacher {str(path)!r} has {len(operations)} convolutions, but YAMNet has {_LAYERS}; "
            f"{_WHERE}"
        )
    return [_layer(interpreter, details, one) for one in operations]


def conv_of(layer: Layer) -> PaddedConv:
    """Returns a layer that can be trained, with the weights of the file."""
    out, inner, size, _ = layer.weights.shape
    made = PaddedConv(
        inner * layer.groups, out, size=size, stride=layer.stride, groups=layer.groups
    )
    with torch.no_grad():
        made.conv.weight.copy_(layer.weights)
        assert made.conv.bias is not None
        made.conv.bias.copy_(layer.biases)
    return made


def _layer(interpreter: Any, details: dict[int, Any], operation: Any) -> Layer:
    entry, weights, biases = operation["inputs"]
    (exit_,) = operation["outputs"]
    is_depthwise = operation["op_name"] == "DEPTHWISE_CONV_2D"
    plain = _floats(interpreter, details[weights])
    order = (3, 0, 1, 2) if is_depthwise else (0, 3, 1, 2)
    return Layer(
        torch.from_numpy(plain.transpose(order).copy()),
        torch.from_numpy(_floats(interpreter, details[biases])),
        int(details[entry]["shape"][1] // details[exit_]["shape"][1]),
        plain.shape[3] if is_depthwise else 1,
    )


def _floats(interpreter: Any, detail: Any) -> NDArray[np.float32]:
    scheme = detail["quantization_parameters"]
    shape = [1] * len(detail["shape"])
    shape[scheme["quantized_dimension"]] = -1
    values = interpreter.get_tensor(detail["index"]).astype(np.float32)
    zeros, scales = (scheme[name].reshape(shape) for name in ("zero_points", "scales"))
    made: NDArray[np.float32] = ((values - zeros) * scales).astype(np.float32)
    return made
