import numpy as np
import pytest

from flowlace.calculators.radar.nowcast_summary import NowcastSummaryCalculator
from flowlace.formats.nowcast import Nowcast
from flowlace.formats.radar_grid import Extent
from flowlace.framework.packet import Packet
from flowlace.testing.run_calculator import run_calculator


def nowcast(rain: list[list[list[float]]]) -> Nowcast:
    return Nowcast(
        method="sprog",
        observed_us=60_000_000,
        received_us=180_000_000,
        leads_minutes=(10.0, 20.0),
        rain_mm_h=np.array(rain, np.float32),
        frames=3,
        history_minutes=10,
        pixel_km=1,
        projection="",
        extent=Extent(0, 0, 1, 1),
    )


def test_each_lead_is_said_in_numbers() -> None:
    nan = float("nan")
    made = nowcast([[[0, 2], [4, nan]], [[nan, nan], [nan, nan]]])
    run = run_calculator(NowcastSummaryCalculator, nowcasts=[Packet(made, 60_000_000)])
    ((first, second),) = run.payloads("summaries")
    assert (first.valid_us, second.valid_us) == (660_000_000, 1_260_000_000)
    assert (first.known_share, first.mean_mm_h, first.largest_mm_h) == (0.75, 2, 4)
    assert first.wet_share == pytest.approx(2 / 3)
    assert (first.method, first.data_age_s, first.frames) == ("sprog", 120, 3)
    assert second.known_share == 0
    assert np.isnan(second.mean_mm_h)
