"""States of segments are counted, and only changes are told."""

from flowlace.formats.transcript import TranscriptUpdate, Word
from flowlace.transcription.segment_revisions import SegmentRevisions

ONE = Word(text="one", start_sample=0, end_sample=10)
TWO = Word(text="two", start_sample=10, end_sample=20)


def sure(confidence: float) -> Word:
    return Word(text="w", start_sample=0, end_sample=1, confidence=confidence)


def shown(updates: list[TranscriptUpdate]) -> list[tuple[int, int, bool, int]]:
    return [(one.segment_id, one.revision, one.is_final, len(one.words)) for one in updates]


def test_each_state_replaces_the_one_before() -> None:
    revisions = SegmentRevisions()
    updates = [*revisions.partial([ONE]), *revisions.partial([ONE, TWO])]
    updates += [*revisions.final([ONE, TWO]), *revisions.final([TWO])]
    assert shown(updates) == [(0, 0, False, 1), (0, 1, False, 2), (0, 2, True, 2), (1, 0, True, 1)]


def test_the_same_state_is_told_once() -> None:
    revisions = SegmentRevisions()
    assert len(revisions.partial([ONE])) == 1
    assert revisions.partial([ONE]) == []


def test_a_segment_without_words_is_none() -> None:
    revisions = SegmentRevisions()
    assert revisions.partial([]) + revisions.final([]) == []
    assert shown(revisions.final([ONE])) == [(0, 0, True, 1)]


def test_words_that_were_shown_are_taken_back() -> None:
    revisions = SegmentRevisions()
    revisions.partial([ONE])
    assert shown(revisions.final([])) == [(0, 1, True, 0)]


def test_a_segment_that_is_not_trusted_has_no_words() -> None:
    revisions = SegmentRevisions(least_confidence=0.4)
    assert revisions.final([sure(0.1), sure(0.5)]) == []
    assert len(revisions.final([sure(0.3), sure(0.5)])[0].words) == 2
    assert len(revisions.final([ONE])[0].words) == 1


def test_a_dropped_segment_that_was_shown_keeps_its_number() -> None:
    revisions = SegmentRevisions()
    revisions.drop()
    revisions.partial([ONE])
    revisions.drop()
    assert shown(revisions.final([TWO])) == [(1, 0, True, 1)]
