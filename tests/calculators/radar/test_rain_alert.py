from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from flowlace.calculators.radar.place_pixels import RainPlace
from flowlace.calculators.radar.rain_alert import RainAlertCalculator, RainAlertOptions
from flowlace.formats.nowcast import Nowcast
from flowlace.formats.rain_alert import RainAlert, RainEvent
from flowlace.framework.errors import FlowlaceError
from flowlace.framework.packet import Packet
from flowlace.testing.run_calculator import CalculatorRun, run_calculator
from tests.sinks.made_nowcasts import START_US, made_nowcast

NAN = float("nan")
HERE = RainPlace(name="here", x=4_002_500, y=3_002_500)
BEGINS, ENDS, UNKNOWN, KNOWN = RainEvent


def nowcast(minute: float, rates: Sequence[float], **changes: Any) -> Nowcast:
    """Returns a nowcast with the same rain everywhere: the observation's, then a lead each."""
    fields = np.array(rates, np.float32)[:, None, None] * np.ones((1, 4, 6), np.float32)
    return made_nowcast(minute, rain_mm_h=fields[1:], observed_mm_h=fields[0], **changes)


def run(
    *nowcasts: Nowcast, place: tuple[RainPlace, ...] = (HERE,), **options: Any
) -> CalculatorRun:
    packets = [Packet(one, one.observed_us) for one in nowcasts]
    made = RainAlertOptions(place=place, **options)
    return run_calculator(RainAlertCalculator, made, nowcasts=packets)


def alerts(*nowcasts: Nowcast, **options: Any) -> list[RainAlert]:
    return [one for sent in run(*nowcasts, **options).payloads("alerts") for one in sent]


def told(*nowcasts: Nowcast, **options: Any) -> list[tuple[RainEvent, float]]:
    found = alerts(*nowcasts, **options)
    return [(one.event, (one.observed_us - START_US) / 60e6) for one in found]


def test_rain_to_come_is_told_with_lead_time_and_rate() -> None:
    (alert,) = alerts(nowcast(0, [0, 0, 3, 0.2]))
    assert alert == RainAlert(
        event=BEGINS, place="here", threshold_mm_h=1, lead_minutes=20,
        valid_us=START_US + 1_200_000_000, until_us=START_US + 1_800_000_000,
        probability=1, is_probabilistic=False, rain_rate_mm_h=3, known_minutes=30,
        observed_us=START_US, data_age_s=None, method="extrapolation",
    )  # fmt: skip


def test_one_rain_begins_once_and_ends_once() -> None:
    rates = [0, 2, 5, 0, 0, 3, 0, 0, 0, 0, 0, 0]
    minutes = [nowcast(5 * step, [rate, 0]) for step, rate in enumerate(rates)]
    assert told(*minutes) == [(BEGINS, 5), (ENDS, 45)]


def test_the_end_tells_since_when_no_rain_was_expected() -> None:
    _, ended = alerts(*(nowcast(5 * step, [rate, 0]) for step, rate in enumerate([2, 0, 0, 0, 0])))
    assert ended.event is ENDS
    assert ended.valid_us == START_US + 300_000_000
    assert (ended.lead_minutes, ended.probability) == (None, None)


def test_rain_that_is_only_forecast_does_not_end_before_it_is_not_forecast_any_more() -> None:
    rain = [nowcast(5 * step, [0, 0, 4]) for step in range(4)]
    dry = [nowcast(5 * step, [0, 0, 0]) for step in range(4, 9)]
    assert told(*rain, *dry, clear_minutes=10) == [(BEGINS, 0), (ENDS, 30)]


def test_a_place_that_is_not_seen_is_unknown_and_not_dry() -> None:
    seen, unseen = [0.0, 0.0], [NAN, NAN]
    made = [nowcast(0, unseen), nowcast(5, unseen), nowcast(10, seen), nowcast(15, unseen)]
    assert told(*made) == [(UNKNOWN, 0), (KNOWN, 10), (UNKNOWN, 15)]
    assert alerts(nowcast(0, unseen))[0].known_minutes is None


def test_rain_does_not_end_while_the_place_is_unknown() -> None:
    rates = [2, NAN, NAN, NAN, NAN, NAN, 0, 0, 0, 0]
    made = [nowcast(5 * step, [rate, rate]) for step, rate in enumerate(rates)]
    assert told(*made) == [(BEGINS, 0), (UNKNOWN, 5), (KNOWN, 30), (ENDS, 45)]


def test_rain_after_an_unknown_time_is_the_same_rain() -> None:
    made = [nowcast(5 * step, [rate, rate]) for step, rate in enumerate([2, NAN, 2])]
    assert told(*made) == [(BEGINS, 0), (UNKNOWN, 5), (KNOWN, 10)]


def test_it_tells_how_far_ahead_the_place_is_known() -> None:
    (alert,) = alerts(nowcast(0, [2, 0, 0, NAN, NAN]))
    assert alert.known_minutes == 20


def test_inflow_from_outside_is_no_end_in_sight() -> None:
    (alert,) = alerts(nowcast(0, [2, 2, NAN]))
    assert alert.until_us is None


def test_the_probability_of_the_nowcast_is_used() -> None:
    chances = np.full((2, 2, 4, 6), 0.3, np.float32)
    chances[1, 1] = 0.7
    fields = {"thresholds_mm_h": (0.2, 1.0), "probability": chances}
    (alert,) = alerts(nowcast(0, [0, 0, 0.5], **fields))
    assert (alert.lead_minutes, alert.is_probabilistic) == (20, True)
    assert alert.probability == pytest.approx(0.7)
    assert alert.rain_rate_mm_h == 0.5
    assert alerts(nowcast(0, [0, 0, 9], **fields), least_probability=0.8) == []


def test_rain_that_was_observed_is_certain() -> None:
    fields = {"thresholds_mm_h": (1.0,), "probability": np.full((1, 1, 4, 6), 0.1, np.float32)}
    (alert,) = alerts(nowcast(0, [4, 0], **fields))
    assert (alert.lead_minutes, alert.probability, alert.is_probabilistic) == (0, 1, False)


def test_probabilities_of_other_thresholds_are_counted_and_the_rain_is_taken() -> None:
    fields = {"thresholds_mm_h": (5.0,), "probability": np.full((1, 1, 4, 6), 0.9, np.float32)}
    done = run(nowcast(0, [0, 0], **fields))
    assert done.counters == {"other_thresholds": 1}
    assert done.payloads("alerts") == []


def wet_columns(count: int) -> Nowcast:
    rain = np.zeros((1, 4, 6), np.float32)
    rain[..., :count] = 3
    return made_nowcast(rain_mm_h=rain, observed_mm_h=rain[0] * 0)


@pytest.mark.parametrize(
    ("share", "columns", "count"), [(0, 1, 1), (0, 0, 0), (0.5, 2, 0), (0.5, 3, 1), (1, 6, 1)]
)
def test_a_share_of_the_place_may_be_needed(share: float, columns: int, count: int) -> None:
    everywhere = RainPlace(name="all", x=4_003_000, y=3_002_000, radius_km=50)
    assert len(alerts(wet_columns(columns), place=(everywhere,), share=share)) == count


def test_a_place_that_is_half_seen_is_known_and_one_that_is_less_is_not() -> None:
    everywhere = RainPlace(name="all", x=4_003_000, y=3_002_000, radius_km=50)
    half, less = (np.zeros((1, 4, 6), np.float32) for _ in range(2))
    half[..., :3], less[..., :4] = NAN, NAN
    made = [
        made_nowcast(5 * step, rain_mm_h=one, observed_mm_h=one[0].copy())
        for step, one in enumerate([half, less])
    ]
    assert told(*made, place=(everywhere,)) == [(UNKNOWN, 5)]


def test_leads_beyond_the_limit_are_not_looked_at() -> None:
    assert alerts(nowcast(0, [0, 0, 5]), within_minutes=15) == []


def test_a_limit_below_every_lead_leaves_the_place_unknown() -> None:
    assert told(made_nowcast(rain_mm_h=np.ones((2, 4, 6))), within_minutes=5) == [(UNKNOWN, 0)]


def test_places_are_watched_each_for_itself() -> None:
    there = RainPlace(name="there", x=4_000_500, y=3_000_500)
    rain = np.zeros((1, 4, 6), np.float32)
    rain[0, 3, 0] = 8
    made = made_nowcast(rain_mm_h=rain, observed_mm_h=rain[0] * 0)
    assert [one.place for one in alerts(made, place=(HERE, there))] == ["there"]


def test_without_the_observation_the_soonest_lead_says_whether_it_is_known() -> None:
    dry = made_nowcast(0, rain_mm_h=np.zeros((2, 4, 6)))
    unseen = made_nowcast(5, rain_mm_h=np.full((2, 4, 6), NAN))
    assert told(dry, unseen) == [(UNKNOWN, 5)]


def test_without_places_nothing_is_done_and_that_is_counted() -> None:
    done = run(nowcast(0, [9, 9]), place=())
    assert done.payloads("alerts") == []
    assert done.counters == {"no_places": 1}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"place": (RainPlace(name="a"),)}, "place 'a' needs longitude and latitude"),
        ({"place": (HERE, HERE)}, "two places have the same name"),
        ({"threshold_mm_h": 0.0}, "needs threshold_mm_h > 0"),
        ({"least_probability": 0.0}, "least_probability in 0..1"),
        ({"clear_minutes": -1.0}, "clear_minutes of 0 or more"),
    ],
)
def test_options_that_make_no_sense_are_errors_of_the_graph(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(FlowlaceError, match=message):
        run(nowcast(0, [0, 0]), **options)
