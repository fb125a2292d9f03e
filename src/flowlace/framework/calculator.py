"""The calculator: one node's code, and what it is given to work with."""

from enum import Enum
from typing import Any, ClassVar, Final, Generic, TypeVar, get_args, get_origin

from flowlace.framework.contract import Contract, Port, PortMap, ServiceRequest
from flowlace.framework.packet import Packet

OptionsT = TypeVar("OptionsT")


class Flow(Enum):
    """What `process` may return instead of None."""

    STOP = "stop"
    """From a source: nothing more will come. From any other node: stop the sources, finish well."""


STOP: Final = Flow.STOP


class PacketSet(PortMap[Packet[Any]]):
    """The packets of one timestamp, by port; a port without a packet holds an empty one.

    Valid during the call it is given to: keep the packets, not the set.
    """

    __slots__ = ("timestamp",)

    timestamp: int
    """The input timestamp of this call."""


class OutputPort:
    """Where a calculator sends the packets of one output stream.

    Packets leave when the call ends, all outputs of a call together.
    """

    __slots__ = ()

    def send(self, packet: Packet[Any]) -> None:
        """Sends a packet; an empty one at t only promises that nothing comes up to t."""
        raise NotImplementedError

    def set_next_timestamp_bound(self, timestamp: int) -> None:
        """Promises that no packet before `timestamp` will come."""
        raise NotImplementedError

    def close(self) -> None:
        """Ends the stream; nothing may be sent afterwards."""
        raise NotImplementedError

    def set_header(self, header: Packet[Any]) -> None:
        """Sets the stream's header, seen by consumers before their `open`; only in `open`."""
        raise NotImplementedError

    def set_offset(self, offset_us: int) -> None:
        """Promises outputs at input time + offset; only in `open`."""
        raise NotImplementedError

    @property
    def is_closed(self) -> bool:
        """Whether the stream has ended."""
        raise NotImplementedError


class SideOutputPort:
    """Where a calculator sets one output side packet, once."""

    __slots__ = ()

    def set(self, value: Any) -> None:
        """Sets the side packet's value; a second call is an error."""
        raise NotImplementedError


class Calculator(Generic[OptionsT]):
    """One step of a graph: `open` once, `process` for every input set, `close` once.

    A subclass declares its ports, is registered under its name by `@register_calculator`, and
    has no clocks, threads or globals: time arrives with packets. Its options are a frozen
    dataclass made by `flowlace.framework.options`.

    Example:
        ```python
        @register_calculator
        class DoubleCalculator(Calculator[NoOptions]):
            input_ports = (Port("numbers", int),)
            output_ports = (Port("doubled", int),)
            timestamp_offset = 0

            def process(self, packets: PacketSet) -> None:
                number = packets["numbers"]
                self.outputs["doubled"].send(number.with_payload(2 * number.payload))
        ```
    """

    input_ports: ClassVar[tuple[Port, ...]] = ()
    output_ports: ClassVar[tuple[Port, ...]] = ()
    side_input_ports: ClassVar[tuple[Port, ...]] = ()
    side_output_ports: ClassVar[tuple[Port, ...]] = ()

    timestamp_offset: ClassVar[int | None] = None
    """Outputs come at input time plus this, so a missing packet is known to be missing."""

    process_timestamp_bounds: ClassVar[bool] = False
    """Whether `process` also runs for settled timestamps without packets."""

    input_policy: ClassVar[str | None] = None
    """Name of the preferred input policy, e.g. `ImmediateInputStreamHandler`."""

    services: ClassVar[tuple[ServiceRequest, ...]] = ()

    options_class: ClassVar[Any] = None
    """The options dataclass: the argument of `Calculator[...]`."""

    # What the engine sets before `open`.
    options: OptionsT
    node_name: str
    outputs: PortMap[OutputPort]
    side_packets: PortMap[Any]
    """Values of the input side packets, by port."""
    side_outputs: PortMap[SideOutputPort]
    input_headers: PortMap[Packet[Any]]
    """Headers of the input streams; empty packets where there is none."""
    service: dict[str, Any]
    """Values of the graph services this calculator asked for; absent optional ones are missing."""
    graph_error: BaseException | None = None
    """Readable in `close`: why the graph ends early, or None."""
    counters: dict[str, int]
    """What `count` has counted; read by the summary at the end of a run."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for base in getattr(cls, "__orig_bases__", ()):
            origin = get_origin(base)
            if isinstance(origin, type) and issubclass(origin, Calculator):
                argument = get_args(base)[0]
                cls.options_class = None if isinstance(argument, TypeVar) else argument

    def count(self, event: str, by: int = 1) -> None:
        """Counts something worth telling at the end of the run, above all dropped packets."""
        self.counters[event] = self.counters.get(event, 0) + by

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Refines the contract of one node once its streams and options are known.

        Raises:
            ContractError: the node is connected or configured in a way this can't work with.
        """

    def open(self) -> None:
        """Prepares for the run; side packets and headers are there."""

    def process(self, packets: PacketSet) -> Flow | None:
        """Handles one input set. Sources, which have no inputs, are called until `STOP`."""
        raise NotImplementedError(f"{type(self).__name__} has no process")

    def close(self) -> None:
        """Ends the run; packets may still be sent."""
