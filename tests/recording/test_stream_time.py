import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlace.framework.timestamp import MAX, MIN, POST_STREAM, PRE_STREAM
from flowlace.recording.errors import RecordingError
from flowlace.recording.stream_time import from_publish_ns, to_log_ns, to_publish_ns

CENTURY_US = 100 * 365 * 86_400_000_000


@given(st.integers(-CENTURY_US, CENTURY_US) | st.sampled_from([PRE_STREAM, MIN, MAX, POST_STREAM]))
def test_timestamps_come_back_exactly_and_fit_mcap(timestamp: int) -> None:
    publish_ns = to_publish_ns(timestamp)
    assert 0 <= publish_ns < 1 << 64
    assert from_publish_ns(publish_ns) == timestamp


def test_times_after_1970_are_nanoseconds_as_other_tools_expect_them() -> None:
    assert to_publish_ns(1_700_000_000_000_000) == 1_700_000_000_000_000_000


def test_times_that_fit_nowhere_are_refused() -> None:
    with pytest.raises(RecordingError, match="within 292 years of 1970"):
        to_publish_ns(MAX - 1)


def test_log_times_stay_within_mcap() -> None:
    assert [to_log_ns(each) for each in (MIN, -1, 0, 5)] == [0, 0, 0, 5000]
    assert to_log_ns(MAX) < 1 << 63
