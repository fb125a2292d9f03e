"""Turns the classes of a model into fewer ones."""

from dataclasses import dataclass

import numpy as np

from flowlace.formats.tensor import Tensor
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.inference.errors import ModelError


@proto_options("flowlace.GroupScoresCalculatorOptions.Group", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Classes that are one for the user."""

    member: tuple[int, ...] = option(1)
    """Numbers of the model's classes."""


@proto_options("flowlace.GroupScoresCalculatorOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class GroupScoresOptions:
    """Options of `GroupScoresCalculator`."""

    group: tuple[Group, ...] = option(1)
    """The new classes, in order; a class of the model may be in several, or in none."""


@register_calculator
class GroupScoresCalculator(Calculator[GroupScoresOptions]):
    """Turns the classes of a model into fewer ones: each has the score of its best member.

    Inputs:   SCORES (list of one Tensor)
    Outputs:  GROUP_SCORES (list of one Tensor, float32 `[1, group]`), in step

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "GroupScoresCalculator"
          input_stream: "SCORES:scores"
          output_stream: "GROUP_SCORES:group_scores"
          options {
            [flowlace.GroupScoresCalculatorOptions.ext] {
              group { member: [69, 70, 71] }
              group { member: 132 }
            }
          }
        }
        ```
    """

    input_ports = (Port("SCORES", list[Tensor]),)
    output_ports = (Port("GROUP_SCORES", list[Tensor]),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires groups with members."""
        groups = contract.options.group
        if not groups or not all(one.member for one in groups):
            raise ContractError("needs one group or more, each with one member or more")
        if any(number < 0 for one in groups for number in one.member):
            raise ContractError("members are numbers of classes, from 0 on")

    def open(self) -> None:
        """Lays the members out one after another."""
        members = [np.array(one.member) for one in self.options.group]
        self._members = np.concatenate(members)
        self._starts = np.cumsum([0, *map(len, members[:-1])])

    def process(self, packets: PacketSet) -> None:
        """Groups the scores of one run of the model."""
        packet = packets["SCORES"]
        if not packet:
            return
        scores = packet.payload[0].floats.reshape(-1)
        if self._members.max() >= len(scores):
            raise ModelError(
                f"node {self.node_name!r}: class {self._members.max()} is in a group, but the "
                f"model has {len(scores)} classes"
            )
        grouped = np.maximum.reduceat(scores[self._members], self._starts)
        tensor = Tensor(grouped[None], name="group_scores")
        self.outputs["GROUP_SCORES"].send(Packet([tensor], packet.timestamp))
