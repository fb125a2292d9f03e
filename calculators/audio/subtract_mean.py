"""Takes the mean over a packet's samples off each channel."""

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.audio.matrix_transform import MatrixTransformCalculator
from flowlace.framework.registry import register_calculator


@register_calculator
class SubtractMeanCalculator(MatrixTransformCalculator):
    """Takes the mean over a packet's samples off each channel.

    Inputs:   series (Matrix `[channel, sample]`) with a TimeSeriesHeader
    Outputs:  centred (Matrix), in step

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "SubtractMeanCalculator"
          input_stream: "series"
          output_stream: "centred"
        }
        ```
    """

    def transform(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns centred."""
        centred: NDArray[np.float32] = values - values.mean(axis=1, keepdims=True)
        return centred
