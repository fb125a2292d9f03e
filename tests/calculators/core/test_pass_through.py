"""Pass-through hands everything on unchanged."""

import pytest

from flowlace.calculators.core.pass_through import PassThroughCalculator
from flowlace.framework.errors import GraphConfigError
from flowlace.framework.packet import Packet
from flowlace.framework.timestamp import POST_STREAM, PRE_STREAM
from flowlace.testing import at, nothing_until, run_calculator


def test_packets_pass() -> None:
    run = run_calculator(PassThroughCalculator, inputs={"0": [at(1), at(5)], "VIDEO": [at(5, "v")]})
    assert run.packets("0") == [at(1), at(5)]
    assert run.packets("VIDEO") == [at(5, "v")]


@pytest.mark.parametrize("timestamp", [PRE_STREAM, POST_STREAM])
def test_packets_outside_of_the_stream_pass(timestamp: int) -> None:
    run = run_calculator(PassThroughCalculator, VIDEO=[at(timestamp)])
    assert run.timestamps("VIDEO") == [timestamp]


def test_bounds_pass() -> None:
    run = run_calculator(PassThroughCalculator, VIDEO=[nothing_until(7)])
    assert run.bounds["VIDEO"] == [7]


def test_headers_and_side_packets_pass() -> None:
    run = run_calculator(
        PassThroughCalculator,
        VIDEO=[],
        headers={"VIDEO": Packet("header")},
        side_packets={"MODEL": "model"},
        side_outputs=["MODEL"],
    )
    assert run.headers["VIDEO"].payload == "header"
    assert run.side_packets == {"MODEL": "model"}


def test_inputs_and_outputs_have_to_match() -> None:
    with pytest.raises(GraphConfigError, match="must use matching tags and indexes"):
        run_calculator(PassThroughCalculator, VIDEO=[], AUDIO=[], outputs=["VIDEO"])
    with pytest.raises(GraphConfigError, match="must use matching tags and indexes"):
        run_calculator(PassThroughCalculator, VIDEO=[], outputs=["VIDEO", "AUDIO"])


def test_side_packets_alone_pass_and_the_node_ends() -> None:
    run = run_calculator(
        PassThroughCalculator, side_packets={"MODEL": "model"}, side_outputs=["MODEL"]
    )
    assert run.side_packets == {"MODEL": "model"}
