"""A detector for tests and measurements: it gives what it was told to give."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from flowlace.formats.detection import (
    Detection,
    LocationData,
    LocationFormat,
    RelativeBoundingBox,
)
from flowlace.formats.image import Image
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator


@dataclass(frozen=True, kw_only=True, slots=True)
class TrueBox:
    """Where an object is in one frame, in pixels."""

    label: str
    """What it is."""
    x: float
    """Left edge."""
    y: float
    """Upper edge."""
    w: float
    """Width."""
    h: float
    """Height."""


TrueBoxes = Mapping[int, Sequence[TrueBox]]
"""What is in each frame, by its timestamp in µs."""


@proto_options("flowlace.ReplayDetectorCalculatorOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class ReplayDetectorOptions:
    """How much worse than the truth a detector is."""

    jitter: float = option(1)
    """Standard deviation of each edge, as a part of the box's size."""
    miss_rate: float = option(2)
    """Part of the objects that are not found."""
    false_alarms: float = option(3)
    """Boxes a frame, on average, where nothing is."""
    seed: int = option(4)
    """Another seed makes other mistakes; the same makes the same at the same timestamps."""


@register_calculator
class ReplayDetectorCalculator(Calculator[ReplayDetectorOptions]):
    """Gives the boxes it was told of as detections, in the place of a detector in a graph.

    Inputs:   IMAGE (Image): frames to look into; nothing but their size is looked at
    Outputs:  DETECTIONS (list[Detection]), in step, with relative boxes
    Side packets: TRUTH (mapping of timestamps to sequences of TrueBox); frames it does not name
                  hold nothing

    Jitter, misses and false alarms depend on the seed and the timestamp only, not on the other
    frames: a run at half the rate makes the same mistakes in the frames it shares.

    Example:
        ```
        node {
          calculator: "ReplayDetectorCalculator"
          input_stream: "IMAGE:detection_frames"
          input_side_packet: "TRUTH:truth"
          output_stream: "DETECTIONS:detections"
        }
        ```
    """

    input_ports = (Port("IMAGE", Image),)
    output_ports = (Port("DETECTIONS", list[Detection]),)
    side_input_ports = (Port("TRUTH", Mapping),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Refuses rates below 0."""
        options: ReplayDetectorOptions = contract.options
        if min(options.jitter, options.miss_rate, options.false_alarms) < 0:
            raise ContractError("jitter, miss_rate and false_alarms can't be below 0")

    def open(self) -> None:
        """Takes the truth."""
        self._truth: TrueBoxes = self.side_packets["TRUTH"]

    def process(self, packets: PacketSet) -> None:
        """Gives the detections of one frame."""
        packet = packets["IMAGE"]
        if not packet:
            return
        rng = np.random.default_rng((self.options.seed, packet.timestamp))
        true_boxes = self._truth.get(packet.timestamp, ())
        found = [each for each in (self._seen(box, rng) for box in true_boxes) if each]
        found += self._made_up(rng, true_boxes, packet.payload)
        extent = packet.payload.width_px, packet.payload.height_px
        detections = [_detection(box, score, *extent) for box, score in found]
        self.outputs["DETECTIONS"].send(Packet(detections, packet.timestamp))

    def _seen(self, box: TrueBox, rng: np.random.Generator) -> tuple[TrueBox, float] | None:
        chance, score = rng.random(), rng.uniform(0.6, 1.0)
        left, top, right, bottom = rng.normal(0, self.options.jitter, 4)
        if chance < self.options.miss_rate:
            return None
        x, y = box.x + left * box.w, box.y + top * box.h
        width = max(box.w * (1 + right - left), 1.0)
        height = max(box.h * (1 + bottom - top), 1.0)
        return TrueBox(label=box.label, x=x, y=y, w=width, h=height), score

    def _made_up(
        self, rng: np.random.Generator, true_boxes: Sequence[TrueBox], frame: Image
    ) -> list[tuple[TrueBox, float]]:
        """Returns boxes of the size and class of true ones at other places."""
        count = rng.poisson(self.options.false_alarms) if true_boxes else 0
        made = []
        for model in rng.integers(0, max(len(true_boxes), 1), count):
            like = true_boxes[model]
            x = rng.uniform(0, max(frame.width_px - like.w, 1))
            y = rng.uniform(0, max(frame.height_px - like.h, 1))
            box = TrueBox(label=like.label, x=x, y=y, w=like.w, h=like.h)
            made.append((box, rng.uniform(0.6, 0.8)))
        return made


def _detection(box: TrueBox, score: float, width: int, height: int) -> Detection:
    place = RelativeBoundingBox(box.x / width, box.y / height, box.w / width, box.h / height)
    location = LocationData(
        format=LocationFormat.RELATIVE_BOUNDING_BOX, relative_bounding_box=place
    )
    return Detection(label=(box.label,), score=(score,), location_data=location)
