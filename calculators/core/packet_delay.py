"""Lets packets count from a later time on."""

from dataclasses import dataclass
from typing import Any

from flowlace.calculators.core.headers import hand_on_headers
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port, SameAs
from flowlace.framework.options import option, proto_options
from flowlace.framework.registry import register_calculator
from flowlace.framework.timestamp import is_range_value


@proto_options("flowlace.PacketDelayCalculatorOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class PacketDelayOptions:
    """Options of `PacketDelayCalculator`."""

    delay_us: int = option(1, "int64")
    """Added to every timestamp; 0 hands packets on as they are."""


@register_calculator
class PacketDelayCalculator(Calculator[PacketDelayOptions]):
    """Adds a fixed time to timestamps, so that slow results join later frames.

    Inputs:   packets (any), any number of untagged streams
    Outputs:  packets: an output for each input, same types, at timestamp + `delay_us`; headers are
              handed on, packets at PRE_STREAM and POST_STREAM keep their timestamps

    A node that takes a slow branch and a fast stream in step waits for the slow one. With a delay
    of about the branch's working time it need not: the results of frame t are due at t + delay,
    and everything before is known at once to hold nothing. Unlike taking results whenever they are
    ready, this gives the same outputs in every run.

    Example:
        ```
        node {
          calculator: "PacketDelayCalculator"
          input_stream: "detections"
          output_stream: "delayed_detections"
          options { [flowlace.PacketDelayCalculatorOptions.ext] { delay_us: 100000 } }
        }
        ```
    """

    input_ports = (Port("packets", repeated=True),)
    output_ports = (Port("packets", SameAs("*"), repeated=True),)

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires an output for every input, and a delay that is none into the past."""
        if len(contract.inputs) != len(contract.outputs):
            raise ContractError(
                f"has {len(contract.inputs)} inputs and {len(contract.outputs)} outputs; "
                "each input needs one"
            )
        if contract.options.delay_us < 0:
            raise ContractError(
                f"delay_us is {contract.options.delay_us}, but results can't be due before their "
                "frame; give 0 or more"
            )

    def open(self) -> None:
        """Promises the delay, so that nobody waits for what can't come yet."""
        for output in self.outputs.values():
            output.set_offset(self.options.delay_us)
        hand_on_headers(self.input_headers, self.outputs)

    def process(self, packets: PacketSet) -> None:
        """Sends the packets of one time on."""
        delay_us = self.options.delay_us
        for key, output in self.outputs.items():
            packet: Any = packets[key]
            if packet:
                is_timed = is_range_value(packet.timestamp)
                output.send(packet.at(packet.timestamp + delay_us) if is_timed else packet)
