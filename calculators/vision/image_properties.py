"""Tells the size of pictures."""

from flowlace.formats.image import Image
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator

_INPUTS = ("IMAGE", "IMAGE_CPU", "IMAGE_GPU")


@register_calculator
class ImagePropertiesCalculator(Calculator[NoOptions]):
    """Tells the size of pictures.

    Inputs:   IMAGE (Image), or IMAGE_CPU or IMAGE_GPU, which are the same here
    Outputs:  SIZE (tuple of width and height, pixels), in step

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "ImagePropertiesCalculator"
          input_stream: "IMAGE:camera_frames"
          output_stream: "SIZE:frame_sizes"
        }
        ```
    """

    input_ports = tuple(Port(tag, Image, optional=True) for tag in _INPUTS)
    output_ports = (Port("SIZE", tuple),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires one picture."""
        if len(contract.inputs) != 1:
            raise ContractError(f"connect exactly one of {', '.join(_INPUTS)}")

    def process(self, packets: PacketSet) -> None:
        """Tells one size."""
        (packet,) = packets.values()
        if packet:
            size = (packet.payload.width_px, packet.payload.height_px)
            self.outputs["SIZE"].send(Packet(size, packets.timestamp))
