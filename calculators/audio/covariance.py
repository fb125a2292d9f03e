"""Computes the covariance of channels within a packet."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.audio.matrix_transform import MatrixTransformCalculator
from flowlace.formats.time_series import TimeSeriesHeader
from flowlace.framework.registry import register_calculator


@register_calculator
class CovarianceCalculator(MatrixTransformCalculator):
    """Computes the covariance of channels within a packet.

    Inputs:   series (Matrix `[channel, sample]`) with a TimeSeriesHeader
    Outputs:  covariances (Matrix `[channel, channel]`), in step

    Divided by the number of samples, not by one less.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "CovarianceCalculator"
          input_stream: "series"
          output_stream: "covariances"
        }
        ```
    """

    def changed_header(self, header: TimeSeriesHeader) -> TimeSeriesHeader:
        """Returns the header of as many columns as channels."""
        return replace(header, num_samples=header.num_channels)

    def transform(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns covariances."""
        centred = values - values.mean(axis=1, keepdims=True)
        covariances: NDArray[np.float32] = centred @ centred.T / np.float32(values.shape[1])
        return covariances
