"""Payload types: what travels between the nodes of a graph."""

from flowlace.formats.image import Image as Image
from flowlace.formats.image import ImageFormat as ImageFormat

__all__ = ["Image", "ImageFormat"]
