"""Points of a body, a hand or a face.

Source of names and numbers: MediaPipe `framework/formats/landmark.proto`.
"""

from dataclasses import dataclass

from flowlace.framework.options import option, proto_options


@proto_options("mediapipe.Landmark", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class Landmark:
    """One point, in whatever units the graph uses."""

    x: float | None = option(1)
    y: float | None = option(2)
    z: float | None = option(3)
    visibility: float | None = option(4)
    presence: float | None = option(5)


@proto_options("mediapipe.LandmarkList", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class LandmarkList:
    """Several points."""

    landmark: tuple[Landmark, ...] = option(1)
