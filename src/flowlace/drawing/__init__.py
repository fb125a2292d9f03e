"""Draws render data on pictures."""

from flowlace.drawing.annotations import draw_annotations

__all__ = ["draw_annotations"]
