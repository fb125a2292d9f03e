"""An engine whose words tell what it heard: one a second of each stretch, named by its place."""

from flowlace.formats.transcript import TranscriptUpdate, Word
from flowlace.transcription.segment_revisions import SegmentRevisions
from flowlace.transcription.transcriber import (
    Capability,
    Sound,
    Stretch,
    Transcriber,
    TranscriberOptions,
)

RATE_HZ = 16_000


class FakeTranscriber(Transcriber):
    """Says `w0`, `w1` … at every whole second of a stretch."""

    capability = Capability(
        is_streaming=True,
        has_word_times=True,
        has_confidence=False,
        has_punctuation=False,
        latency_us=0,
        sample_rate_hz=RATE_HZ,
    )

    def __init__(self) -> None:
        self.calls: list[tuple[str, int, int]] = []
        """Name of each call, its first sample and its length."""
        self._stretch = Stretch()
        self._revisions = SegmentRevisions()

    def open(self, sample_rate_hz: int, language: str, options: TranscriberOptions) -> None:
        self.calls.append(("open", sample_rate_hz, 0))
        self._stretch, self._revisions = Stretch(), SegmentRevisions()

    def accept(self, sound: Sound, first_sample: int) -> list[TranscriptUpdate]:
        self._stretch.extend(first_sample, len(sound))
        self.calls.append(("accept", first_sample, len(sound)))
        return self._revisions.partial(self._words())

    def flush(self) -> list[TranscriptUpdate]:
        if self._stretch.first_sample is None:
            return []
        words = self._words()
        self.calls.append(("flush", self._stretch.end_sample, 0))
        self._stretch.end()
        return self._revisions.final(words)

    def reset(self) -> None:
        self.calls.append(("reset", 0, 0))
        self._stretch.end()
        self._revisions.drop()

    def close(self) -> None:
        self.calls.append(("close", 0, 0))

    def stretches(self) -> list[tuple[int, int]]:
        """Returns the first and the last sample of each stretch that ended."""
        found, first = [], -1
        for name, place, _ in self.calls:
            if name == "accept" and first < 0:
                first = place
            elif name == "flush":
                found.append((first, place))
                first = -1
        return found

    def _words(self) -> list[Word]:
        first, end = self._stretch.first_sample, self._stretch.end_sample
        assert first is not None
        return [
            Word(text=f"w{at}", start_sample=start, end_sample=min(start + RATE_HZ, end))
            for at, start in enumerate(range(first, end, RATE_HZ))
        ]
