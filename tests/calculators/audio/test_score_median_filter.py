from typing import Any

import numpy as np
import pytest

from flowlace.calculators.audio.score_median_filter import (
    ScoreMedianFilterCalculator,
    ScoreMedianFilterOptions,
)
from flowlace.framework.errors import FlowlaceError
from flowlace.framework.graph import CalculatorGraph
from flowlace.testing import CalculatorRun, run_calculator
from tests.calculators.audio.sound_steps import HEADER, STEP_US, classes, curve, steps


def filtered(*rows: Any, size: int = 9, more: list[Any] | None = None) -> CalculatorRun:
    return run_calculator(
        ScoreMedianFilterCalculator,
        ScoreMedianFilterOptions(max_steps=size),
        SCORES=[*steps(classes(), *rows), *(more or [])],
        headers={"SCORES": HEADER},
    )


def values(run: CalculatorRun) -> Any:
    return np.array([one.values for one in run.payloads("SCORES")]).T


def test_a_sound_that_begins_or_ends_keeps_its_edges() -> None:
    rows = curve(40, {(10, 30): 0.9}), curve(40, {})
    run = filtered(*rows)
    np.testing.assert_array_equal(values(run), np.array(rows, np.float32))
    assert run.timestamps("SCORES") == [STEP_US * place for place in range(40)]


def test_a_sound_that_takes_over_keeps_its_edge() -> None:
    rows = curve(40, {(0, 20): 0.9}), curve(40, {(20, 40): 0.8})
    np.testing.assert_array_equal(values(filtered(*rows)), np.array(rows, np.float32))


def test_a_blink_is_removed() -> None:
    found = values(filtered(curve(40, {(20, 21): 0.9}), curve(40, {(0, 40): 0.6})))
    assert not found[0].any()
    np.testing.assert_allclose(found[1], 0.6)


def test_a_drop_out_is_filled() -> None:
    found = values(filtered(curve(40, {(5, 20): 0.9, (22, 35): 0.9}), curve(40, {})))
    np.testing.assert_allclose(found[0, 20:22], 0.9)


def test_flicker_between_two_sounds_becomes_one_of_them() -> None:
    dog = curve(60, {(place, place + 1): 0.9 for place in range(20, 40, 3)})
    rain = curve(60, {(0, 60): 0.7})
    found = values(filtered(dog, rain))
    assert not found[0].any()


def test_the_median_grows_with_the_flicker() -> None:
    # Two changes: 2 steps on both sides, so a sound of 3 steps stays, one of 2 goes.
    assert values(filtered(curve(40, {(20, 23): 0.9}), curve(40, {})))[0].any()
    assert not values(filtered(curve(40, {(20, 22): 0.9}), curve(40, {})))[0].any()
    # Two such sounds are four changes: 4 steps on both sides, and both go.
    both = {(18, 21): 0.9, (23, 24): 0.9}
    assert values(filtered(curve(40, both), curve(40, {})))[0].sum() < 0.9 * 4


def test_a_size_of_1_turns_the_filter_off() -> None:
    rows = np.random.default_rng(1).uniform(size=(2, 50)).astype(np.float32)
    np.testing.assert_array_equal(values(filtered(*rows, size=1)), rows)


def test_all_steps_come_out_at_the_ends_of_a_stretch() -> None:
    later = steps(classes(), curve(3, {}), curve(3, {}), start_us=10_000_000)
    run = filtered(curve(6, {}), curve(6, {}), more=later)
    assert run.timestamps("SCORES") == [
        *(STEP_US * place for place in range(6)),
        *(10_000_000 + STEP_US * place for place in range(3)),
    ]


def test_a_step_does_not_look_over_a_gap() -> None:
    loud = curve(12, {(0, 12): 0.9})
    later = steps(classes(), curve(12, {}), curve(12, {}), start_us=10_000_000)
    found = values(filtered(loud, curve(12, {}), more=later))
    np.testing.assert_allclose(found[0], [0.9] * 12 + [0.0] * 12)


@pytest.mark.parametrize(("size", "behind"), [(1, 0), (9, 4)])
def test_a_step_comes_when_its_neighbours_are_known(size: int, behind: int) -> None:
    graph = CalculatorGraph(f"""
        input_stream: "scores" output_stream: "steady"
        node {{ calculator: "ScoreMedianFilterCalculator"
               input_stream: "SCORES:scores" output_stream: "SCORES:steady"
               options {{ [flowlace.ScoreMedianFilterCalculatorOptions.ext] {{
                 max_steps: {size} }} }} }}
    """)
    came: list[int] = []
    graph.observe_output_stream("steady", lambda packet: came.append(packet.timestamp))
    graph.start_run(headers={"scores": HEADER})
    for packet in steps(classes(), curve(30, {}), curve(30, {})):
        graph.add_packet_to_input_stream("scores", packet)
        # What comes before a gap is late, so nothing may be promised beyond it.
        graph.set_input_stream_timestamp_bound("scores", packet.timestamp + STEP_US)
    graph.wait_until_idle()
    assert came[-1] == STEP_US * (29 - behind)
    graph.set_input_stream_timestamp_bound("scores", 9_000_000)
    graph.close_all_input_streams()
    graph.wait_until_done()
    assert came == [STEP_US * place for place in range(30)]


@pytest.mark.parametrize("size", [0, 4, -1])
def test_an_even_number_of_steps_is_refused(size: int) -> None:
    with pytest.raises(
        FlowlaceError, match=f"max_steps has to be an odd number above 0, .* {size}"
    ):
        filtered(curve(5, {}), curve(5, {}), size=size)


def test_a_rate_is_required() -> None:
    with pytest.raises(FlowlaceError, match="needs packet_rate in the header of its scores"):
        run_calculator(ScoreMedianFilterCalculator, SCORES=steps(classes(), [0.0], [0.0]))
