"""Joins the streams of several channels into one."""

from collections import defaultdict

from flowlace.calculators.core.switch_channel import CONTROL_PORTS, SwitchChannel
from flowlace.framework.calculator import PacketSet
from flowlace.framework.contract import Contract, InputPolicyRequest, Port
from flowlace.framework.registry import register_calculator
from flowlace.framework.timestamp import PRE_STREAM, next_allowed


@register_calculator
class SwitchMuxCalculator(SwitchChannel):
    """Hands on what the channel that works sends; a part of `SwitchContainer`.

    Inputs:   SELECT (int) or ENABLE (bool), optional; C0__TAG, C1__TAG, … (any)
    Outputs:  TAG: packets of the channel that works, same type and timestamps
    Side packets: SELECT or ENABLE; the others from the channel that works at the start

    A control packet works as soon as it comes; what the other channel still has under way is
    dropped. With `synchronize_io` inputs are taken in sets of one timestamp instead, which needs
    nodes that say what they will not send.

    Example:
        ```
        node {
          calculator: "SwitchMuxCalculator"
          input_stream: "ENABLE:use_accurate_model"
          input_stream: "C0__BOXES:fast_boxes"
          input_stream: "C1__BOXES:accurate_boxes"
          output_stream: "BOXES:boxes"
        }
        ```
    """

    input_ports = (*CONTROL_PORTS, Port("*"))
    output_ports = (Port("*"),)
    side_input_ports = (*CONTROL_PORTS, Port("*"))
    side_output_ports = (Port("*"),)
    process_timestamp_bounds = True

    _bounds: dict[str, int]

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Ties the types of outputs to those of the channels, and chooses the input policy."""
        cls.tie_types(contract, channels="inputs", plain="outputs")
        cls.tie_types(contract, channels="side_inputs", plain="side_outputs")
        if not contract.options.synchronize_io:
            contract.input_policy = InputPolicyRequest("ImmediateInputStreamHandler")

    def open(self) -> None:
        """Hands on the side packets of the channel that works."""
        self.read_start()
        self._bounds = defaultdict(lambda: PRE_STREAM)
        for key, side_output in self.side_outputs.items():
            side_output.set(self.side_packets[self._channel_key(str(key))])

    def process(self, packets: PacketSet) -> None:
        """Hands on packets and settled times of the channel that works."""
        self.read_control(packets)
        for key, output in self.outputs.items():
            packet = packets[self._channel_key(str(key))]
            # After a switch the new channel may still send what the old one is past.
            if packet.timestamp >= self._bounds[str(key)]:
                self._bounds[str(key)] = next_allowed(packet.timestamp)
                output.send(packet)

    def _channel_key(self, key: str) -> str:
        tag, _, index = key.partition(":")
        if tag.isdigit():
            tag, index = "", tag
        return f"C{self.channel}__{tag}:{index or 0}"
