"""Squares each value."""

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.audio.matrix_transform import MatrixTransformCalculator
from flowlace.framework.registry import register_calculator


@register_calculator
class ElementwiseSquareCalculator(MatrixTransformCalculator):
    """Squares each value.

    Inputs:   series (Matrix `[channel, sample]`) with a TimeSeriesHeader
    Outputs:  squares (Matrix), in step

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "ElementwiseSquareCalculator"
          input_stream: "series"
          output_stream: "squares"
        }
        ```
    """

    def transform(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns squares."""
        return np.square(values)
