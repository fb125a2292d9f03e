import math

import pytest

from flowlace.comparison.errors import ComparisonError
from flowlace.comparison.tolerances import Tolerances, parse_tolerances


def test_nothing_is_allowed_unless_it_is_said() -> None:
    exact = Tolerances()
    assert (exact.box, exact.image, exact.error_of("x"), exact.error_of("onset_us")) == (
        1, math.inf, 0, 0,
    )  # fmt: skip


def test_a_field_is_judged_by_the_unit_in_its_name() -> None:
    allowed = parse_tolerances(["time=50ms", "score=0.1", "number=0.01"])
    assert allowed.error_of("onset_us") == 50_000
    assert allowed.error_of("age_s") == pytest.approx(0.05)
    assert allowed.error_of("lead_minutes") == pytest.approx(0.05 / 60)
    assert allowed.error_of("confidence") == 0.1
    assert allowed.error_of("x") == 0.01


def test_the_tolerance_of_a_field_goes_before_that_of_its_kind() -> None:
    allowed = parse_tolerances(["score=0.1", "confidence=0.3", "relative=0.5"])
    assert (allowed.error_of("confidence"), allowed.share_of("confidence")) == (0.3, 0)
    assert (allowed.error_of("score"), allowed.share_of("score")) == (0.1, 0.5)


def test_times_have_no_relative_tolerance() -> None:
    assert parse_tolerances(["relative=0.5"]).share_of("onset_us") == 0


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("time=0.5s", "time", 500_000),
        ("time=30", "time", 30),
        ("image=40dB", "image", 40),
        ("words=10%", "words", 0.1),
        ("sound=inf", "sound", math.inf),
        ("number=1e-5", "number", 1e-5),
    ],
)
def test_units_may_follow_a_number(text: str, kind: str, value: float) -> None:
    assert getattr(parse_tolerances([text]), kind) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("box", "expected NAME=NUMBER"),
        ("box=", "expected NAME=NUMBER"),
        ("=3", "expected NAME=NUMBER"),
        ("box=1.2", "is a share, 0 to 1"),
        ("score=-1", "from 0 on"),
        ("time=5hours", "'5hours' is no number with a unit of: us, ms, s"),
        ("x=5ms", "with a unit of: %"),
        ("number=e", "is no number"),
    ],
)
def test_a_tolerance_that_says_nothing_is_refused(text: str, message: str) -> None:
    with pytest.raises(ComparisonError, match=message):
        parse_tolerances([text])


def test_tolerances_are_written_as_they_are_read() -> None:
    texts = ["box=0.9", "time=50000us", "image=40", "dbfs=0.5"]
    assert parse_tolerances(parse_tolerances(texts).as_words()) == parse_tolerances(texts)
