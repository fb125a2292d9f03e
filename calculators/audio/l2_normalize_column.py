"""Scales each sample, as a vector of channels, to length 1."""

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.audio.matrix_transform import MatrixTransformCalculator
from flowlace.framework.registry import register_calculator


@register_calculator
class L2NormalizeColumnCalculator(MatrixTransformCalculator):
    """Scales each sample, as a vector of channels, to length 1.

    Inputs:   series (Matrix `[channel, sample]`) with a TimeSeriesHeader
    Outputs:  unit (Matrix), in step

    Zeros stay zeros.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "L2NormalizeColumnCalculator"
          input_stream: "series"
          output_stream: "unit"
        }
        ```
    """

    def transform(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns unit."""
        lengths: NDArray[np.float32] = np.linalg.norm(values, axis=0, keepdims=True)
        lengths[lengths == 0] = 1
        return values / lengths
