import pytest

from flowlace.calculators.core.packet_delay import PacketDelayCalculator, PacketDelayOptions
from flowlace.framework.errors import GraphConfigError
from flowlace.framework.packet import Packet
from flowlace.framework.timestamp import POST_STREAM, PRE_STREAM
from flowlace.testing import at, nothing_until, run_calculator


def test_packets_count_from_later_on() -> None:
    run = run_calculator(
        PacketDelayCalculator, PacketDelayOptions(delay_us=100), packets=[at(0, "a"), at(30, "b")]
    )
    assert run.packets("packets") == [at(100, "a"), at(130, "b")]


def test_nobody_waits_for_what_cannot_come_yet() -> None:
    options = PacketDelayOptions(delay_us=100)
    run = run_calculator(PacketDelayCalculator, options, packets=[nothing_until(7)])
    assert max(run.bounds["packets"]) >= 107


def test_without_a_delay_packets_are_handed_on() -> None:
    run = run_calculator(PacketDelayCalculator, packets=[at(0, "a"), nothing_until(5)])
    assert run.packets("packets") == [at(0, "a")]
    assert max(run.bounds["packets"]) >= 5


def test_every_stream_is_delayed() -> None:
    run = run_calculator(
        PacketDelayCalculator,
        PacketDelayOptions(delay_us=5),
        inputs={"0": [at(1, "a")], "1": [at(1, "b"), at(2, "c")]},
        outputs=["0", "1"],
    )
    assert run.packets("0") == [at(6, "a")]
    assert run.packets("1") == [at(6, "b"), at(7, "c")]


@pytest.mark.parametrize("timestamp", [PRE_STREAM, POST_STREAM])
def test_packets_outside_of_the_stream_keep_their_place(timestamp: int) -> None:
    run = run_calculator(
        PacketDelayCalculator, PacketDelayOptions(delay_us=5), packets=[Packet("x", timestamp)]
    )
    assert run.timestamps("packets") == [timestamp]


def test_headers_are_handed_on() -> None:
    run = run_calculator(PacketDelayCalculator, packets=[at(0)], headers={"packets": at(0, "head")})
    assert run.headers["packets"].payload == "head"


def test_a_delay_into_the_past_is_an_error() -> None:
    with pytest.raises(GraphConfigError, match="delay_us is -1, but results can't be due before"):
        run_calculator(PacketDelayCalculator, PacketDelayOptions(delay_us=-1), packets=[])


def test_inputs_and_outputs_have_to_match() -> None:
    with pytest.raises(GraphConfigError, match="has 2 inputs and 1 outputs"):
        run_calculator(PacketDelayCalculator, inputs={"0": [], "1": []}, outputs=["0"])
