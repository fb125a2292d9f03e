"""Turns classes with scores into rows, for files and programs."""

from flowlace.formats.class_row import ClassRow, ClipClassRow, label_of
from flowlace.formats.classification import Classification, ClassificationList
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator

_DIGITS = 4


@register_calculator
class ClassificationsToRowsCalculator(Calculator[NoOptions]):
    """Turns classes with scores into rows: label, score, and whether a window was full.

    Inputs:   CLASSIFICATIONS (ClassificationList)
              WARMING_UP (bool), optional, in step: whether the window they are of was not full
    Outputs:  ROWS (list[ClassRow], with WARMING_UP list[ClipClassRow]), in step and in the same
              order

    Example:
        ```
        node {
          calculator: "ClassificationsToRowsCalculator"
          input_stream: "CLASSIFICATIONS:best_classes"
          input_stream: "WARMING_UP:warming_up"
          output_stream: "ROWS:classes"
        }
        ```
    """

    input_ports = (
        Port("CLASSIFICATIONS", ClassificationList, doc="classes of a picture or window"),
        Port("WARMING_UP", bool, optional=True, doc="whether the window was not full"),
    )
    output_ports = (Port("ROWS", list[ClassRow], doc="one row a class"),)
    timestamp_offset = 0

    def process(self, packets: PacketSet) -> None:
        """Converts the classes of one time."""
        packet, warming_up = packets["CLASSIFICATIONS"], packets.get("WARMING_UP")
        if not packet or (warming_up is not None and not warming_up):
            return
        is_warming_up = None if warming_up is None else warming_up.payload
        found: tuple[Classification, ...] = packet.payload.classification
        rows = [_row(one, packets.timestamp, is_warming_up) for one in found]
        self.outputs["ROWS"].send(Packet(rows, packets.timestamp))


def _row(one: Classification, timestamp_us: int, is_warming_up: bool | None) -> ClassRow:
    label, score = label_of(one), round(one.score or 0.0, _DIGITS)
    if is_warming_up is None:
        return ClassRow(timestamp_us=timestamp_us, label=label, score=score)
    return ClipClassRow(
        timestamp_us=timestamp_us, label=label, score=score, warming_up=is_warming_up
    )
