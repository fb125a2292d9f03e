import math

import pytest

from flowlace.formats.sound_event import SoundBar
from flowlace.recorder.packed_bars import MINUTE_US, pack_bars, unpack_bars

LABELS = {"dog": 1, "cat": 700}
NAMES = {number: name for name, number in LABELS.items()}


def bar(at_us: int, label: str = "", score: float = 0, dbfs: float = -20.5) -> SoundBar:
    return SoundBar(timestamp_us=at_us, label=label, score=score, dbfs=dbfs)


def test_bars_come_back_as_they_were() -> None:
    start = 3 * MINUTE_US
    bars = [
        bar(start), bar(start + 50_000, "dog", 1.0, -0.25), bar(start + 59_999_999, "cat", 0.6),
        bar(start + 7, dbfs=-math.inf),
    ]  # fmt: skip
    assert list(unpack_bars(pack_bars(bars, LABELS), 3, NAMES)) == bars


@pytest.mark.parametrize(
    ("score", "dbfs", "kept_score", "kept_dbfs"),
    [(0.123, -33.333, 0.123, -33.33), (7, 900, 1, 327.67), (-1, -900, 0, -327.67)],
)
def test_scores_and_levels_are_rounded_a_little(
    score: float, dbfs: float, kept_score: float, kept_dbfs: float
) -> None:
    [kept] = unpack_bars(pack_bars([bar(0, "dog", score, dbfs)], LABELS), 0, NAMES)
    assert kept.score == pytest.approx(kept_score, abs=0.002)
    assert kept.dbfs == pytest.approx(kept_dbfs, abs=0.005)


def test_a_level_that_is_no_number_is_silence() -> None:
    [kept] = unpack_bars(pack_bars([bar(0, dbfs=math.nan)], LABELS), 0, NAMES)
    assert kept.dbfs == -math.inf


def test_bytes_that_are_cut_off_and_labels_that_are_gone_do_no_harm() -> None:
    packed = pack_bars([bar(0, "dog", 1), bar(50_000, "cat", 1)], LABELS)
    [kept] = unpack_bars(packed[:-1], 0, {})
    assert (kept.timestamp_us, kept.label) == (0, "")
