import pytest

from flowlace.calculators.core.add_header import AddHeaderCalculator
from flowlace.framework.errors import FlowlaceError
from flowlace.framework.packet import Packet
from flowlace.testing import at, run_calculator

DATA = [at(0), at(33)]


def test_packets_go_on_under_the_header_of_the_other_stream() -> None:
    run = run_calculator(
        AddHeaderCalculator, DATA=DATA, HEADER=[], headers={"HEADER": Packet("30 Hz")}
    )
    assert run.packets("data_with_header") == DATA
    assert run.headers["data_with_header"].payload == "30 Hz"


def test_the_header_of_the_data_is_replaced() -> None:
    run = run_calculator(
        AddHeaderCalculator,
        DATA=DATA,
        HEADER=[],
        headers={"HEADER": Packet("30 Hz"), "DATA": Packet("25 Hz")},
    )
    assert run.headers["data_with_header"].payload == "30 Hz"


def test_the_header_can_be_a_side_packet() -> None:
    run = run_calculator(AddHeaderCalculator, DATA=DATA, side_packets={"HEADER": "30 Hz"})
    assert run.headers["data_with_header"].payload == "30 Hz"


def test_packets_on_the_header_stream_are_refused() -> None:
    with pytest.raises(FlowlaceError, match="HEADER carries packets; only its header is wanted"):
        run_calculator(AddHeaderCalculator, DATA=DATA, HEADER=[at(0)])


def test_a_header_comes_from_one_place() -> None:
    with pytest.raises(FlowlaceError, match="connect HEADER as a stream or as a side packet"):
        run_calculator(AddHeaderCalculator, DATA=DATA)
