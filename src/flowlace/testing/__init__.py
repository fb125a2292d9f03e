"""Public tools for testing calculators and graphs.

`run_calculator` runs one calculator on a list of packets, `replay_graph` a graph on a recording,
`GoldenResult` compares what came out with what was kept. `SimulatedClock` gives sources and runners
a time that jumps, `at`, `packets` and `nothing_until` write packets shortly. The marker `replay`
and the fixtures `replayed` and `golden` are there in every pytest (docs/golden_tests.md).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowlace.testing.golden_result import GoldenMismatch, GoldenResult
    from flowlace.testing.packets import at, nothing_until, packets
    from flowlace.testing.replay_graph import Replayed, replay_graph
    from flowlace.testing.run_calculator import CalculatorRun, run_calculator
    from flowlace.testing.simulated_clock import SimulatedClock

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
    "golden_result": ("GoldenMismatch", "GoldenResult"),
    "packets": ("at", "nothing_until", "packets"),
    "replay_graph": ("Replayed", "replay_graph"),
    "run_calculator": ("CalculatorRun", "run_calculator"),
    "simulated_clock": ("SimulatedClock",),
}


def __getattr__(name: str) -> Any:
    # Looked up when first used: pytest imports this package in projects that never use it.
    for module, names in _HOMES.items():
        if name in names:
            found = getattr(import_module(f"flowlace.testing.{module}"), name)
            globals()[name] = found  # `packets` is a module too, and would hide the function
            return found
    raise AttributeError(f"module 'flowlace.testing' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
