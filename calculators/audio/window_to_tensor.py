"""Gives a model the windows of a time series."""

from dataclasses import dataclass
from math import prod

from flowlace.formats.tensor import Tensor
from flowlace.formats.time_series import Matrix
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.registry import register_calculator


@proto_options("flowlace.WindowToTensorCalculatorOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class WindowToTensorOptions:
    """Options of `WindowToTensorCalculator`."""

    dimension: tuple[int, ...] = option(1)
    """Shape of the tensor, e.g. 1, 96, 64; required."""


@register_calculator
class WindowToTensorCalculator(Calculator[WindowToTensorOptions]):
    """Gives a model the windows of a time series.

    Inputs:   windows (Matrix `[value, frame]`, float32)
    Outputs:  TENSORS (list of one Tensor), in step: frame after frame, in the shape of the options

    No copy where a window is laid out frame after frame, as those of TimeSeriesFramerCalculator.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "WindowToTensorCalculator"
          input_stream: "log_mel_windows"
          output_stream: "TENSORS:window_tensors"
          options {
            [flowlace.WindowToTensorCalculatorOptions.ext] { dimension: [1, 96, 64] }
          }
        }
        ```
    """

    input_ports = (Port("windows", Matrix),)
    output_ports = (Port("TENSORS", list[Tensor]),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires a shape."""
        dimension = contract.options.dimension
        if not dimension or min(dimension) < 1:
            raise ContractError(f"dimension has to be sizes above 0, but is {list(dimension)}")

    def process(self, packets: PacketSet) -> None:
        """Sends one tensor."""
        packet = packets["windows"]
        if not packet:
            return
        frames, shape = packet.payload.values.T, self.options.dimension
        if frames.size != prod(shape):
            raise ValueError(
                f"node {self.node_name!r}: {frames.shape[0]} frames of {frames.shape[1]} values "
                f"do not fill a tensor {list(shape)}"
            )
        self.outputs["TENSORS"].send(packet.with_payload([Tensor(frames.reshape(shape))]))
