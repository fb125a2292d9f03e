"""Mixes the channels of a time series to one: their mean."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.audio.matrix_transform import MatrixTransformCalculator
from flowlace.formats.time_series import TimeSeriesHeader
from flowlace.framework.registry import register_calculator


@register_calculator
class AverageTimeSeriesAcrossChannelsCalculator(MatrixTransformCalculator):
    """Mixes the channels of a time series to one: their mean.

    Inputs:   series (Matrix `[channel, sample]`) with a TimeSeriesHeader
    Outputs:  means (Matrix `[1, sample]`), in step

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "AverageTimeSeriesAcrossChannelsCalculator"
          input_stream: "series"
          output_stream: "means"
        }
        ```
    """

    def changed_header(self, header: TimeSeriesHeader) -> TimeSeriesHeader:
        """Returns the header of one channel."""
        return replace(header, num_channels=1)

    def transform(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns means."""
        return values if len(values) == 1 else values.mean(axis=0, keepdims=True)
