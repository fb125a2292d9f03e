"""Gives every detection an id of its own."""

from dataclasses import replace

from flowlace.formats.detection import Detection
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator


@register_calculator
class DetectionUniqueIdCalculator(Calculator[NoOptions]):
    """Gives every detection an id of its own, counted from 1; ids from before are replaced.

    Inputs:   DETECTIONS (list[Detection]), DETECTION_LIST (the same type here); one or both
    Outputs:  the same tags: copies with `detection_id`, and with `timestamp_us` where it was not
              set; in step

    Two runs give the same ids: the count belongs to the node. MediaPipe's belongs to the process.

    Example:
        ```
        node {
          calculator: "DetectionUniqueIdCalculator"
          input_stream: "DETECTIONS:detections"
          output_stream: "DETECTIONS:detections_with_id"
        }
        ```
    """

    input_ports = (
        Port("DETECTIONS", list[Detection], optional=True),
        Port("DETECTION_LIST", list[Detection], optional=True),
    )
    output_ports = (
        Port("DETECTIONS", list[Detection], optional=True),
        Port("DETECTION_LIST", list[Detection], optional=True),
    )
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires an input, and an output of the same name for each."""
        if not contract.inputs or set(contract.inputs) != set(contract.outputs):
            raise ContractError(
                "connect DETECTIONS in and out, or DETECTION_LIST in and out, or both"
            )

    def open(self) -> None:
        """Starts to count."""
        self._last_id = 0

    def process(self, packets: PacketSet) -> None:
        """Numbers the detections of one time."""
        for port in ("DETECTION_LIST", "DETECTIONS"):
            packet = packets.get(port)
            if packet:
                numbered = [self._numbered(each, packets.timestamp) for each in packet.payload]
                self.outputs[port].send(Packet(numbered, packets.timestamp))

    def _numbered(self, detection: Detection, timestamp: int) -> Detection:
        self._last_id += 1
        found_us = timestamp if detection.timestamp_us is None else detection.timestamp_us
        return replace(detection, detection_id=self._last_id, timestamp_us=found_us)
