"""Adds up the channels of a time series."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.audio.matrix_transform import MatrixTransformCalculator
from flowlace.formats.time_series import TimeSeriesHeader
from flowlace.framework.registry import register_calculator


@register_calculator
class SumTimeSeriesAcrossChannelsCalculator(MatrixTransformCalculator):
    """Adds up the channels of a time series.

    Inputs:   series (Matrix `[channel, sample]`) with a TimeSeriesHeader
    Outputs:  sums (Matrix `[1, sample]`), in step

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "SumTimeSeriesAcrossChannelsCalculator"
          input_stream: "series"
          output_stream: "sums"
        }
        ```
    """

    def changed_header(self, header: TimeSeriesHeader) -> TimeSeriesHeader:
        """Returns the header of one channel."""
        return replace(header, num_channels=1)

    def transform(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns sums."""
        sums: NDArray[np.float32] = values.sum(axis=0, keepdims=True)
        return sums
