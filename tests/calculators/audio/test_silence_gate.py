from typing import Any

import numpy as np
import pytest

from flowlace.calculators.audio.silence_gate import SilenceGateCalculator, SilenceGateOptions
from flowlace.formats.time_series import Matrix
from flowlace.framework.packet import Packet
from flowlace.testing import run_calculator
from tests.calculators.audio.sounds import header

LAST_BIT = 1 / 32768


def window(peak: float) -> Matrix:
    values = np.zeros((1, 100), np.float32)
    values[0, 50] = peak
    return Matrix(values)


def passed(*peaks: float, **options: Any) -> list[int]:
    run = run_calculator(
        SilenceGateCalculator,
        SilenceGateOptions(**options),
        inputs={"sound": [Packet(window(peak), place) for place, peak in enumerate(peaks)]},
    )
    return run.timestamps("audible")


def test_windows_with_sound_pass() -> None:
    assert passed(0.0, 0.5, -0.5, 1e-3) == [1, 2, 3]


def test_the_last_bit_of_sixteen_is_silence() -> None:
    assert passed(LAST_BIT, -LAST_BIT, 2 * LAST_BIT, -2 * LAST_BIT) == [2, 3]


def test_the_level_can_be_set() -> None:
    assert passed(0.009, 0.011, max_silence_dbfs=-40.0) == [1]


def test_what_was_computed_from_audible_windows_passes() -> None:
    features = [Packet(Matrix(np.full((2, 2), n, np.float32)), n) for n in range(3)]
    run = run_calculator(
        SilenceGateCalculator,
        inputs={
            "sound": [Packet(window(peak), n) for n, peak in enumerate((0.1, 0.0, 0.1))],
            "FEATURES": features,
        },
        headers={"FEATURES": header(100, 2)},
    )
    assert run.packets("audible") == [features[0], features[2]]
    assert run.headers["audible"] == header(100, 2)


@pytest.mark.parametrize("peak", [0.0, 0.5])
def test_the_next_node_knows_that_a_window_is_settled(peak: float) -> None:
    run = run_calculator(
        SilenceGateCalculator, inputs={"sound": [Packet(window(peak), 7), Packet(window(1), 9)]}
    )
    assert run.timestamps("audible")[-1] == 9
    assert (7 in run.timestamps("audible")) != (7 in run.bounds["audible"])
