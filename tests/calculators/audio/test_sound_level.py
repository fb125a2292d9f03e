from typing import Any

import numpy as np
import pytest

from flowlace.calculators.audio.sound_level import SoundLevelCalculator
from flowlace.formats.time_series import Matrix
from flowlace.framework.packet import Packet
from flowlace.testing import CalculatorRun, run_calculator


def measured(values: Any) -> CalculatorRun:
    return run_calculator(
        SoundLevelCalculator, steps=[Packet(Matrix(np.asarray(values, np.float32)), 50_000)]
    )


SINE = np.sin(2 * np.pi * np.arange(800) / 80)[None]


@pytest.mark.parametrize(
    ("values", "level"),
    [
        (np.ones((1, 800)), 0.0),
        (SINE, 20 * np.log10(np.sqrt(0.5))),
        (SINE * 0.01, 20 * np.log10(0.01 * np.sqrt(0.5))),
        (np.concatenate([SINE, SINE * 0]), 10 * np.log10(0.25)),
        (np.zeros((1, 800)), -np.inf),
    ],
)
def test_the_level_is_the_root_mean_square_below_full_scale(values: Any, level: float) -> None:
    run = measured(values)
    assert run.payloads("levels") == [pytest.approx(level, abs=1e-4)]
    assert run.timestamps("levels") == [50_000]


@pytest.mark.parametrize(("peak", "counters"), [(0.99, {}), (1.0, {"clipped_steps": 1}),
                                                (-1.2, {"clipped_steps": 1})])  # fmt: skip
def test_clipped_sound_is_counted(peak: float, counters: dict[str, int]) -> None:
    values = np.zeros((1, 800))
    values[0, 3] = peak
    assert measured(values).counters == counters


def test_samples_that_are_no_numbers_do_not_count() -> None:
    values = np.full((1, 800), 0.1)
    values[0, [5, 6]] = np.nan, np.inf
    assert measured(values).payloads("levels")[0] == pytest.approx(-20, abs=0.02)
