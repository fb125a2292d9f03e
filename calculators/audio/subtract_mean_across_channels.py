"""Takes the mean of all values of a packet off each of them."""

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.audio.matrix_transform import MatrixTransformCalculator
from flowlace.framework.registry import register_calculator


@register_calculator
class SubtractMeanAcrossChannelsCalculator(MatrixTransformCalculator):
    """Takes the mean of all values of a packet off each of them.

    Inputs:   series (Matrix `[channel, sample]`) with a TimeSeriesHeader
    Outputs:  centred (Matrix), in step

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "SubtractMeanAcrossChannelsCalculator"
          input_stream: "series"
          output_stream: "centred"
        }
        ```
    """

    def transform(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns centred."""
        centred: NDArray[np.float32] = values - values.mean()
        return centred
