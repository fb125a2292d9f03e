"""Runs calculators that turn one packet of a time series into another one."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.time_series import Matrix, TimeSeriesHeader
from flowlace.framework.packet import Packet
from flowlace.testing import run_calculator

SERIES = np.array([[1, 2, 3], [10, 20, 30]], np.float32)
HEADER = TimeSeriesHeader(sample_rate=300.0, num_channels=2, num_samples=3, packet_rate=100.0)


def transformed(calculator: Any, values: NDArray[Any]) -> Matrix:
    """Returns what comes out for one packet, which has to keep its time."""
    header = replace(HEADER, num_channels=len(values))
    outcome = run_calculator(
        calculator, series=[Packet(Matrix(values), 70)], headers={"series": Packet(header)}
    )
    (packet,) = outcome.packets("transformed")
    assert packet.timestamp == 70
    made: Matrix = packet.payload
    return made


def transformed_header(calculator: Any, header: TimeSeriesHeader) -> TimeSeriesHeader:
    """Returns the header that comes out."""
    outcome = run_calculator(calculator, series=[], headers={"series": Packet(header)})
    made: TimeSeriesHeader = outcome.headers["transformed"].payload
    return made
