"""A pair holds the packets of two inputs."""

from flowlace.calculators.core.make_pair import MakePairCalculator
from flowlace.framework.packet import Packet
from flowlace.testing import at, run_calculator


def test_pairs_packets_of_one_timestamp() -> None:
    run = run_calculator(MakePairCalculator, first=[at(1, "a"), at(2, "b")], second=[at(1), at(2)])
    assert run.payloads("pairs") == [(at(1, "a"), at(1)), (at(2, "b"), at(2))]
    assert run.timestamps("pairs") == [1, 2]


def test_a_missing_packet_is_empty() -> None:
    run = run_calculator(MakePairCalculator, first=[at(1)], second=[at(2)])
    assert run.payloads("pairs") == [(at(1), Packet.empty(1)), (Packet.empty(2), at(2))]
