"""What the basic calculators for time series share: one matrix in, another one out."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.audio.time_series_headers import check_shape, required_header
from flowlace.formats.time_series import Matrix, TimeSeriesHeader
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet


class MatrixTransformCalculator(Calculator[NoOptions]):
    """Turns each packet of a time series into another one by itself, in step.

    Packets that are not as the header of their stream says are refused.
    """

    input_ports = (Port("series", Matrix),)
    output_ports = (Port("transformed", Matrix),)
    timestamp_offset = 0

    def changed_header(self, header: TimeSeriesHeader) -> TimeSeriesHeader:
        """Returns the header of what comes out; the same one unless a subclass changes it.

        Raises:
            ValueError: the header lacks what the change needs.
        """
        return header

    def transform(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns what comes out for `[channel, sample]`."""
        raise NotImplementedError

    def open(self) -> None:
        """Reads the header, and sets that of the output."""
        self._header = required_header(self.input_headers["series"], self.node_name)
        self.outputs["transformed"].set_header(Packet(self.changed_header(self._header)))

    def process(self, packets: PacketSet) -> None:
        """Transforms one packet."""
        packet = packets["series"]
        if not packet:
            return
        check_shape(packet.payload, self._header, self.node_name)
        made = self.transform(packet.payload.values)
        self.outputs["transformed"].send(packet.with_payload(Matrix(made)))

    def one_column_header(self, header: TimeSeriesHeader) -> TimeSeriesHeader:
        """Returns the header of one column a packet."""
        return replace(header, num_samples=1, sample_rate=header.packet_rate)
