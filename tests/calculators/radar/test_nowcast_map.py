import numpy as np
import pytest

from flowlace.calculators.radar.nowcast_map import NowcastMapCalculator, NowcastMapOptions
from flowlace.drawing.rain_colours import RAIN
from flowlace.formats.image import Image
from flowlace.formats.nowcast import Nowcast
from flowlace.formats.radar_grid import Extent
from flowlace.framework.errors import FlowlaceError
from flowlace.framework.packet import Packet
from flowlace.testing.run_calculator import CalculatorRun, run_calculator
from tests.sinks.made_nowcasts import START_US, made_chances, made_nowcast, made_rain

OBSERVED = np.full((4, 6), 30, np.float32)


def run(*nowcasts: Nowcast, **options: object) -> CalculatorRun:
    made = NowcastMapOptions(**options)  # type: ignore[arg-type]
    packets = [Packet(one, one.observed_us) for one in nowcasts]
    return run_calculator(NowcastMapCalculator, made, nowcasts=packets)


def has_colour(image: Image, step: int) -> bool:
    """Tells whether more than the legend has the colour of a step."""
    return bool((image.pixels == RAIN.colours[step]).all(axis=-1).sum() > 1000)


def test_the_observation_and_every_lead_are_drawn_a_millisecond_apart() -> None:
    done = run(made_nowcast(0, observed_mm_h=OBSERVED), made_nowcast(5, observed_mm_h=OBSERVED))
    times = [one - START_US for one in done.timestamps("maps")]
    assert times == [0, 1000, 2000, 300_000_000, 300_001_000, 300_002_000]
    assert [has_colour(one, 7) for one in done.payloads("maps")[:3]] == [True, False, False]


def test_without_the_observation_the_leads_alone_are_drawn() -> None:
    assert len(run(made_nowcast()).payloads("maps")) == 2


def test_the_leads_may_be_chosen() -> None:
    rain = made_rain() * 0
    rain[1] = 30
    done = run(made_nowcast(rain_mm_h=rain, observed_mm_h=OBSERVED * 0), lead_minutes=(0.0, 20.0))
    assert [has_colour(one, 7) for one in done.payloads("maps")] == [False, True]


def test_a_lead_the_nowcast_does_not_have_is_counted() -> None:
    done = run(made_nowcast(), lead_minutes=(10.0, 15.0))
    assert len(done.payloads("maps")) == 1
    assert done.counters == {"no_lead": 1}


def test_probability_is_drawn_for_the_threshold() -> None:
    chances = made_chances() * 0
    chances[:, 1] = 0.9
    made = made_nowcast(thresholds_mm_h=(0.2, 1.0), probability=chances, observed_mm_h=OBSERVED)
    likely = run(made, threshold_mm_h=1.0).payloads("maps")
    assert len(likely) == 2
    assert has_colour(likely[0], 4)
    assert not has_colour(run(made, threshold_mm_h=0.2).payloads("maps")[0], 4)


@pytest.mark.parametrize("probability", [None, made_chances()])
def test_a_nowcast_without_that_probability_is_counted(probability: object) -> None:
    made = made_nowcast(thresholds_mm_h=(0.2, 5.0), probability=probability)
    done = run(made, threshold_mm_h=1.0)
    assert done.payloads("maps") == []
    assert done.counters == {"no_probability": 2}


def test_all_maps_of_a_grid_have_one_size_and_another_grid_is_drawn_too() -> None:
    other = made_nowcast(5, rain_mm_h=made_rain(2, 40, 20), extent=Extent(0, 0, 20_000, 40_000))
    sizes = [(one.width_px, one.height_px) for one in run(made_nowcast(0), other).payloads("maps")]
    assert sizes[0] == sizes[1] != sizes[2] == sizes[3]


def test_the_size_is_about_what_is_asked_for() -> None:
    (image, _) = run(made_nowcast(rain_mm_h=made_rain(2, 900, 400)), size_px=300).payloads("maps")
    assert 300 < image.height_px < 300 + 140


def test_a_nowcast_of_nothing_but_nan_is_drawn() -> None:
    assert len(run(made_nowcast(rain_mm_h=np.full((2, 4, 6), np.nan))).payloads("maps")) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [({"size_px": 10}, "has size_px 10; set 64"), ({"threshold_mm_h": -1.0}, "set 0 or more")],
)
def test_options_that_make_no_sense_are_errors_of_the_graph(
    options: dict[str, object], message: str
) -> None:
    with pytest.raises(FlowlaceError, match=message):
        run(made_nowcast(), **options)
