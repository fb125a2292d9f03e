import pickle

import numpy as np
import pytest

from flowlace.framework.packet import EMPTY, Packet
from flowlace.framework.timestamp import UNSET


def test_a_copy_at_another_time_shares_the_payload() -> None:
    payload = np.zeros(3)
    assert Packet(payload, 1).at(2).payload is payload


def test_payload_and_timestamp_can_not_be_changed() -> None:
    packet = Packet("word", 5)
    with pytest.raises(AttributeError):
        packet.payload = "other"
    with pytest.raises(AttributeError):
        packet.timestamp = 6


def test_a_packet_without_a_time_is_unset() -> None:
    assert Packet(1).timestamp == UNSET


def test_an_empty_packet_is_false_and_keeps_its_time() -> None:
    packet = Packet.empty(7)
    assert not packet
    assert packet.is_empty
    assert packet.timestamp == 7


def test_none_and_zero_are_payloads_like_any_other() -> None:
    assert Packet(None, 1)
    assert Packet(0, 1)


def test_packets_are_equal_by_payload_and_time() -> None:
    assert Packet([1], 1) == Packet([1], 1)
    assert Packet([1], 1) != Packet([1], 2)
    assert Packet(np.arange(3), 1) == Packet(np.arange(3), 1)
    assert Packet(np.arange(3), 1) != Packet(np.arange(3) + 1, 1)
    assert Packet(1, 1) != "a packet"


def test_empty_survives_pickling_as_the_same_object() -> None:
    assert pickle.loads(pickle.dumps(EMPTY)) is EMPTY
