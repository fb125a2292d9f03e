"""Random graphs and random packet orders: same results on any number of threads, nothing lost."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from tests.framework import probes

assert probes

UNARY = ["PassThroughCalculator", "KeepEvenCalculator", "NoOffsetCalculator", "ShiftCalculator"]
INPUTS = ["a", "b"]


@st.composite
def graphs(draw: Any) -> tuple[str, list[str]]:
    """Draws a graph without cycles; returns its text and its streams."""
    streams = list(INPUTS)
    text = [f'input_stream: "{name}"' for name in INPUTS]
    for index in range(draw(st.integers(1, 8))):
        output = f"s{index}"
        if draw(st.booleans()):
            count = draw(st.integers(2, 3))
            inputs = [draw(st.sampled_from(streams)) for _ in range(count)]
            inputs = list(dict.fromkeys(inputs))
            calculator = "JoinCalculator"
        else:
            inputs = [draw(st.sampled_from(streams))]
            calculator = draw(st.sampled_from(UNARY))
        listed = " ".join(f'input_stream: "{name}"' for name in inputs)
        offset = draw(st.integers(0, 3))
        options = f"options {{ [flowlace.tests.ProbeOptions.ext] {{ offset: {offset} }} }}"
        options = options if calculator == "ShiftCalculator" else ""
        text.append(
            f'node {{ calculator: "{calculator}" {listed} output_stream: "{output}" {options} }}'
        )
        streams.append(output)
    return "\n".join(text), streams


@st.composite
def feeds(draw: Any) -> list[tuple[str, Packet[int]]]:
    """Draws packets of both inputs, rising in time on each, interleaved in any way."""
    waiting = {
        name: sorted(draw(st.sets(st.integers(0, 40), max_size=12)), reverse=True)
        for name in INPUTS
    }
    order: list[tuple[str, Packet[int]]] = []
    while any(waiting.values()):
        name = draw(st.sampled_from([name for name in INPUTS if waiting[name]]))
        time_us = waiting[name].pop()
        order.append((name, Packet(time_us * 7 % 11, time_us)))
    return order


def results(
    text: str, streams: list[str], feed: list[tuple[str, Packet[int]]], head: str
) -> dict[str, list[Packet[Any]]]:
    graph = CalculatorGraph(f"{text}\n{head}")
    found: dict[str, list[Packet[Any]]] = {name: [] for name in streams}
    for name in streams:
        graph.observe_output_stream(name, found[name].append)
    graph.start_run()
    for name, packet in feed:
        graph.add_packet_to_input_stream(name, packet)
    graph.close_all_packet_sources()
    graph.wait_until_done(timeout_s=30)
    return found


APPLICATION_THREAD = 'executor { type: "ApplicationThreadExecutor" }'


@settings(max_examples=60, deadline=None)
@given(graphs(), feeds(), st.integers(1, 4))
def test_results_do_not_depend_on_the_number_of_threads(
    graph: tuple[str, list[str]], feed: list[tuple[str, Packet[int]]], queue_size: int
) -> None:
    text, streams = graph
    limit = f"max_queue_size: {queue_size}"
    expected = results(text, streams, feed, f"{limit} {APPLICATION_THREAD}")
    assert results(text, streams, feed, f"{limit} num_threads: 1") == expected
    assert results(text, streams, feed, f"{limit} num_threads: 2") == expected
    assert results(text, streams, feed, f"{limit} num_threads: 8") == expected


@settings(max_examples=40, deadline=None)
@given(graphs(), feeds())
def test_every_stream_is_in_order_and_reaches_the_observer_whole(
    graph: tuple[str, list[str]], feed: list[tuple[str, Packet[int]]]
) -> None:
    text, streams = graph
    found = results(text, streams, feed, "num_threads: 2")
    for name in streams:
        times = [packet.timestamp for packet in found[name]]
        assert times == sorted(set(times))
    for name in INPUTS:
        assert found[name] == [packet for stream, packet in feed if stream == name]


COUNTED_POLICIES = ["DefaultInputStreamHandler", "FixedSizeInputStreamHandler",
                    "ImmediateInputStreamHandler", "SyncSetInputStreamHandler"]  # fmt: skip


@pytest.mark.parametrize("policy", COUNTED_POLICIES)
@settings(max_examples=30, deadline=None)
@given(feeds(), st.sampled_from([1, 2, 8]))
def test_no_packet_is_lost_without_a_count(
    policy: str, feed: list[tuple[str, Packet[int]]], threads: int
) -> None:
    graph = CalculatorGraph(
        'input_stream: "a" input_stream: "b" '
        f"num_threads: {threads} "
        'node { calculator: "CountSetsCalculator" input_stream: "a" input_stream: "b" '
        f'input_stream_handler {{ input_stream_handler: "{policy}" }} }}'
    )
    graph.start_run()
    for name, packet in feed:
        graph.add_packet_to_input_stream(name, packet)
    graph.close_all_packet_sources()
    graph.wait_until_done(timeout_s=30)
    counters = graph.counters()
    seen = counters.get("CountSetsCalculator.packets", 0)
    dropped = counters.get("CountSetsCalculator.dropped_by_input_policy", 0)
    late = counters.get("CountSetsCalculator.dropped_after_close", 0)
    assert seen + dropped + late == len(feed)
