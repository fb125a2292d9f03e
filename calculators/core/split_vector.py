"""Cuts lists into ranges."""

from dataclasses import dataclass
from itertools import chain, pairwise

from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.registry import register_calculator, register_calculator_aliases


@proto_options("mediapipe.Range", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class Range:
    """The items from `begin` up to, not including, `end`."""

    begin: int = option(1)
    end: int = option(2)


@proto_options("mediapipe.SplitVectorCalculatorOptions", extension=259438222)
@dataclass(frozen=True, kw_only=True, slots=True)
class SplitVectorOptions:
    """Options of `SplitVectorCalculator`."""

    ranges: tuple[Range, ...] = option(1)
    """What each output gets, by index."""

    element_only: bool = option(2)
    """Whether outputs get the item itself; every range is one item then."""

    combine_outputs: bool = option(3)
    """Whether the only output gets all ranges, one after the other, as one list."""


@register_calculator
class SplitVectorCalculator(Calculator[SplitVectorOptions]):
    """Sends ranges of each list on streams of their own.

    Inputs:   items (list or tuple), at least as long as the ranges reach
    Outputs:  parts: one for each range, as `element_only` and `combine_outputs` say

    MediaPipe has one such class a type; here all its names are this calculator.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "SplitTensorVectorCalculator"
          input_stream: "tensors"
          output_stream: "landmark_tensor"
          output_stream: "presence_tensor"
          options { [mediapipe.SplitVectorCalculatorOptions.ext] {
            ranges { begin: 0 end: 1 }
            ranges { begin: 1 end: 2 }
          } }
        }
        ```
    """

    input_ports = (Port("items", list | tuple),)
    output_ports = (Port("parts", repeated=True),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires ranges that exist, one for each output."""
        options, outputs = contract.options, contract.outputs.values()
        for each in options.ranges:
            _check_range(each, options.element_only)
        if options.combine_outputs:
            _check_disjoint(options.ranges)
        wanted = 1 if options.combine_outputs else len(options.ranges)
        if len(outputs) != wanted:
            raise ContractError(f"has {len(outputs)} outputs, but the options give {wanted}")
        if options.combine_outputs or not options.element_only:
            for port in outputs:
                port.type = list | tuple

    def process(self, packets: PacketSet) -> None:
        """Sends the parts of one list."""
        packet = packets["items"]
        parts = self._parts(packet.payload)
        for part, output in zip(parts, self.outputs.tagged(""), strict=True):
            output.send(packet.with_payload(part))

    def _parts(self, items: list[object] | tuple[object, ...]) -> list[object]:
        ranges = self.options.ranges
        longest = max((each.end for each in ranges), default=0)
        if len(items) < longest:
            raise ValueError(f"a list of {len(items)} items came, but the ranges reach {longest}")
        if self.options.combine_outputs:
            return [list(chain.from_iterable(items[each.begin : each.end] for each in ranges))]
        if self.options.element_only:
            return [items[each.begin] for each in ranges]
        return [items[each.begin : each.end] for each in ranges]


def _check_range(each: Range, element_only: bool) -> None:
    if not 0 <= each.begin < each.end:
        raise ContractError(
            f"range {each.begin} to {each.end} holds no items; begin at 0 or later, end after that"
        )
    if element_only and each.end - each.begin != 1:
        raise ContractError(
            f"range {each.begin} to {each.end} is not one item, as element_only needs"
        )


def _check_disjoint(ranges: tuple[Range, ...]) -> None:
    for one, other in pairwise(sorted(ranges, key=lambda each: each.begin)):
        if other.begin < one.end:
            raise ContractError(
                f"ranges {one.begin} to {one.end} and {other.begin} to {other.end} overlap, which "
                "combine_outputs does not allow"
            )


register_calculator_aliases(
    SplitVectorCalculator,
    "MovableSplitGlBufferVectorCalculator",
    "SplitAffineMatrixVectorCalculator",
    "SplitClassificationListVectorCalculator",
    "SplitDetectionVectorCalculator",
    "SplitFloatVectorCalculator",
    "SplitImageVectorCalculator",
    "SplitLandmarkVectorCalculator",
    "SplitMatrixVectorCalculator",
    "SplitNormalizedLandmarkListVectorCalculator",
    "SplitNormalizedRectVectorCalculator",
    "SplitTensorVectorCalculator",
    "SplitTfLiteTensorVectorCalculator",
    "SplitUint64tVectorCalculator",
)
