from dataclasses import replace

import numpy as np
import pytest

from flowlace.calculators.audio.average_time_series_across_channels import (
    AverageTimeSeriesAcrossChannelsCalculator,
)
from flowlace.formats.time_series import Matrix
from flowlace.framework.errors import FlowlaceError
from flowlace.framework.packet import Packet
from flowlace.testing import run_calculator
from tests.calculators.audio.one_packet import HEADER, SERIES, transformed, transformed_header


def test_channels_are_mixed_to_their_mean() -> None:
    found = transformed(AverageTimeSeriesAcrossChannelsCalculator, SERIES)
    np.testing.assert_allclose(found.values, [[5.5, 11, 16.5]], rtol=1e-6)


def test_the_header_says_what_comes_out() -> None:
    assert transformed_header(AverageTimeSeriesAcrossChannelsCalculator, HEADER) == replace(
        HEADER, num_channels=1
    )


def test_one_channel_passes_without_a_copy() -> None:
    mono = np.ones((1, 3), np.float32)
    found = transformed(AverageTimeSeriesAcrossChannelsCalculator, mono).values
    assert np.shares_memory(found, mono)


def test_packets_that_are_not_as_the_header_says_are_refused() -> None:
    with pytest.raises(FlowlaceError, match="expects 2 channels and 3 samples a packet"):
        run_calculator(
            AverageTimeSeriesAcrossChannelsCalculator,
            series=[Packet(Matrix(SERIES), 0), Packet(Matrix(SERIES[:, :2]), 10)],
            headers={"series": Packet(HEADER)},
        )


def test_sound_without_a_header_is_refused() -> None:
    with pytest.raises(FlowlaceError, match="needs a TimeSeriesHeader with its input"):
        run_calculator(
            AverageTimeSeriesAcrossChannelsCalculator, series=[Packet(Matrix(SERIES), 0)]
        )
