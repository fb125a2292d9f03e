"""Calculators and options the tests of graph files and validation use; none of them runs."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from flowlace.framework.calculator import Calculator
from flowlace.framework.config_load import load_graph_config
from flowlace.framework.contract import Contract, ContractError, Port, SameAs
from flowlace.framework.errors import GraphConfigError, Problem
from flowlace.framework.options import NoOptions, option, proto_options
from flowlace.framework.registry import register_calculator


class SampleMode(IntEnum):
    SLOW = 0
    FAST = 3


@proto_options("sample.SampleOptions.Window", extension=0)
@dataclass(frozen=True, kw_only=True, slots=True)
class SampleWindow:
    size: int = option(1, default=4)
    taper: float = option(2)


@proto_options("sample.SampleOptions", extension=400000001)
@dataclass(frozen=True, kw_only=True, slots=True)
class SampleOptions:
    limit: int = option(1, default=10)
    """How many at most."""

    period_us: int = option(2, "int64")
    rate: float = option(3, default=0.5)
    exact: float = option(4, "double")
    is_on: bool = option(5)
    label: str = option(6, default="none")
    blob: bytes = option(7)
    mode: SampleMode = option(8)
    maximum: int | None = option(9)
    weights: tuple[float, ...] = option(10, packed=True)
    window: SampleWindow | None = option(11)
    windows: tuple[SampleWindow, ...] = option(12)
    names: tuple[str, ...] = option(13)

    def __post_init__(self) -> None:
        if self.limit < 0:
            raise ValueError(f"limit is {self.limit}, but can't be below 0")


@dataclass(frozen=True, kw_only=True, slots=True)
class PlainOptions:
    count: int = 2
    label: str = "plain"


@proto_options("sample.ThresholdSubgraphOptions", extension=400000002)
@dataclass(frozen=True, kw_only=True, slots=True)
class ThresholdSubgraphOptions:
    limit: int | None = option(1)
    window: SampleWindow | None = option(2)
    weights: tuple[float, ...] = option(3)


@register_calculator
class SampleCalculator(Calculator[SampleOptions]):
    input_ports = (
        Port("frames"),
        Port("FINISHED", optional=True),
        Port("EXTRA", int, optional=True, repeated=True),
    )
    output_ports = (Port("frames", SameAs("frames")), Port("COUNT", int, optional=True))
    side_input_ports = (Port("LIMIT", int, optional=True),)


@register_calculator
class SamplePassCalculator(Calculator[NoOptions]):
    input_ports = (Port("*"),)
    output_ports = (Port("*", SameAs("*")),)
    side_input_ports = (Port("*"),)
    side_output_ports = (Port("*", SameAs("*")),)
    timestamp_offset = 0


@register_calculator
class SampleIntSource(Calculator[PlainOptions]):
    output_ports = (Port("numbers", int),)


@register_calculator
class SampleTextSink(Calculator[NoOptions]):
    input_ports = (Port("TEXT", str),)
    input_policy = "ImmediateInputStreamHandler"


@register_calculator
class SampleNumberSink(Calculator[NoOptions]):
    input_ports = (Port("NUMBER", int | float),)


@register_calculator
class SamplePickyCalculator(Calculator[NoOptions]):
    input_ports = (Port("*"),)

    @classmethod
    def configure(cls, contract: Contract) -> None:
        if len(contract.inputs) % 2:
            raise ContractError(f"needs an even number of inputs, but has {len(contract.inputs)}")


@register_calculator
class SampleSideSource(Calculator[NoOptions]):
    side_output_ports = (Port("VALUE", int),)


def graph(*nodes: str, head: str = "") -> str:
    return "\n".join([head, *(f"node {{ {node} }}" for node in nodes)])


def messages(problems: Any) -> list[str]:
    return [str(problem) for problem in problems]


def reading_problems(source: str | bytes) -> tuple[Problem, ...]:
    try:
        load_graph_config(source)
    except GraphConfigError as error:
        return error.problems
    return ()
