"""Round robin deals packets out in turn."""

from flowlace.calculators.core.round_robin_demux import RoundRobinDemuxCalculator
from flowlace.testing import at, run_calculator
from tests.framework.running import run_graph


def test_outputs_take_turns() -> None:
    run = run_calculator(
        RoundRobinDemuxCalculator,
        packets=[at(1), at(2), at(3), at(4)],
        outputs=["OUTPUT", "OUTPUT:1", "OUTPUT:2", "SELECT"],
    )
    assert run.timestamps("OUTPUT") == [1, 4]
    assert run.timestamps("OUTPUT:1") == [2]
    assert run.timestamps("OUTPUT:2") == [3]
    assert run.packets("SELECT") == [at(1, 0), at(2, 1), at(3, 2), at(4, 0)]


def test_select_may_be_left_out() -> None:
    run = run_calculator(RoundRobinDemuxCalculator, packets=[at(1), at(2)], outputs=["OUTPUT"])
    assert run.timestamps("OUTPUT") == [1, 2]


def test_a_mux_puts_the_packets_in_order_again() -> None:
    text = """
        input_stream: "frames"
        node {
          calculator: "RoundRobinDemuxCalculator"
          input_stream: "frames"
          output_stream: "OUTPUT:0:even"
          output_stream: "OUTPUT:1:odd"
          output_stream: "SELECT:choices"
        }
        node { calculator: "PassThroughCalculator" input_stream: "even" output_stream: "evens" }
        node { calculator: "PassThroughCalculator" input_stream: "odd" output_stream: "odds" }
        node {
          calculator: "MuxCalculator"
          input_stream: "INPUT:0:evens"
          input_stream: "INPUT:1:odds"
          input_stream: "SELECT:choices"
          output_stream: "OUTPUT:all"
          input_stream_handler { input_stream_handler: "MuxInputStreamHandler" }
        }
    """
    frames = [at(0), at(1), at(2), at(3), at(4)]
    found = run_graph(text, [("frames", packet) for packet in frames], ["all"])
    assert found["all"] == frames
