"""Stacks the samples of a packet to one column."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.audio.matrix_transform import MatrixTransformCalculator
from flowlace.calculators.audio.time_series_headers import required_num_samples
from flowlace.formats.time_series import TimeSeriesHeader
from flowlace.framework.registry import register_calculator


@register_calculator
class FlattenPacketCalculator(MatrixTransformCalculator):
    """Stacks the samples of a packet to one column.

    Inputs:   series (Matrix `[channel, sample]`) with a TimeSeriesHeader
    Outputs:  columns (Matrix `[channel * sample, 1]`), in step

    All channels of the first sample come first. The header has to say how many samples a packet
    has.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "FlattenPacketCalculator"
          input_stream: "series"
          output_stream: "columns"
        }
        ```
    """

    def changed_header(self, header: TimeSeriesHeader) -> TimeSeriesHeader:
        """Returns the header of one long column a packet."""
        samples = required_num_samples(header, self.node_name)
        channels = int(header.num_channels or 0) * samples
        return replace(self.one_column_header(header), num_channels=channels)

    def transform(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns columns."""
        return values.T.reshape(-1, 1)
