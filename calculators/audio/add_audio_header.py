"""Gives a stream of sound the header it lacks."""

from dataclasses import dataclass
from typing import Final

from flowlace.formats.time_series import Matrix, TimeSeriesHeader
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator

_SAMPLE_RATE: Final = 48_000.0
_CHANNELS: Final = 1


@proto_options("mediapipe.AddAudioHeaderCalculatorOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class AddAudioHeaderOptions:
    """Options of `AddAudioHeaderCalculator`."""

    sample_rate: float = option(1, "double")
    """Samples a second; 0 for 48 000."""

    num_channels: int = option(2)
    """Rows of each packet; 0 for one."""


@register_calculator
class AddAudioHeaderCalculator(Calculator[AddAudioHeaderOptions]):
    """Gives a stream of sound the header it lacks.

    Inputs:   sound (Matrix)
    Outputs:  sound_with_header, the same packets

    For sound that an application adds packet by packet; sources set the header themselves.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "AddAudioHeaderCalculator"
          input_stream: "microphone"
          output_stream: "sounds"
          node_options {
            [type.googleapis.com/mediapipe.AddAudioHeaderCalculatorOptions] { sample_rate: 16000 }
          }
        }
        ```
    """

    input_ports = (Port("sound", Matrix),)
    output_ports = (Port("sound_with_header", Matrix),)
    timestamp_offset = 0

    def open(self) -> None:
        """Sets the header."""
        header = TimeSeriesHeader(
            sample_rate=self.options.sample_rate or _SAMPLE_RATE,
            num_channels=self.options.num_channels or _CHANNELS,
        )
        self.outputs["sound_with_header"].set_header(Packet(header))

    def process(self, packets: PacketSet) -> None:
        """Passes one packet on."""
        if packets["sound"]:
            self.outputs["sound_with_header"].send(packets["sound"])
