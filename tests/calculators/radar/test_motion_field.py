import numpy as np
import pytest

from flowlace.calculators.radar.motion_field import MotionFieldCalculator, MotionFieldOptions
from flowlace.formats.radar_grid import RadarGrid
from flowlace.framework.errors import FlowlaceError
from flowlace.framework.packet import Packet
from flowlace.testing.run_calculator import CalculatorRun, run_calculator
from tests.calculators.radar.made_grids import moving_grids


def run(histories: list[list[RadarGrid]], **options: object) -> CalculatorRun:
    packets = [Packet(one, one[-1].observed_us) for one in histories]
    made = MotionFieldOptions(**options)  # type: ignore[arg-type]
    return run_calculator(MotionFieldCalculator, made, histories=packets)


@pytest.mark.parametrize("method", ["dis", "lk"])
def test_motion_is_in_pixels_a_minute(method: str) -> None:
    (motion,) = run([moving_grids([0, 5, 10], 0.6)], method=method).payloads("motions")
    assert np.median(motion.pixels_a_minute[0]) == pytest.approx(0.6, abs=0.06)
    assert not motion.pixels_a_minute.flags.writeable


def test_gaps_do_not_change_the_speed() -> None:
    (motion,) = run([moving_grids([0, 3, 14], 0.6)]).payloads("motions")
    assert np.median(motion.pixels_a_minute[0]) == pytest.approx(0.6, abs=0.06)


def test_one_observation_tells_no_motion() -> None:
    done = run([moving_grids([0])])
    assert done.payloads("motions") == []
    assert done.counters["too_short"] == 1


def test_an_unknown_method_is_an_error_of_the_graph() -> None:
    with pytest.raises(FlowlaceError, match="method='fast' is not known"):
        run([], method="fast")
