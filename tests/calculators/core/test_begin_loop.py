"""A loop starts by taking lists apart."""

import pytest

from flowlace.calculators.core.begin_loop import BeginLoopCalculator
from flowlace.framework.errors import FlowlaceError, GraphConfigError
from flowlace.framework.registry import find_calculator
from flowlace.framework.timestamp import POST_STREAM, PRE_STREAM
from flowlace.testing import CalculatorRun, at, nothing_until, run_calculator


def begin(**streams: list) -> CalculatorRun:
    return run_calculator(BeginLoopCalculator, outputs=["ITEM", "BATCH_END"], **streams)


def test_items_come_one_by_one_in_loop_time() -> None:
    run = begin(ITERABLE=[at(100, ["a", "b"]), at(200, ["c"])])
    assert run.packets("ITEM") == [at(0, "a"), at(1, "b"), at(2, "c")]
    assert run.packets("BATCH_END") == [at(1, 100), at(2, 200)]


def test_a_list_without_items_uses_up_a_loop_timestamp() -> None:
    run = begin(ITERABLE=[at(100, []), at(200, ["c"])])
    assert run.packets("ITEM") == [at(1, "c")]
    assert run.packets("BATCH_END") == [at(0, 100), at(1, 200)]
    assert run.bounds["ITEM"][0] == 0


def test_a_time_without_a_list_uses_up_a_loop_timestamp() -> None:
    run = begin(ITERABLE=[nothing_until(150), at(200, ["c"])])
    assert run.packets("ITEM") == [at(1, "c")]
    assert run.packets("BATCH_END") == [at(0, 150), at(1, 200)]


def test_a_clone_comes_with_every_item() -> None:
    run = run_calculator(
        BeginLoopCalculator,
        inputs={
            "ITERABLE": [at(1, "ab"), at(2, "c")],
            "CLONE": [at(1, "x"), at(2, "y")],
            "CLONE:1": [at(1, "z")],
        },
        outputs=["ITEM", "BATCH_END", "CLONE", "CLONE:1"],
    )
    assert run.packets("CLONE") == [at(0, "x"), at(1, "x"), at(2, "y")]
    assert run.packets("CLONE:1") == [at(0, "z"), at(1, "z")]


def test_a_clone_without_a_list_is_not_sent() -> None:
    run = run_calculator(BeginLoopCalculator, ITERABLE=[], CLONE=[at(5, "x")])
    assert run.packets("CLONE") == []
    assert run.packets("BATCH_END") == [at(0, 5)]


def test_a_tick_has_no_effect_of_its_own() -> None:
    run = begin(ITERABLE=[at(1, ["a"])], TICK=[at(1)])
    assert run.packets("ITEM") == [at(0, "a")]


@pytest.mark.parametrize("timestamp", [PRE_STREAM, POST_STREAM])
def test_a_list_outside_of_the_stream_is_taken_apart_too(timestamp: int) -> None:
    run = begin(ITERABLE=[at(timestamp, ["a"])])
    assert run.packets("BATCH_END") == [at(0, timestamp)]


def test_an_empty_stream_has_no_items() -> None:
    assert begin(ITERABLE=[]).packets("BATCH_END") == []


def test_what_is_no_list_is_refused() -> None:
    with pytest.raises(FlowlaceError, match="Iterable"):
        begin(ITERABLE=[at(1, 5)])


def test_clones_have_to_pair_up() -> None:
    with pytest.raises(GraphConfigError, match="has 1 CLONE inputs and 0 CLONE outputs"):
        begin(ITERABLE=[], CLONE=[])


@pytest.mark.parametrize("name", ["Int", "NormalizedRect", "Detection", "Image", "Tensor"])
def test_goes_by_the_names_mediapipe_has_for_each_type(name: str) -> None:
    calculator = find_calculator(f"BeginLoop{name}Calculator")
    assert calculator is not None
    assert issubclass(calculator, BeginLoopCalculator)
    assert calculator.__name__ == f"BeginLoop{name}Calculator"
