import doctest

import pytest
from flowlace_trainers import schedule
from flowlace_trainers.schedule import Phase, learning_rate, phase_at


def phase(share: float, width_px: int) -> Phase:
    return Phase(share=share, width_px=width_px, height_px=64, strength=0.0, drop=0.0)


def test_examples_run() -> None:
    failed, tried = doctest.testmod(schedule)
    assert (failed, tried > 0) == (0, True)


def test_every_step_is_in_a_phase_even_after_the_last() -> None:
    phases = (phase(0.5, 64), phase(0.3, 96), phase(0.2, 128))
    widths = [phase_at(step, 10, phases).width_px for step in range(12)]
    assert widths == [64] * 5 + [96] * 3 + [128] * 4


def test_the_step_size_rises_then_only_falls() -> None:
    rates = [learning_rate(step, 100, peak=1.0, warm_up=10) for step in range(100)]
    assert rates[:10] == sorted(rates[:10])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert max(rates) == pytest.approx(1.0)
    assert rates[-1] < 0.03
