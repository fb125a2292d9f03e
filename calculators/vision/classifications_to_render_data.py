"""Turns classes with scores into what is drawn: a list of labels with bars."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flowlace.formats.class_row import label_of
from flowlace.formats.classification import Classification, ClassificationList
from flowlace.formats.image import Image
from flowlace.formats.render_data import (
    Color,
    FilledRectangle,
    Rectangle,
    RenderAnnotation,
    RenderData,
    Text,
)
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator

WARMING_UP = "warming up"
_LETTER_PART = 24
"""Rows of the picture for a row of letters' height."""
_LEAST_LETTER_PX = 10
_WIDTH_LETTERS = 7
"""Length of a full bar in heights of letters."""
_WHITE, _BLACK, _TRACK = Color(r=255, g=255, b=255), Color(), Color(r=60, g=60, b=60)
_BEST, _OTHER, _UNSURE = Color(r=80, g=200, b=120), Color(r=90, g=150, b=230), Color(r=255, g=190)


@proto_options("flowlace.ClassificationsToRenderDataCalculatorOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class ClassificationsToRenderDataOptions:
    """Options of `ClassificationsToRenderDataCalculator`."""

    top_k: int = option(1, default=3)
    """Most classes drawn; 0 for all."""

    scene_class: str = option(2, default="CLASSIFICATION")
    """Names this layer; unique in a graph."""


@register_calculator
class ClassificationsToRenderDataCalculator(Calculator[ClassificationsToRenderDataOptions]):
    """Turns classes with scores into a list of labels with bars, in the upper left corner.

    Inputs:   IMAGE (Image): the picture to draw on, for its size
              CLASSIFICATIONS (ClassificationList), best first; the last that came is drawn
              WARMING_UP (bool), optional, in step with CLASSIFICATIONS: says so below the bars,
              which are amber meanwhile
    Outputs:  RENDER_DATA (RenderData), one for each picture

    Feed the output to AnnotationOverlayCalculator.

    Timestamps: as the pictures.

    Example:
        ```
        node {
          calculator: "ClassificationsToRenderDataCalculator"
          input_stream: "IMAGE:camera_frames"
          input_stream: "CLASSIFICATIONS:best_classes"
          input_stream: "WARMING_UP:warming_up"
          output_stream: "RENDER_DATA:class_render_data"
        }
        ```
    """

    input_ports = (
        Port("IMAGE", Image),
        Port("CLASSIFICATIONS", ClassificationList),
        Port("WARMING_UP", bool, optional=True),
    )
    output_ports = (Port("RENDER_DATA", RenderData),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires a number of classes."""
        if contract.options.top_k < 0:
            raise ContractError(f"top_k has to be at least 0, but is {contract.options.top_k}")

    def open(self) -> None:
        """Starts with nothing to draw."""
        self._classes: tuple[Classification, ...] = ()
        self._is_warming_up = False

    def process(self, packets: PacketSet) -> None:
        """Keeps classes, and draws those there are on a picture."""
        classes, warming_up = packets["CLASSIFICATIONS"], packets.get("WARMING_UP")
        if classes:
            self._classes = classes.payload.classification[: self.options.top_k or None]
        if warming_up:
            self._is_warming_up = warming_up.payload
        picture = packets["IMAGE"]
        if picture:
            drawn = tuple(self._annotations(picture.payload.height_px))
            data = RenderData(annotations=drawn, scene_class=self.options.scene_class)
            self.outputs["RENDER_DATA"].send(Packet(data, packets.timestamp))

    def _annotations(self, height_px: int) -> Iterator[RenderAnnotation]:
        letter = max(height_px / _LETTER_PART, _LEAST_LETTER_PX)
        for place, one in enumerate(self._classes):
            best = _UNSURE if self._is_warming_up else _BEST
            yield from _bar(one, 1.7 * place * letter, letter, _OTHER if place else best)
        if self._is_warming_up and self._classes:
            below = (1.7 * len(self._classes) + 1.2) * letter
            yield from _text(WARMING_UP, below, letter, _UNSURE)


def _bar(
    one: Classification, top: float, letter: float, color: Color
) -> Iterator[RenderAnnotation]:
    score = one.score or 0.0
    yield from _text(f"{label_of(one)} {score:.2f}", top + 1.2 * letter, letter, _WHITE)
    yield _filled(1.0, top, letter, _TRACK)
    yield _filled(min(max(score, 0.0), 1.0), top, letter, color)


def _filled(share: float, top: float, letter: float, color: Color) -> RenderAnnotation:
    rectangle = Rectangle(
        left=0.4 * letter,
        top=top + 1.4 * letter,
        right=(0.4 + share * _WIDTH_LETTERS) * letter,
        bottom=top + 1.6 * letter,
    )
    return _annotation(FilledRectangle(rectangle=rectangle, fill_color=color), 1.0, color)


def _text(text: str, baseline: float, letter: float, color: Color) -> Iterator[RenderAnnotation]:
    """Yields letters with a dark rim, which can be read on any picture."""
    thickness = max(letter / 14, 1.0)

    def at(dx: float, dy: float, color: Color) -> RenderAnnotation:
        made = Text(
            display_text=text, left=0.4 * letter + dx, baseline=baseline + dy, font_height=letter
        )
        return _annotation(made, thickness, color)

    # Shifted, because thicker letters are wider ones too, and would not lie below.
    for dx, dy in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
        yield at(dx * thickness, dy * thickness, _BLACK)
    yield at(0, 0, color)


def _annotation(shape: Any, thickness: float, color: Color) -> RenderAnnotation:
    return RenderAnnotation(data=shape, thickness=thickness, color=color, scene_tag="CLASS")
