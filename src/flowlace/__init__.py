"""Calculator graphs for live video, audio and radar."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowlace.formats.image import Image, ImageFormat
    from flowlace.framework.builder import GraphBuilder
    from flowlace.framework.calculator import STOP, Calculator, PacketSet
    from flowlace.framework.contract import Port, SameAs
    from flowlace.framework.errors import FlowlaceError
    from flowlace.framework.graph import AddMode, CalculatorGraph
    from flowlace.framework.options import NoOptions, option, proto_options
    from flowlace.framework.packet import Packet
    from flowlace.framework.registry import register_calculator
    from flowlace.nowcasting.nowcast import nowcast
    from flowlace.runner.track import track

__all__ = [
    "STOP",
    "AddMode",
    "Calculator",
    "CalculatorGraph",
    "FlowlaceError",
    "GraphBuilder",
    "Image",
    "ImageFormat",
    "NoOptions",
    "Packet",
    "PacketSet",
    "Port",
    "SameAs",
    "nowcast",
    "option",
    "proto_options",
    "register_calculator",
    "track",
]

_HOMES = {
    "formats.image": ("Image", "ImageFormat"),
    "framework.builder": ("GraphBuilder",),
    "framework.calculator": ("STOP", "Calculator", "PacketSet"),
    "framework.contract": ("Port", "SameAs"),
    "framework.errors": ("FlowlaceError",),
    "framework.graph": ("AddMode", "CalculatorGraph"),
    "framework.options": ("NoOptions", "option", "proto_options"),
    "framework.packet": ("Packet",),
    "framework.registry": ("register_calculator",),
    "nowcasting.nowcast": ("nowcast",),
    "runner.track": ("track",),
}


def __getattr__(name: str) -> Any:
    # Looked up when first used: `import flowlace.framework` must not load OpenCV and FFmpeg.
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"flowlace.{module}"), name)
    raise AttributeError(f"module 'flowlace' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
