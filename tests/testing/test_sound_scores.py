"""Counts and F1 on cases small enough to count by hand."""

import pytest

from flowlace.formats.sound_event import SoundEvent
from flowlace.testing.sound_scores import Counts, Score, event_based_score, segment_based_score


def event(onset_ms: int, offset_ms: int, label: str = "dog") -> SoundEvent:
    return SoundEvent(onset_us=onset_ms * 1000, offset_us=offset_ms * 1000, label=label, score=1.0)


@pytest.mark.parametrize(
    ("found", "is_found"),
    [
        (event(1000, 2000), True),
        (event(1200, 2000), True),
        (event(1201, 2000), False),
        (event(800, 2200), True),
        (event(799, 2000), False),
        (event(1000, 1799), False),
        (event(1000, 2000, "cat"), False),
    ],
)
def test_an_event_is_found_within_the_collar(found: SoundEvent, is_found: bool) -> None:
    total = event_based_score([event(1000, 2000)], [found]).total
    assert (total.found, total.false_alarms, total.missed) == ((1, 0, 0) if is_found else (0, 1, 1))


def test_the_offset_of_a_long_event_may_be_off_by_a_share_of_its_length() -> None:
    assert event_based_score([event(0, 10_000)], [event(0, 12_000)]).total.found == 1
    assert event_based_score([event(0, 10_000)], [event(0, 12_001)]).total.found == 0


def test_an_event_is_found_once() -> None:
    score = event_based_score([event(0, 500)], [event(0, 500), event(50, 500)])
    assert score.of("dog") == Counts(1, 1, 0)


def test_as_many_pairs_are_made_as_possible() -> None:
    # The first found event fits both; taken by the first true one it would leave the other alone.
    truth = [event(0, 500), event(300, 800)]
    found = [event(150, 650), event(100, 600)]
    assert event_based_score(truth, found).of("dog") == Counts(2, 0, 0)
    assert event_based_score(truth[::-1], found).of("dog") == Counts(2, 0, 0)


def test_precision_recall_and_f1_are_counted_over_all_labels() -> None:
    truth = [event(0, 500), event(1000, 1500), event(0, 900, "cat")]
    found = [event(0, 500), event(5000, 5500), event(6000, 6500)]
    total = event_based_score(truth, found).total
    assert (total.precision, total.recall) == (pytest.approx(1 / 3), pytest.approx(1 / 3))
    assert total.f1 == pytest.approx(1 / 3)


def test_the_mean_f1_weighs_labels_alike() -> None:
    truth = [event(0, 500), event(1000, 1500), event(0, 900, "cat")]
    found = [event(0, 500), event(1000, 1500)]
    assert event_based_score(truth, found).mean_f1 == pytest.approx(0.5)


def test_segments_are_filled_by_any_part_of_an_event() -> None:
    score = segment_based_score([event(900, 2100)], [event(1000, 2000), event(4500, 5000)])
    assert score.of("dog") == Counts(found=1, false_alarms=1, missed=2)


def test_overlapping_events_of_a_label_fill_a_segment_once() -> None:
    score = segment_based_score([event(0, 1000), event(500, 900)], [event(0, 1000)])
    assert score.of("dog") == Counts(1, 0, 0)


def test_segments_can_have_another_length() -> None:
    score = segment_based_score([event(0, 1000)], [event(0, 300)], segment_us=100_000)
    assert score.of("dog") == Counts(3, 0, 7)


def test_scores_of_recordings_add_up() -> None:
    whole = Score()
    whole += event_based_score([event(0, 500)], [event(0, 500)])
    whole += event_based_score([event(0, 500)], [event(0, 500, "cat")])
    assert whole.of("dog") == Counts(1, 0, 1)
    assert whole.of("cat") == Counts(0, 1, 0)
    assert whole.total.f1 == 0.5


def test_nothing_found_and_nothing_true_is_no_error() -> None:
    total = event_based_score([], []).total
    assert (total.precision, total.recall, total.f1) == (0, 0, 0)
    assert segment_based_score([], []).mean_f1 == 0
