"""Sends streams to one of several channels."""

from flowlace.calculators.core.switch_channel import CONTROL_PORTS, SwitchChannel, channel_of
from flowlace.framework.calculator import OutputPort, PacketSet
from flowlace.framework.contract import Contract, InputPolicyRequest, Port, PortKey
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.framework.timestamp import PRE_STREAM


@register_calculator
class SwitchDemuxCalculator(SwitchChannel):
    """Sends every packet to the channel that works; a part of `SwitchContainer`.

    Inputs:   SELECT (int) or ENABLE (bool), optional; any further streams (any)
    Outputs:  C0__TAG, C1__TAG, …: the input TAG, same type and timestamps
    Side packets: SELECT or ENABLE; all others go to every channel

    With a control stream, inputs are taken in sets of one timestamp, so that which packet goes
    where does not depend on threads; `async_selection` switches as soon as the control comes.

    Example:
        ```
        node {
          calculator: "SwitchDemuxCalculator"
          input_stream: "ENABLE:use_accurate_model"
          input_stream: "VIDEO:frames"
          output_stream: "C0__VIDEO:fast_frames"
          output_stream: "C1__VIDEO:accurate_frames"
        }
        ```
    """

    input_ports = (*CONTROL_PORTS, Port("*"))
    output_ports = (Port("*"),)
    side_input_ports = (*CONTROL_PORTS, Port("*"))
    side_output_ports = (Port("*"),)
    process_timestamp_bounds = True

    _routes: tuple[tuple[int, PortKey, OutputPort], ...]

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Ties the types of channels to those of the inputs, and chooses the input policy."""
        cls.tie_types(contract, channels="outputs", plain="inputs")
        cls.tie_types(contract, channels="side_outputs", plain="side_inputs")
        options = contract.options
        has_control = "SELECT" in contract.inputs or "ENABLE" in contract.inputs
        is_synchronous = options.synchronize_io or (has_control and not options.async_selection)
        if not is_synchronous:
            contract.input_policy = InputPolicyRequest("ImmediateInputStreamHandler")

    def open(self) -> None:
        """Hands side packets to all channels: their nodes wait for them."""
        self.read_start()
        self._routes = tuple(
            (channel, _key(tag, str(key)), output)
            for key, output in self.outputs.items()
            for channel, tag in [channel_of(str(key).partition(":")[0])]
        )
        for key, side_output in self.side_outputs.items():
            _, tag = channel_of(str(key).partition(":")[0])
            side_output.set(self.side_packets[_key(tag, str(key))])

    def process(self, packets: PacketSet) -> None:
        """Hands packets to the channel that works, and the time to all."""
        self.read_control(packets)
        for channel, key, output in self._routes:
            packet = packets[key]
            if channel == self.channel and packet:
                output.send(packet)
            elif packet.timestamp >= PRE_STREAM:
                output.send(Packet.empty(packet.timestamp))


def _key(tag: str, channel_key: str) -> str:
    """Returns how the plain side calls the port of a channel: `C1__VIDEO:2` is `VIDEO:2`."""
    return f"{tag}:{channel_key.partition(':')[2] or 0}"
