"""Sends side packets on streams."""

from flowlace.framework.calculator import STOP, Calculator, Flow, OutputPort, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port, SameAs
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.framework.timestamp import POST_STREAM, PRE_STREAM

_TICKED = ("AT_TICK", "AT_FIRST_TICK")
_FIXED = {"AT_PRESTREAM": PRE_STREAM, "AT_POSTSTREAM": POST_STREAM, "AT_ZERO": 0}
_TAGS = (*_FIXED, *_TICKED, "AT_TIMESTAMP")


@register_calculator
class SidePacketToStreamCalculator(Calculator[NoOptions]):
    """Sends side packets as packets, at the timestamp the output's tag says.

    Inputs:   TICK (any), with AT_TICK and AT_FIRST_TICK only
    Outputs:  one tag, an output for each side packet:
              AT_PRESTREAM, AT_POSTSTREAM, AT_ZERO: at that timestamp;
              AT_TICK: at every packet of TICK; AT_FIRST_TICK: at the first, then closed;
              AT_TIMESTAMP: at the timestamp in the side packet TIMESTAMP
    Side packets: value (any), one or more; TIMESTAMP (int)

    Example:
        ```
        node {
          calculator: "SidePacketToStreamCalculator"
          input_stream: "TICK:frames"
          input_side_packet: "camera_matrix"
          output_stream: "AT_TICK:camera_matrices"
        }
        ```
    """

    input_ports = (Port("TICK", optional=True),)
    output_ports = tuple(Port(tag, optional=True, repeated=True) for tag in _TAGS)
    side_input_ports = (Port("value", repeated=True), Port("TIMESTAMP", int, optional=True))

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires one tag, with what belongs to it, and an output for each side packet."""
        tags = {port.tag for port in contract.outputs.values()}
        if len(tags) != 1:
            raise ContractError(f"sends on {len(tags)} tags; use one of {', '.join(_TAGS)}")
        tag = tags.pop()
        _check_pair(tag in _TICKED, "TICK" in contract.inputs, "TICK", tag)
        has_time = "TIMESTAMP" in contract.side_inputs
        _check_pair(tag == "AT_TIMESTAMP", has_time, "side packet TIMESTAMP", tag)
        given, wanted = len(contract.side_inputs.untagged), len(contract.outputs)
        if given != wanted:
            raise ContractError(f"has {given} side packets and {wanted} outputs for them")
        for port in contract.outputs.values():
            port.type = SameAs(f":{port.index}")
        if tag in _TICKED:
            contract.timestamp_offset = 0

    def open(self) -> None:
        """Finds out when to send."""
        self._tag = next(tag for tag in _TAGS if tag in self.outputs)

    def process(self, packets: PacketSet) -> Flow | None:
        """Answers a tick; where nothing ticks, `close` sends."""
        if self._tag not in _TICKED:
            return STOP
        for output in self._send(packets.timestamp):
            if self._tag == "AT_FIRST_TICK":
                output.close()
        return None

    def close(self) -> None:
        """Sends what has a timestamp of its own."""
        if self._tag in _FIXED:
            self._send(_FIXED[self._tag])
        elif self._tag == "AT_TIMESTAMP":
            self._send(self.side_packets["TIMESTAMP"])

    def _send(self, timestamp: int) -> list[OutputPort]:
        outputs = [each for each in self.outputs.tagged(self._tag) if not each.is_closed]
        for output, value in zip(outputs, self.side_packets.tagged(""), strict=False):
            output.send(Packet(value, timestamp))
        return outputs


def _check_pair(is_needed: bool, is_given: bool, what: str, tag: str) -> None:
    if is_needed and not is_given:
        raise ContractError(f"{tag} needs {what}; connect it")
    if is_given and not is_needed:
        raise ContractError(f"{tag} makes no use of {what}; leave it out")
