"""Turns tracked boxes into what is drawn."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from flowlace.formats.render_data import (
    Color,
    Line,
    Rectangle,
    RenderAnnotation,
    RenderData,
    Text,
)
from flowlace.formats.tracked_box import TimedBox, TrackState
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator

_DOUBTFUL = Color(r=255, g=140, b=0)
DOUBTFUL_BELOW = 0.5
"""Boxes with a lower confidence are drawn in another colour."""


@proto_options("mediapipe.TimedBoxListToRenderDataCalculatorOptions", extension=289899854)
@dataclass(frozen=True, kw_only=True, slots=True)
class TimedBoxListToRenderDataOptions:
    """Options of TimedBoxListToRenderDataCalculator."""

    box_color: Color | None = option(1)
    """Of boxes; green if unset."""
    thickness: float = option(2, "double", default=1.0)
    """Of lines, pixels."""
    show_ids: bool = option(100)
    """Write id, label, state and confidence over each box; boxes in doubt turn orange."""


@register_calculator
class TimedBoxListToRenderDataCalculator(Calculator[TimedBoxListToRenderDataOptions]):
    """Turns tracked boxes into what is drawn: a rectangle or quad each, and its name if asked for.

    Inputs:   BOX_LIST (list[TimedBox])
    Outputs:  RENDER_DATA (RenderData), in step

    Example:
        ```
        node {
          calculator: "TimedBoxListToRenderDataCalculator"
          input_stream: "BOX_LIST:tracked_boxes"
          output_stream: "RENDER_DATA:box_render_data"
          options {
            [mediapipe.TimedBoxListToRenderDataCalculatorOptions.ext] {
              box_color { g: 255 }
              thickness: 2.0
              show_ids: true
            }
          }
        }
        ```
    """

    input_ports = (Port("BOX_LIST", list[TimedBox]),)
    output_ports = (Port("RENDER_DATA", RenderData),)
    timestamp_offset = 0

    def process(self, packets: PacketSet) -> None:
        """Converts the boxes of one frame."""
        if not packets["BOX_LIST"]:
            return
        drawn = [each for box in packets["BOX_LIST"].payload for each in self._annotations(box)]
        data = RenderData(annotations=tuple(drawn), scene_class="TRACKED_BOXES")
        self.outputs["RENDER_DATA"].send(Packet(data, packets.timestamp))

    def _annotations(self, box: TimedBox) -> list[RenderAnnotation]:
        color = self.options.box_color or Color(g=255)
        return box_annotations(
            box, color=color, thickness=self.options.thickness, shows_id=self.options.show_ids
        )


def box_annotations(
    box: TimedBox, *, color: Color, thickness: float, shows_id: bool
) -> list[RenderAnnotation]:
    """Returns the outline of a box, and its name where asked for; then doubt has a colour too."""
    if shows_id and box.confidence < DOUBTFUL_BELOW:
        color = _DOUBTFUL
    shapes: list[Any] = _outline(box)
    if shows_id:
        shapes.append(_name(box))
    return [
        RenderAnnotation(
            data=shape,
            thickness=1.0 if isinstance(shape, Text) else thickness,
            color=color,
            scene_tag=str(box.id),
        )
        for shape in shapes
    ]


def _outline(box: TimedBox) -> list[Any]:
    if box.quad is None:
        return [
            Rectangle(
                left=box.left,
                top=box.top,
                right=box.right,
                bottom=box.bottom,
                rotation=box.rotation,
                normalized=True,
            )
        ]
    corners = list(zip(box.quad[0::2], box.quad[1::2], strict=True))
    return [
        Line(x_start=x0, y_start=y0, x_end=x1, y_end=y1, normalized=True)
        for (x0, y0), (x1, y1) in pairwise([*corners, corners[0]])
    ]


def _name(box: TimedBox) -> Text:
    label = f" {box.label}" if box.label else ""
    is_plain = box.state is TrackState.TRACKED
    state = "" if is_plain else " " + box.state.name.lower().replace("_", " ")
    words = f"{box.id}{label}{state} {box.confidence:.0%}"
    left, top = box.left, box.top
    if box.quad is not None:
        left, top = min(box.quad[0::2]), min(box.quad[1::2])
    return Text(
        display_text=words,
        left=left,
        baseline=max(top - 0.01, 0.03),
        font_height=0.028,
        normalized=True,
    )
