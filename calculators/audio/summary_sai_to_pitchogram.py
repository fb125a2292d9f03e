"""Turns packets of one channel into columns: time becomes channels."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.audio.matrix_transform import MatrixTransformCalculator
from flowlace.calculators.audio.time_series_headers import required_num_samples
from flowlace.formats.time_series import TimeSeriesHeader
from flowlace.framework.registry import register_calculator


@register_calculator
class SummarySaiToPitchogramCalculator(MatrixTransformCalculator):
    """Turns packets of one channel into columns: time becomes channels.

    Inputs:   series (Matrix `[channel, sample]`) with a TimeSeriesHeader
    Outputs:  columns (Matrix `[sample, 1]`), in step

    Takes what `SumTimeSeriesAcrossChannelsCalculator` makes of stabilised auditory images. The
    header has to say how many samples a packet has.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "SummarySaiToPitchogramCalculator"
          input_stream: "series"
          output_stream: "columns"
        }
        ```
    """

    def changed_header(self, header: TimeSeriesHeader) -> TimeSeriesHeader:
        """Returns the header of one column a packet."""
        if header.num_channels != 1:
            raise ValueError(
                f"node {self.node_name!r} expects one channel, but {header.num_channels} come"
            )
        samples = required_num_samples(header, self.node_name)
        return replace(self.one_column_header(header), num_channels=samples)

    def transform(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns columns."""
        return values.T
