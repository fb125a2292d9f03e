"""Computes the length of each sample as a vector of channels."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.audio.matrix_transform import MatrixTransformCalculator
from flowlace.formats.time_series import TimeSeriesHeader
from flowlace.framework.registry import register_calculator


@register_calculator
class L2NormCalculator(MatrixTransformCalculator):
    """Computes the length of each sample as a vector of channels.

    Inputs:   series (Matrix `[channel, sample]`) with a TimeSeriesHeader
    Outputs:  lengths (Matrix `[1, sample]`), in step

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "L2NormCalculator"
          input_stream: "series"
          output_stream: "lengths"
        }
        ```
    """

    def changed_header(self, header: TimeSeriesHeader) -> TimeSeriesHeader:
        """Returns the header of one channel."""
        return replace(header, num_channels=1)

    def transform(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns lengths."""
        lengths: NDArray[np.float32] = np.linalg.norm(values, axis=0, keepdims=True)
        return lengths
