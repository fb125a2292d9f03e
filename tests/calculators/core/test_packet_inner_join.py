"""The inner join keeps timestamps at which every input has a packet."""

import pytest

from flowlace.calculators.core.packet_inner_join import PacketInnerJoinCalculator
from flowlace.framework.config import HandlerConfig
from flowlace.framework.errors import GraphConfigError
from flowlace.testing import at, run_calculator


def test_keeps_complete_sets_only() -> None:
    run = run_calculator(
        PacketInnerJoinCalculator,
        inputs={"0": [at(1), at(2), at(4)], "1": [at(2, "b"), at(3, "c"), at(4, "d")]},
    )
    assert run.packets("0") == [at(2), at(4)]
    assert run.packets("1") == [at(2, "b"), at(4, "d")]


def test_an_incomplete_set_gives_a_bound() -> None:
    run = run_calculator(PacketInnerJoinCalculator, inputs={"0": [at(1), at(5)], "1": [at(5)]})
    assert 1 in run.bounds["0"]


def test_a_single_stream_passes() -> None:
    assert run_calculator(PacketInnerJoinCalculator, VIDEO=[at(1)]).packets("VIDEO") == [at(1)]


def test_with_the_fixed_size_policy_it_keeps_live_streams_in_step() -> None:
    run = run_calculator(
        PacketInnerJoinCalculator,
        inputs={"0": [at(1), at(2), at(3)], "1": [at(3, "c")]},
        input_policy=HandlerConfig("FixedSizeInputStreamHandler"),
        in_order=["0", "0", "0", "1"],
    )
    assert run.timestamps("1") == [3]


def test_inputs_and_outputs_have_to_pair_up() -> None:
    with pytest.raises(GraphConfigError, match=r"has inputs A:0, B:0 and outputs A:0"):
        run_calculator(PacketInnerJoinCalculator, A=[], B=[], outputs=["A"])
