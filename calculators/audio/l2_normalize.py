"""Scales each packet to a root mean square of 1."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.audio.matrix_transform import MatrixTransformCalculator
from flowlace.framework.registry import register_calculator

SILENCE: Final = 1e-8
"""Packets up to this level have no size to scale to 1."""


@register_calculator
class L2NormalizeCalculator(MatrixTransformCalculator):
    """Scales each packet to a root mean square of 1.

    Inputs:   series (Matrix `[channel, sample]`) with a TimeSeriesHeader
    Outputs:  scaled (Matrix), in step

    Packets below 1e-8 pass unchanged.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "L2NormalizeCalculator"
          input_stream: "series"
          output_stream: "scaled"
        }
        ```
    """

    def transform(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns scaled."""
        level = float(np.sqrt(np.square(values).mean()))
        return values if level <= SILENCE else values / np.float32(level)
