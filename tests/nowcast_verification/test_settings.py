from typing import Any

import pytest

from flowlace.nowcast_verification.settings import VerificationSettings
from flowlace.nowcasting.errors import NowcastError

MINUTE_US = 60_000_000


@pytest.mark.parametrize(
    ("step_minutes", "leads"),
    [
        (2, (10, 20, 30, 40, 50, 60)),
        (5, (10, 20, 30, 40, 50, 60)),
        (6, (12, 24, 36, 48, 60)),
        (15, (15, 30, 45, 60)),
        (120, (120,)),
    ],
)
def test_leads_are_whole_steps_about_ten_minutes_apart(
    step_minutes: int, leads: tuple[float, ...]
) -> None:
    assert VerificationSettings().leads_for(step_minutes * MINUTE_US) == leads


def test_a_lead_of_less_than_half_a_step_is_an_error() -> None:
    with pytest.raises(NowcastError, match="lead of 2 min is less than half a step"):
        VerificationSettings(leads_minutes=(2, 10)).leads_for(5 * MINUTE_US)


def test_thresholds_are_among_the_levels() -> None:
    assert VerificationSettings(thresholds_mm_h=(0.3, 5)).levels_mm_h == (
        0.2, 0.3, 0.5, 1, 2, 5, 10, 20
    )  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"thresholds_mm_h": (2.0, 1.0)}, "thresholds must be positive and rising, not 2,1"),
        ({"thresholds_mm_h": ()}, "thresholds must be positive and rising, not none"),
        ({"leads_minutes": (0.0, 5.0)}, "leads must be positive"),
        ({"scales_km": (float("nan"),)}, "scales must be positive"),
        ({"every_minutes": 0.0}, "every must be more than 0 minutes"),
        ({"history_minutes": -5.0}, "history must be more than 0 minutes"),
        ({"margin_km": -1.0}, "margin must be 0 km or more"),
        ({"block_minutes": float("inf")}, "blocks must be 0 minutes or more"),
        ({"seed": -1}, "resamples and seed must be 0 or more"),
    ],
)
def test_settings_that_can_not_be_are_named(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(NowcastError, match=message):
        VerificationSettings(**wrong)
