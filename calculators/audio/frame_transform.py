"""What calculators share that turn each column of a spectrogram into another one."""

from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.audio.time_series_headers import check_shape, required_header
from flowlace.formats.time_series import Matrix, TimeSeriesHeader
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.packet import Packet

OptionsT = TypeVar("OptionsT")


class FrameTransformCalculator(Calculator[OptionsT]):
    """Turns each frame of squared magnitudes into another one, all of a packet at once."""

    input_ports = (Port("spectra", Matrix),)
    output_ports = (Port("transformed", Matrix),)
    timestamp_offset = 0

    def prepare(self, header: TimeSeriesHeader) -> int:
        """Gets ready for spectra with this header; returns how many values a frame comes out."""
        raise NotImplementedError

    def transform(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns `[frame, value]` of `[frame, bin]`; no frame may depend on another."""
        raise NotImplementedError

    def open(self) -> None:
        """Reads the header, and sets that of the output."""
        self._header = required_header(self.input_headers["spectra"], self.node_name)
        values = self.prepare(self._header)
        self.outputs["transformed"].set_header(Packet(replace(self._header, num_channels=values)))

    def process(self, packets: PacketSet) -> None:
        """Transforms one packet."""
        packet = packets["spectra"]
        if not packet:
            return
        check_shape(packet.payload, self._header, self.node_name)
        frames = packet.payload.values.T
        # NaN is not at least 0 either.
        if frames.size and not frames.min() >= 0:
            raise ValueError(
                f"node {self.node_name!r} expects squared magnitudes, but negative numbers or NaN "
                "came; take SQUARED_MAGNITUDE as output_type of SpectrogramCalculator"
            )
        made = self.transform(frames)
        self.outputs["transformed"].send(packet.with_payload(Matrix(made.T)))
