"""Scales each packet to a peak of 1."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.audio.matrix_transform import MatrixTransformCalculator
from flowlace.framework.registry import register_calculator

SILENCE: Final = 1e-8
"""Packets up to this level have no size to scale to 1."""


@register_calculator
class PeakNormalizeCalculator(MatrixTransformCalculator):
    """Scales each packet to a peak of 1.

    Inputs:   series (Matrix `[channel, sample]`) with a TimeSeriesHeader
    Outputs:  scaled (Matrix), in step

    Packets below 1e-8 pass unchanged.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "PeakNormalizeCalculator"
          input_stream: "series"
          output_stream: "scaled"
        }
        ```
    """

    def transform(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns scaled."""
        peak = np.abs(values).max()
        return values if peak <= SILENCE else values / peak
