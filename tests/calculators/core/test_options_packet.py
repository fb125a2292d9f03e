"""Options in a packet go before those in the graph."""

from flowlace.calculators.core.flow_limiter import FlowLimiterOptions
from flowlace.calculators.core.options_packet import with_options_packet
from flowlace.calculators.core.split_vector import Range, SplitVectorOptions

QUEUE_TWO = FlowLimiterOptions(max_in_flight=3, max_in_queue=2)


def test_without_a_packet_nothing_changes() -> None:
    assert with_options_packet(QUEUE_TWO, None) is QUEUE_TWO


def test_fields_that_are_set_replace_those_of_the_graph() -> None:
    merged = with_options_packet(QUEUE_TWO, FlowLimiterOptions(max_in_queue=5))
    assert merged == FlowLimiterOptions(max_in_flight=3, max_in_queue=5)


def test_repeated_fields_are_appended() -> None:
    first, second = Range(begin=0, end=1), Range(begin=1, end=2)
    merged = with_options_packet(
        SplitVectorOptions(ranges=(first,)), SplitVectorOptions(ranges=(second,))
    )
    assert merged.ranges == (first, second)
