"""Counts segments and their states for an engine, and keeps back what nobody should read."""

from collections.abc import Iterable

from flowlace.formats.transcript import TranscriptUpdate, Word


class SegmentRevisions:
    """Makes updates of what an engine heard in one segment after the other.

    A state equal to the one before makes no update. A segment without words makes none, except
    to take back words that were shown; it then counts as a segment, otherwise it does not.

    Args:
        least_confidence: a final segment with a lower mean confidence has no words. A word
            without a confidence counts as certain.
    """

    def __init__(self, least_confidence: float = 0.0) -> None:
        self._least_confidence = least_confidence
        self._segment_id = 0
        self._revision = 0
        self._shown: tuple[Word, ...] = ()

    def partial(self, words: Iterable[Word]) -> list[TranscriptUpdate]:
        """Returns the update of a segment that goes on, if it is one."""
        state = tuple(words)
        if state == self._shown:
            return []
        return [self._update(state, is_final=False)]

    def final(self, words: Iterable[Word]) -> list[TranscriptUpdate]:
        """Returns the last update of a segment, if there is anything to tell, and begins anew."""
        state = tuple(words)
        if not self._is_trusted(state):
            state = ()
        if not state and not self._revision:
            return []
        update = self._update(state, is_final=True)
        self._segment_id += 1
        self._revision, self._shown = 0, ()
        return [update]

    def drop(self) -> None:
        """Forgets the segment that is under way; its number is not used again if it was shown."""
        if self._revision:
            self._segment_id += 1
        self._revision, self._shown = 0, ()

    def _update(self, words: tuple[Word, ...], *, is_final: bool) -> TranscriptUpdate:
        update = TranscriptUpdate(
            segment_id=self._segment_id, revision=self._revision, is_final=is_final, words=words
        )
        self._revision += 1
        self._shown = words
        return update

    def _is_trusted(self, words: tuple[Word, ...]) -> bool:
        if not words:
            return True
        given = [1.0 if word.confidence is None else word.confidence for word in words]
        return sum(given) / len(given) >= self._least_confidence
