import numpy as np
from tests.sinks.made_nowcasts import START_US, made_nowcast

from flowlace.formats.nowcast import Coverage

NAN = float("nan")


def test_what_was_seen_and_has_no_forecast_is_inflow() -> None:
    made = made_nowcast(
        rain_mm_h=[[[0, NAN, NAN]], [[NAN, NAN, 2]]],
        observed_mm_h=np.array([[1, 0, NAN]], np.float32),
    )
    assert made.coverage(0).tolist() == [[Coverage.FORECAST, Coverage.INFLOW, Coverage.UNKNOWN]]
    assert made.coverage(1).tolist() == [[Coverage.INFLOW, Coverage.INFLOW, Coverage.FORECAST]]


def test_without_the_observation_nothing_is_called_inflow() -> None:
    made = made_nowcast(rain_mm_h=[[[0, NAN]]])
    assert made.coverage(0).tolist() == [[Coverage.FORECAST, Coverage.UNKNOWN]]


def test_leads_are_valid_after_the_observation() -> None:
    assert made_nowcast().valid_us == (START_US + 600_000_000, START_US + 1_200_000_000)
