"""Lets packets through, or not."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from flowlace.calculators.core.headers import hand_on_headers
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port, SameAs
from flowlace.framework.options import option, proto_options
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator

_CONTROLS = ("ALLOW", "DISALLOW")


class GateState(IntEnum):
    """What a gate is known to do before the first input set."""

    UNSPECIFIED = 0
    """The same as GATE_UNINITIALIZED."""
    GATE_UNINITIALIZED = 1
    """Nothing: the first decision is no change of state."""
    GATE_ALLOW = 2
    GATE_DISALLOW = 3


@proto_options("mediapipe.GateCalculatorOptions", extension=261754847)
@dataclass(frozen=True, kw_only=True, slots=True)
class GateOptions:
    """Options of `GateCalculator`."""

    empty_packets_as_allow: bool = option(1)
    """Whether packets pass at times without a packet on ALLOW or DISALLOW."""

    allow: bool = option(2)
    """Whether packets pass where neither ALLOW nor DISALLOW is connected."""

    initial_gate_state: GateState = option(3, default=GateState.GATE_UNINITIALIZED)
    """What the first decision is compared with for STATE_CHANGE."""


@register_calculator
class GateCalculator(Calculator[GateOptions]):
    """Hands packets on while it is told to.

    Inputs:   packets (any), any number of untagged streams;
              ALLOW or DISALLOW (bool), optional: the decision for the same timestamp
    Outputs:  packets: an output for each input, same type and timestamps;
              STATE_CHANGE (bool), optional: whether packets pass from now on, when that changes
    Side packets: ALLOW or DISALLOW (bool) instead of the stream: one decision for the whole run

    A decision holds for its own timestamp only; where the control stream has no packet,
    `empty_packets_as_allow` decides. Outputs of a gate that a side packet has shut are closed at
    the first input, so nobody waits for them.

    Timestamps: as the input; a packet held back is known to be missing at once.

    Example:
        ```
        node {
          calculator: "GateCalculator"
          input_stream: "frames"
          input_stream: "DISALLOW:has_boxes"
          output_stream: "frames_to_detect"
          options { [mediapipe.GateCalculatorOptions.ext] { empty_packets_as_allow: true } }
        }
        ```
    """

    input_ports = (
        Port("packets", optional=True, repeated=True),
        Port("ALLOW", bool, optional=True),
        Port("DISALLOW", bool, optional=True),
    )
    output_ports = (
        Port("packets", SameAs("*"), optional=True, repeated=True),
        Port("STATE_CHANGE", bool, optional=True),
    )
    side_input_ports = (
        Port("ALLOW", bool, optional=True),
        Port("DISALLOW", bool, optional=True),
    )
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires one control at most, and an output for every input."""
        streams = [tag for tag in _CONTROLS if tag in contract.inputs]
        sides = [tag for tag in _CONTROLS if tag in contract.side_inputs]
        if len(streams) + len(sides) > 1:
            listing = ", ".join([*streams, *(f"side packet {tag}" for tag in sides)])
            raise ContractError(f"is controlled by {listing}; keep one")
        given, wanted = len(contract.inputs.untagged), len(contract.outputs.untagged)
        if given != wanted:
            raise ContractError(f"has {given} streams to gate and {wanted} outputs for them")

    def open(self) -> None:
        """Finds out who decides, and hands headers on."""
        state = self.options.initial_gate_state
        is_known = state in (GateState.GATE_ALLOW, GateState.GATE_DISALLOW)
        self._was_allowed = state is GateState.GATE_ALLOW if is_known else None
        self._fixed: bool | None = None
        self._is_permanent = any(tag in self.side_packets for tag in _CONTROLS)
        if "ALLOW" in self.side_packets:
            self._fixed = self.side_packets["ALLOW"]
        elif "DISALLOW" in self.side_packets:
            self._fixed = not self.side_packets["DISALLOW"]
        elif not any(tag in self.input_headers for tag in _CONTROLS):
            self._fixed = self.options.allow
        hand_on_headers(self.input_headers, self.outputs)

    def process(self, packets: PacketSet) -> None:
        """Decides for one timestamp."""
        is_allowed = self._decide(packets)
        self._tell_of_change(is_allowed, packets.timestamp)
        for output, packet in zip(self.outputs.tagged(""), packets.tagged(""), strict=True):
            if is_allowed and packet:
                output.send(packet)
            elif not is_allowed and self._is_permanent:
                output.close()

    def _decide(self, packets: PacketSet) -> bool:
        if self._fixed is not None:
            return self._fixed
        allow: Any = packets.get("ALLOW")
        disallow: Any = packets.get("DISALLOW")
        if allow:
            return bool(allow.payload)
        if disallow:
            return not disallow.payload
        return self.options.empty_packets_as_allow

    def _tell_of_change(self, is_allowed: bool, timestamp: int) -> None:
        has_changed = self._was_allowed not in (None, is_allowed)
        self._was_allowed = is_allowed
        if has_changed and "STATE_CHANGE" in self.outputs:
            self.outputs["STATE_CHANGE"].send(Packet(is_allowed, timestamp))
