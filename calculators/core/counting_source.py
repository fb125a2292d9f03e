"""Counts: a source for tests and examples."""

from flowlace.framework.calculator import STOP, Calculator, Flow, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator

_LIMITS = ("MAX_COUNT", "ERROR_COUNT")
_LOWEST = {"MAX_COUNT": 0, "ERROR_COUNT": 0, "BATCH_SIZE": 1, "INCREMENT": 1}


@register_calculator
class CountingSourceCalculator(Calculator[NoOptions]):
    """Sends consecutive numbers at the timestamps they say.

    Outputs:  numbers (int): INITIAL_VALUE, INITIAL_VALUE + INCREMENT, …
    Side packets (int), of which MAX_COUNT or ERROR_COUNT has to be there:
              MAX_COUNT: calls that send; ERROR_COUNT: calls before one fails on purpose;
              BATCH_SIZE (1): numbers a call; INITIAL_VALUE (0); INCREMENT (1);
              ERROR_ON_OPEN (bool): whether `open` fails on purpose

    Example:
        ```
        node {
          calculator: "CountingSourceCalculator"
          input_side_packet: "MAX_COUNT:count"
          output_stream: "numbers"
        }
        ```
    """

    output_ports = (Port("numbers", int),)
    side_input_ports = (
        Port("MAX_COUNT", int, optional=True),
        Port("ERROR_COUNT", int, optional=True),
        Port("BATCH_SIZE", int, optional=True),
        Port("INITIAL_VALUE", int, optional=True),
        Port("INCREMENT", int, optional=True),
        Port("ERROR_ON_OPEN", bool, optional=True),
    )

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires an end."""
        if not any(tag in contract.side_inputs for tag in _LIMITS):
            raise ContractError("counts for ever; connect MAX_COUNT or ERROR_COUNT")

    def open(self) -> None:
        """Takes the side packets."""
        if self.side_packets.get("ERROR_ON_OPEN", False):
            raise RuntimeError("ERROR_ON_OPEN asks for this error")
        for tag, lowest in _LOWEST.items():
            value = self.side_packets.get(tag, lowest)
            if value < lowest:
                raise ValueError(f"{tag} is {value}, but has to be {lowest} or more")
        self._batches = 0
        self._next: int = self.side_packets.get("INITIAL_VALUE", 0)

    def process(self, packets: PacketSet) -> Flow | None:  # noqa: ARG002 - a source gets none
        """Sends one batch."""
        if self._batches == self.side_packets.get("ERROR_COUNT"):
            raise RuntimeError(f"ERROR_COUNT asks for this error after {self._batches} batches")
        if self._batches == self.side_packets.get("MAX_COUNT"):
            return STOP
        for _ in range(self.side_packets.get("BATCH_SIZE", 1)):
            self.outputs["numbers"].send(Packet(self._next, self._next))
            self._next += self.side_packets.get("INCREMENT", 1)
        self._batches += 1
        return None
