"""MediaPipe's ways between processor and GPU memory; frames stay where they are here."""

from flowlace.formats.image import Image
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import NoOptions
from flowlace.framework.registry import register_calculator


class _HandOn(Calculator[NoOptions]):
    input_ports = (Port("frames", Image),)
    output_ports = (Port("frames", Image),)
    timestamp_offset = 0

    def process(self, packets: PacketSet) -> None:
        if packets["frames"]:
            self.outputs["frames"].send(packets["frames"])


@register_calculator
class GpuBufferToImageFrameCalculator(_HandOn):
    """Hands pictures on, so that MediaPipe's graphs for GPUs run: pictures are in memory here.

    Inputs:   frames (Image)
    Outputs:  frames (Image), the same
    """


@register_calculator
class ImageFrameToGpuBufferCalculator(_HandOn):
    """Hands pictures on, so that MediaPipe's graphs for GPUs run: pictures are in memory here.

    Inputs:   frames (Image)
    Outputs:  frames (Image), the same
    """
