"""The immediate mux joins streams in the order of arrival."""

import pytest

from flowlace.calculators.core.immediate_mux import ImmediateMuxCalculator, ImmediateMuxOptions
from flowlace.framework.config import HandlerConfig
from flowlace.framework.errors import GraphConfigError
from flowlace.framework.packet import Packet
from flowlace.testing import CalculatorRun, at, nothing_until, run_calculator

AT_ONCE = HandlerConfig("ImmediateInputStreamHandler")


def join(
    first: list[Packet], second: list[Packet], options: ImmediateMuxOptions | None = None, **how
) -> CalculatorRun:
    return run_calculator(ImmediateMuxCalculator, options, inputs={"0": first, "1": second}, **how)


def test_hands_on_packets_of_all_inputs() -> None:
    run = join([at(0), at(20)], [at(10), at(30)], input_policy=AT_ONCE)
    assert run.timestamps("packets") == [0, 10, 20, 30]


def test_drops_what_is_older_than_the_last_packet() -> None:
    run = join(
        [at(10), at(40)], [at(5), at(20)], input_policy=AT_ONCE, in_order=["0", "1", "1", "0"]
    )
    assert run.timestamps("packets") == [10, 20, 40]
    assert run.counters == {"dropped": 1}


def test_of_two_at_one_time_the_first_input_passes() -> None:
    run = join([at(1, "a")], [at(1, "b")])
    assert run.packets("packets") == [at(1, "a")]
    assert run.counters == {"dropped": 1}


def test_finished_has_a_packet_for_each_one_received() -> None:
    run = join([at(10)], [at(5)], input_policy=AT_ONCE, in_order=["0", "1"])
    assert run.packets("finished") == [at(10, True), at(11, True)]


def test_bounds_move_the_output_on_if_they_are_processed() -> None:
    run = join(
        [nothing_until(100), at(200)],
        [at(90)],
        ImmediateMuxOptions(process_timestamp_bounds=True),
        input_policy=AT_ONCE,
        in_order=["0", "1", "0"],
    )
    assert run.timestamps("packets") == [200]
    assert run.bounds["packets"] == [100]


def test_bounds_of_one_input_do_not_matter_otherwise() -> None:
    run = join([nothing_until(100)], [at(90)], input_policy=AT_ONCE, in_order=["0", "1"])
    assert run.timestamps("packets") == [90]


def test_needs_something_to_join() -> None:
    with pytest.raises(GraphConfigError, match="joins no streams"):
        run_calculator(ImmediateMuxCalculator, inputs={})
