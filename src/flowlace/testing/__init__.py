"""Public tools for testing calculators and graphs.

`run_calculator` runs one calculator on a list of packets, `replay_graph` a graph on a recording,
`GoldenResult` compares what came out with what was kept. `SimulatedClock` gives sources and runners
a time that jumps, `at`, `packets` and `nothing_until` write packets shortly. The marker `replay`
and the fixtures `replayed` and `golden` are there in every pytest (docs/golden_tests.md).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from flowlace.testing.packets import at, nothing_until, packets
from flowlace.testing.run_calculator import CalculatorRun, run_calculator
from flowlace.testing.simulated_clock import SimulatedClock

if TYPE_CHECKING:
    from flowlace.testing.golden_result import GoldenMismatch, GoldenResult
    from flowlace.testing.replayed import Replayed, replay_graph

__all__ = [
    "CalculatorRun",
    "GoldenMismatch",
    "GoldenResult",
    "Replayed",
    "SimulatedClock",
    "at",
    "nothing_until",
    "packets",
    "replay_graph",
    "run_calculator",
]

_HOMES = {
    "GoldenMismatch": "golden_result",
    "GoldenResult": "golden_result",
    "Replayed": "replayed",
    "replay_graph": "replayed",
}


def __getattr__(name: str) -> Any:
    # Looked up when first used: who tests one calculator needs no sources, codecs and pictures.
    if name in _HOMES:
        return getattr(import_module(f"flowlace.testing.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'flowlace.testing' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
