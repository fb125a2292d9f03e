"""Takes the packets of a stream of matrices as one stretch of time after another.

What comes out does not depend on how the input was cut into packets. Where time is missing the
calculator finishes what it has and starts anew; columns that were there already are dropped.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.audio.sample_clock import SampleClock
from flowlace.formats.time_series import LOUDEST_SAMPLE, Matrix, are_samples
from flowlace.framework.calculator import Calculator

GAPS: Final = "gaps"
REPEATED_SAMPLES: Final = "repeated_samples"
NON_FINITE_SAMPLES: Final = "non_finite_samples"


def continued(
    calculator: Calculator[Any],
    clock: SampleClock,
    values: NDArray[Any],
    timestamp: int,
    finish: Callable[[], None],
) -> NDArray[Any]:
    """Returns the columns of a packet that follow those before it.

    Args:
        calculator: counts gaps and repeated samples.
        clock: knows when the next column is due; starts anew after a gap.
        values: `[row, column]` of the packet.
        timestamp: of the packet.
        finish: called at a gap, with the clock still on the time before it; ends that stretch.
    """
    if clock.anchor_us is None:
        clock.start(timestamp)
    elif clock.is_gap(timestamp):
        finish()
        clock.start(timestamp)
        calculator.count(GAPS)
    elif repeated := clock.overlap(timestamp):
        calculator.count(REPEATED_SAMPLES, min(repeated, values.shape[1]))
        return values[:, repeated:]
    return values


def finite_samples(calculator: Calculator[Any], matrix: Matrix) -> NDArray[Any]:
    """Returns the values with silence for NaN, infinity and absurd values, which are counted."""
    values = matrix.values
    # One pass and one number where all is well: no value is above the root of the sum of squares.
    with np.errstate(over="ignore"):
        if np.vdot(values, values).real <= LOUDEST_SAMPLE**2:
            return values
    is_finite = are_samples(values)
    if is_finite.all():
        return values
    calculator.count(NON_FINITE_SAMPLES, int(np.count_nonzero(~is_finite)))
    return np.where(is_finite, values, values.dtype.type(0))
