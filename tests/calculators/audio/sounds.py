"""Sound for tests, and ways to cut it into packets."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from flowlace.formats.time_series import Matrix, TimeSeriesHeader, duration_us
from flowlace.framework.packet import Packet
from flowlace.testing import CalculatorRun, run_calculator


def header(rate: float, channels: int = 1, **more: Any) -> Packet[TimeSeriesHeader]:
    return Packet(TimeSeriesHeader(sample_rate=rate, num_channels=channels, **more))


def noise(samples: int, channels: int = 1, seed: int = 0) -> NDArray[np.float32]:
    values = np.random.default_rng(seed).uniform(-1, 1, (channels, samples))
    return values.astype(np.float32)


def cut(
    values: NDArray[Any], sizes: Sequence[int], rate: float, start_us: int = 0
) -> list[Packet[Matrix]]:
    """Returns packets of these sizes, and one with the rest."""
    ends = [*np.cumsum(sizes).tolist(), values.shape[1]]
    begins = [0, *ends[:-1]]
    return [
        Packet(Matrix(values[:, a:b]), start_us + duration_us(a, rate))
        for a, b in zip(begins, ends, strict=True)
        if a < b
    ]


def sizes_within(samples: int) -> st.SearchStrategy[list[int]]:
    """Draws ways to cut so many samples into packets."""
    places = st.lists(st.integers(1, samples - 1), max_size=12, unique=True)
    return places.map(lambda drawn: np.diff([0, *sorted(drawn)]).tolist())


def run(
    calculator: Any, options: Any, values: NDArray[Any], sizes: Sequence[int] = (),
    *, rate: float, start_us: int = 0, port: str, **more: Any,
) -> CalculatorRun:  # fmt: skip
    """Runs a calculator on sound cut into packets of these sizes and the rest."""
    return run_calculator(
        calculator,
        options,
        inputs={port: cut(values, sizes, rate, start_us)},
        headers={port: header(rate, len(values), **more)},
    )


def joined(payloads: Sequence[Matrix]) -> NDArray[Any]:
    """Returns the columns of all packets in one array."""
    return np.concatenate([one.values for one in payloads], axis=1)


def content(outcome: CalculatorRun, port: str) -> list[tuple[int, bytes]]:
    """Returns what can be compared of packets: time and every bit."""
    return [(one.timestamp, one.payload.values.tobytes()) for one in outcome.packets(port)]
