"""Passes the first half of each packet's samples."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.audio.matrix_transform import MatrixTransformCalculator
from flowlace.calculators.audio.time_series_headers import required_num_samples
from flowlace.formats.time_series import TimeSeriesHeader
from flowlace.framework.registry import register_calculator


@register_calculator
class FirstHalfSlicerCalculator(MatrixTransformCalculator):
    """Passes the first half of each packet's samples.

    Inputs:   series (Matrix `[channel, sample]`) with a TimeSeriesHeader
    Outputs:  halves (Matrix), in step

    The middle one of an odd number is dropped. The header has to say how many samples a packet
    has.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "FirstHalfSlicerCalculator"
          input_stream: "series"
          output_stream: "halves"
        }
        ```
    """

    def changed_header(self, header: TimeSeriesHeader) -> TimeSeriesHeader:
        """Returns the header of half as many samples."""
        samples = required_num_samples(header, self.node_name)
        return replace(header, num_samples=samples // 2)

    def transform(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns halves."""
        return values[:, : values.shape[1] // 2]
