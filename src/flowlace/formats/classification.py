"""What something was put into: classes with scores.

Source of names and numbers: MediaPipe `framework/formats/classification.proto`.
"""

from dataclasses import dataclass

from flowlace.framework.options import option, proto_options


@proto_options("mediapipe.Classification", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class Classification:
    """One class something was put into."""

    index: int | None = option(1)
    score: float | None = option(2)
    label: str | None = option(3)
    display_name: str | None = option(4)


@proto_options("mediapipe.ClassificationList", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class ClassificationList:
    """Several classes."""

    classification: tuple[Classification, ...] = option(1)
