"""Makes side packets of values written in the graph."""

from dataclasses import dataclass
from typing import Any

from flowlace.formats.classification import ClassificationList
from flowlace.formats.landmark import LandmarkList
from flowlace.framework.calculator import STOP, Calculator, Flow, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, option_fields, proto_options
from flowlace.framework.registry import register_calculator


@proto_options("mediapipe.ConstantSidePacketCalculatorOptions.StringVector", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class StringVector:
    """Several strings; the side packet is a list of them."""

    string_value: tuple[str, ...] = option(1)


@proto_options("mediapipe.ConstantSidePacketCalculatorOptions.ConstantSidePacket", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class ConstantSidePacket:
    """One value: exactly one of the fields."""

    int_value: int | None = option(1, oneof="value")
    uint64_value: int | None = option(5, "uint64", oneof="value")
    int64_value: int | None = option(11, "int64", oneof="value")
    float_value: float | None = option(2, oneof="value")
    double_value: float | None = option(9, "double", oneof="value")
    bool_value: bool | None = option(3, oneof="value")
    string_value: str | None = option(4, oneof="value")
    classification_list_value: ClassificationList | None = option(6, oneof="value")
    landmark_list_value: LandmarkList | None = option(7, oneof="value")
    string_vector_value: StringVector | None = option(13, oneof="value")

    def value(self) -> Any:
        """Returns what is given; None where nothing is."""
        values = [getattr(self, field.name) for field in option_fields(type(self))]
        given = next((value for value in values if value is not None), None)
        return list(given.string_value) if isinstance(given, StringVector) else given


@proto_options("mediapipe.ConstantSidePacketCalculatorOptions", extension=291214597)
@dataclass(frozen=True, kw_only=True, slots=True)
class ConstantSidePacketOptions:
    """Options of `ConstantSidePacketCalculator`."""

    packet: tuple[ConstantSidePacket, ...] = option(1)
    """The values, by index of PACKET."""


@register_calculator
class ConstantSidePacketCalculator(Calculator[ConstantSidePacketOptions]):
    """Makes side packets of the values in its options.

    Side packets made: PACKET, one or more: int, float, bool, str, list of str, or the message

    Example:
        ```
        node {
          calculator: "ConstantSidePacketCalculator"
          output_side_packet: "PACKET:0:max_faces"
          output_side_packet: "PACKET:1:with_iris"
          options { [mediapipe.ConstantSidePacketCalculatorOptions.ext] {
            packet { int_value: 2 }
            packet { bool_value: true }
          } }
        }
        ```
    """

    side_output_ports = (Port("PACKET", repeated=True),)

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires a value for every side packet."""
        values = [each.value() for each in contract.options.packet]
        ports = list(contract.side_outputs.values())
        if len(values) != len(ports):
            raise ContractError(
                f"makes {len(ports)} side packets, but the options give {len(values)}"
            )
        for port, value in zip(ports, values, strict=True):
            if value is None:
                raise ContractError(f"{port.label} has no value in the options; add int_value: …")
            port.type = type(value)

    def open(self) -> None:
        """Makes the side packets."""
        made = self.side_outputs.tagged("PACKET")
        for side_output, each in zip(made, self.options.packet, strict=True):
            side_output.set(each.value())

    def process(self, packets: PacketSet) -> Flow | None:  # noqa: ARG002 - a source gets none
        """Ends at once: all is done in `open`."""
        return STOP
