from dataclasses import replace

import numpy as np
import pytest

from flowlace.calculators.radar.nowcast import NowcastCalculator, NowcastOptions
from flowlace.formats.nowcast import Nowcast, RainMotion
from flowlace.formats.radar_grid import RadarGrid
from flowlace.framework.errors import FlowlaceError
from flowlace.framework.packet import Packet
from flowlace.nowcasting.nowcast import nowcast
from flowlace.testing.run_calculator import CalculatorRun, run_calculator
from tests.calculators.radar.made_grids import moving_grids


def run(history: list[RadarGrid], **options: object) -> tuple[Nowcast, CalculatorRun]:
    made = NowcastOptions(**options)  # type: ignore[arg-type]
    packet = Packet(history, history[-1].observed_us)
    done = run_calculator(NowcastCalculator, made, HISTORY=[packet])
    return done.payloads("NOWCAST")[0], done


@pytest.mark.parametrize("method", ["persistence", "extrapolation", "sprog", "unet"])
def test_it_is_the_nowcast_of_the_library(method: str) -> None:
    history = moving_grids([0, 5, 10, 15])
    made, _ = run(history, method=method, lead_minutes=(10.0, 30.0), threshold_mm_h=(1.0,))
    frames = np.stack([one.rain_rate_mm_h for one in history])
    assert made.method == method
    np.testing.assert_array_equal(made.rain_mm_h, nowcast(frames, 5, [10, 30], method))
    assert made.probability is not None
    np.testing.assert_array_equal(made.probability, nowcast(frames, 5, [10, 30], method, [1.0]))


def test_without_thresholds_there_is_no_probability() -> None:
    made, _ = run(moving_grids([0, 5]))
    assert made.probability is None
    assert made.leads_minutes == (10, 20, 30, 40, 50, 60)


@pytest.mark.parametrize(
    ("minutes", "method"), [([0], "persistence"), ([0, 5], "extrapolation"), ([0, 5, 10], "sprog")]
)
def test_a_short_history_falls_back_to_a_simpler_method(minutes: list[int], method: str) -> None:
    made, done = run(moving_grids(minutes), method="sprog")
    assert made.method == method
    assert done.counters.get("fell_back", 0) == 3 - len(minutes)


def test_it_tells_its_data_and_their_age() -> None:
    history = moving_grids([0, 5])
    newest = replace(history[-1], received_us=history[-1].observed_us + 150_000_000)
    made, _ = run([history[0], newest])
    assert made.data_age_s == 150
    assert made.observed_us == newest.observed_us
    assert (made.frames, made.history_minutes) == (2, 5)
    assert made.extent == newest.extent


def test_the_age_is_not_known_where_the_source_was_not_live() -> None:
    assert run(moving_grids([0, 5]))[0].data_age_s is None


def test_a_motion_that_is_given_is_used() -> None:
    history = moving_grids([0, 5])
    motion = np.zeros((2, 256, 256), np.float32)
    motion[0] = 1
    time = history[-1].observed_us
    done = run_calculator(
        NowcastCalculator,
        NowcastOptions(method="extrapolation", lead_minutes=(10.0,)),
        HISTORY=[Packet(history, time)],
        MOTION=[Packet(RainMotion(pixels_a_minute=motion), time)],
    )
    (made,) = done.payloads("NOWCAST")
    assert made.rain_mm_h[0, :, 10:] == pytest.approx(history[-1].rain_rate_mm_h[:, :-10], abs=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "sprogg"}, "did you mean 'sprog'"),
        ({"lead_minutes": (30.0, 10.0)}, "must be positive and rising"),
        ({"threshold_mm_h": (-1.0,)}, "must be positive and rising"),
    ],
)
def test_options_that_make_no_sense_are_errors_of_the_graph(
    options: dict[str, object], message: str
) -> None:
    with pytest.raises(FlowlaceError, match=message):
        run(moving_grids([0]), **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lead_minutes": (30.0, 120.0)}, "leads up to 90 minutes"),
        ({"threshold_mm_h": (50.0,)}, "thresholds from"),
    ],
)
def test_what_the_network_has_not_learnt_is_told_before_the_run(
    options: dict[str, tuple[float, ...]], message: str
) -> None:
    with pytest.raises(FlowlaceError, match=message):
        run(moving_grids([0, 5]), method="unet", **options)
