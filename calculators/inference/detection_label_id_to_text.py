"""Gives detections the names of their classes."""

from dataclasses import dataclass, replace

from flowlace.calculators.inference.labels import (
    LabelItemsEntry,
    Labels,
    labels_of_file,
    labels_of_items,
    labels_of_names,
)
from flowlace.formats.detection import Detection
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator


@proto_options("mediapipe.DetectionLabelIdToTextCalculatorOptions", extension=251889072)
@dataclass(frozen=True, kw_only=True, slots=True)
class DetectionLabelIdToTextOptions:
    """Options of `DetectionLabelIdToTextCalculator`; names come one way at most."""

    label_map_path: str = option(1)
    """Text file with a name a line, in the order of the ids."""
    label: tuple[str, ...] = option(2)
    """Names in the order of the ids."""
    keep_label_id: bool = option(3)
    """Keep the ids beside the names."""
    label_items: tuple[LabelItemsEntry, ...] = option(4)
    """Names, and names to show, by id."""


@register_calculator
class DetectionLabelIdToTextCalculator(Calculator[DetectionLabelIdToTextOptions]):
    """Gives detections the names of their classes in place of their ids.

    Inputs:   detections (list of Detection)
    Outputs:  detections (list of Detection), in step

    Ids without a name are left out, unless none of a detection's ids has one: it keeps them then.
    With `keep_label_id`, ids stay in any case.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "DetectionLabelIdToTextCalculator"
          input_stream: "detections"
          output_stream: "named_detections"
          options { [mediapipe.DetectionLabelIdToTextCalculatorOptions.ext] {
            label_map_path: "labelmap.txt"
          } }
        }
        ```
    """

    input_ports = (Port("detections", list[Detection]),)
    output_ports = (Port("detections", list[Detection]),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires names from one place."""
        names = ("label_map_path", "label", "label_items")
        given = [name for name in names if getattr(contract.options, name)]
        if len(given) > 1:
            raise ContractError(f"has {' and '.join(given)}; keep one")

    def open(self) -> None:
        """Reads the names."""
        options = self.options
        if options.label_map_path:
            self._labels: Labels = labels_of_file(options.label_map_path)
        else:
            self._labels = labels_of_names(options.label) or labels_of_items(options.label_items)

    def process(self, packets: PacketSet) -> None:
        """Names the detections of one time."""
        packet = packets["detections"]
        if packet:
            named = [self._named(detection) for detection in packet.payload]
            self.outputs["detections"].send(Packet(named, packets.timestamp))

    def _named(self, detection: Detection) -> Detection:
        items = [self._labels[each] for each in detection.label_id if each in self._labels]
        if not items:
            return detection
        shown = (item.display_name for item in items if item.display_name is not None)
        return replace(
            detection,
            label=(*detection.label, *(item.name for item in items)),
            display_name=(*detection.display_name, *shown),
            label_id=detection.label_id if self.options.keep_label_id else (),
        )
