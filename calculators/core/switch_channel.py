"""Which channel of a `SwitchContainer` works: what its demux and its mux have in common."""

import re
from typing import Any

from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port, SameAs
from flowlace.framework.switch_container import SwitchContainerOptions

CONTROL_PORTS = (Port("SELECT", int, optional=True), Port("ENABLE", bool, optional=True))
_CHANNEL_TAG = re.compile(r"C(\d+)__(.*)")


def channel_of(tag: str) -> tuple[int, str]:
    """Returns the channel and the container's own tag of `C1__VIDEO`.

    Raises:
        ContractError: the tag is none of a channel.
    """
    match = _CHANNEL_TAG.fullmatch(tag)
    if match is None:
        raise ContractError(f"{tag or 'an untagged port'} belongs to no channel; write C0__{tag}")
    return int(match[1]), match[2]


class SwitchChannel(Calculator[SwitchContainerOptions]):
    """Keeps the number of the channel that works: option, side packet, then stream."""

    channel: int = 0

    @classmethod
    def tie_types(cls, contract: Contract, *, channels: str, plain: str) -> None:
        """Gives a port of the container and its ports in all channels one type.

        Args:
            contract: the node's contract.
            channels: which of its port maps has tags like `C0__VIDEO`.
            plain: which has tags like `VIDEO`.
        """
        for port in getattr(contract, channels).values():
            if port.tag in ("SELECT", "ENABLE"):
                continue
            _, tag = channel_of(port.tag)
            if (tag, port.index) not in getattr(contract, plain):
                raise ContractError(f"{port.label} has no counterpart {tag}:{port.index}")
            port.type = SameAs(f"{tag}:{port.index}")

    def read_start(self) -> None:
        """Takes the channel from the options and side packets, as `open` has to."""
        if self.options.enable is not None:
            self.channel = int(self.options.enable)
        if self.options.select is not None:
            self.channel = self.options.select
        enable, select = self.side_packets.get("ENABLE"), self.side_packets.get("SELECT")
        if enable is not None:
            self.channel = int(enable)
        if select is not None:
            self.channel = int(select)

    def read_control(self, packets: PacketSet) -> None:
        """Takes the channel from the control streams, where they hold a packet."""
        for tag in ("ENABLE", "SELECT"):
            packet: Any = packets.get(tag)
            if packet:
                self.channel = int(packet.payload)
