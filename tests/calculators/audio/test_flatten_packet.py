from dataclasses import replace

import numpy as np
import pytest

from flowlace.calculators.audio.flatten_packet import FlattenPacketCalculator
from flowlace.framework.errors import FlowlaceError
from flowlace.framework.packet import Packet
from flowlace.testing import run_calculator
from tests.calculators.audio.one_packet import HEADER, SERIES, transformed, transformed_header


def test_samples_are_stacked_with_their_channels_together() -> None:
    found = transformed(FlattenPacketCalculator, SERIES)
    np.testing.assert_allclose(found.values, [[1], [10], [2], [20], [3], [30]], rtol=1e-6)


def test_the_header_says_what_comes_out() -> None:
    assert transformed_header(FlattenPacketCalculator, HEADER) == replace(
        HEADER, num_channels=6, num_samples=1, sample_rate=100.0
    )


def test_packets_of_varying_length_are_refused() -> None:
    with pytest.raises(FlowlaceError, match="needs num_samples in the header"):
        run_calculator(
            FlattenPacketCalculator,
            series=[],
            headers={"series": Packet(replace(HEADER, num_samples=None))},
        )
