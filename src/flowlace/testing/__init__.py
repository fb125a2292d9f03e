"""Public tools for testing calculators and graphs.

`run_calculator` runs one calculator on a list of packets, `SimulatedClock` gives sources and
runners a time that jumps, `at`, `packets` and `nothing_until` write packets shortly.
"""

from flowlace.testing.packets import at, nothing_until, packets
from flowlace.testing.run_calculator import CalculatorRun, run_calculator
from flowlace.testing.simulated_clock import SimulatedClock

__all__ = [
    "CalculatorRun",
    "SimulatedClock",
    "at",
    "nothing_until",
    "packets",
    "run_calculator",
]
