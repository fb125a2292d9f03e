"""Computes the standard deviation of each channel within a packet."""

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.audio.matrix_transform import MatrixTransformCalculator
from flowlace.formats.time_series import TimeSeriesHeader
from flowlace.framework.registry import register_calculator


@register_calculator
class StandardDeviationCalculator(MatrixTransformCalculator):
    """Computes the standard deviation of each channel within a packet.

    Inputs:   series (Matrix `[channel, sample]`) with a TimeSeriesHeader
    Outputs:  deviations (Matrix `[channel, 1]`), in step

    Divided by the number of samples, not by one less.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "StandardDeviationCalculator"
          input_stream: "series"
          output_stream: "deviations"
        }
        ```
    """

    def changed_header(self, header: TimeSeriesHeader) -> TimeSeriesHeader:
        """Returns the header of one column a packet."""
        return self.one_column_header(header)

    def transform(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns deviations."""
        deviations: NDArray[np.float32] = values.std(axis=1, keepdims=True)
        return deviations
