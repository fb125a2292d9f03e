"""Divides the values of a packet by the mean of all of them."""

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.audio.matrix_transform import MatrixTransformCalculator
from flowlace.framework.registry import register_calculator


@register_calculator
class DivideByMeanAcrossChannelsCalculator(MatrixTransformCalculator):
    """Divides the values of a packet by the mean of all of them.

    Inputs:   series (Matrix `[channel, sample]`) with a TimeSeriesHeader
    Outputs:  scaled (Matrix), in step

    Ones where the mean is 0, as all values are equal then if none is negative.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "DivideByMeanAcrossChannelsCalculator"
          input_stream: "series"
          output_stream: "scaled"
        }
        ```
    """

    def transform(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns scaled."""
        mean = values.mean()
        return values / mean if mean else np.ones_like(values)
