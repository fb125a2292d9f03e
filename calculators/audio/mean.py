"""Averages the samples of a packet, for each channel."""

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.audio.matrix_transform import MatrixTransformCalculator
from flowlace.formats.time_series import TimeSeriesHeader
from flowlace.framework.registry import register_calculator


@register_calculator
class MeanCalculator(MatrixTransformCalculator):
    """Averages the samples of a packet, for each channel.

    Inputs:   series (Matrix `[channel, sample]`) with a TimeSeriesHeader
    Outputs:  means (Matrix `[channel, 1]`), in step

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "MeanCalculator"
          input_stream: "series"
          output_stream: "means"
        }
        ```
    """

    def changed_header(self, header: TimeSeriesHeader) -> TimeSeriesHeader:
        """Returns the header of one column a packet."""
        return self.one_column_header(header)

    def transform(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns means."""
        means: NDArray[np.float32] = values.mean(axis=1, keepdims=True)
        return means
