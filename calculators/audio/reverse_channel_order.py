"""Turns the order of channels around."""

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.audio.matrix_transform import MatrixTransformCalculator
from flowlace.framework.registry import register_calculator


@register_calculator
class ReverseChannelOrderCalculator(MatrixTransformCalculator):
    """Turns the order of channels around.

    Inputs:   series (Matrix `[channel, sample]`) with a TimeSeriesHeader
    Outputs:  reversed (Matrix), in step

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "ReverseChannelOrderCalculator"
          input_stream: "series"
          output_stream: "reversed"
        }
        ```
    """

    def transform(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns reversed."""
        return values[::-1]
