"""Takes the logarithm of numbers that may be 0."""

from dataclasses import dataclass

import numpy as np

from flowlace.formats.time_series import Matrix
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.registry import register_calculator


@proto_options("mediapipe.StabilizedLogCalculatorOptions", extension=101978339)
@dataclass(frozen=True, kw_only=True, slots=True)
class StabilizedLogOptions:
    """Options of `StabilizedLogCalculator`."""

    stabilizer: float = option(1, default=0.00001)
    """Added before the logarithm is taken; at least 0."""

    check_nonnegativity: bool = option(2, default=True)
    """Whether numbers below 0 are refused; else those below minus the stabilizer become NaN."""

    output_scale: float = option(3, "double", default=1.0)
    """Factor of the logarithm."""


@register_calculator
class StabilizedLogCalculator(Calculator[StabilizedLogOptions]):
    """Takes the natural logarithm of numbers that may be 0: scale * ln(x + stabilizer).

    Inputs:   series (Matrix), with or without a TimeSeriesHeader
    Outputs:  logarithms (Matrix), in step; the header as it came

    NaN is refused, and numbers below 0 unless `check_nonnegativity` is off.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "StabilizedLogCalculator"
          input_stream: "mel_spectra"
          output_stream: "log_mel_spectra"
          options { [mediapipe.StabilizedLogCalculatorOptions.ext] { stabilizer: 0.001 } }
        }
        ```
    """

    input_ports = (Port("series", Matrix),)
    output_ports = (Port("logarithms", Matrix),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires a stabilizer of at least 0."""
        stabilizer = contract.options.stabilizer
        if not stabilizer >= 0:
            raise ContractError(f"stabilizer has to be at least 0, but is {stabilizer:g}")

    def open(self) -> None:
        """Hands the header on."""
        self._stabilizer = np.float32(self.options.stabilizer)
        self._scale = np.float32(self.options.output_scale)
        header = self.input_headers["series"]
        if header:
            self.outputs["logarithms"].set_header(header)

    def process(self, packets: PacketSet) -> None:
        """Takes the logarithm of one packet."""
        packet = packets["series"]
        if not packet:
            return
        values = packet.payload.values
        lowest = values.min() if values.size else 0
        if np.isnan(lowest):
            raise ValueError(f"node {self.node_name!r}: NaN has no logarithm")
        if lowest < 0 and self.options.check_nonnegativity:
            raise ValueError(
                f"node {self.node_name!r} expects numbers of at least 0, but {lowest:g} came; set "
                "check_nonnegativity to false if that is meant"
            )
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.log(values + self._stabilizer)
        if self._scale != 1:
            found *= self._scale
        self.outputs["logarithms"].send(packet.with_payload(Matrix(found)))
