from dataclasses import replace

import numpy as np
import pytest

from flowlace.calculators.audio.summary_sai_to_pitchogram import SummarySaiToPitchogramCalculator
from flowlace.framework.errors import FlowlaceError
from flowlace.framework.packet import Packet
from flowlace.testing import run_calculator
from tests.calculators.audio.one_packet import HEADER, transformed, transformed_header

MONO = replace(HEADER, num_channels=1)


def test_time_becomes_channels() -> None:
    row = np.array([[1, 2, 3]], np.float32)
    assert transformed(SummarySaiToPitchogramCalculator, row).values.tolist() == [[1], [2], [3]]


def test_the_header_says_so() -> None:
    assert transformed_header(SummarySaiToPitchogramCalculator, MONO) == replace(
        HEADER, num_channels=3, num_samples=1, sample_rate=100.0
    )


def test_several_channels_are_refused() -> None:
    with pytest.raises(FlowlaceError, match="expects one channel, but 2 come"):
        run_calculator(
            SummarySaiToPitchogramCalculator, series=[], headers={"series": Packet(HEADER)}
        )
