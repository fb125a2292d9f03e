"""Search in a library of 100 hours, beside a plain scan of the same table.

Makes the library once (90 000 segments of four seconds, a sound every ten seconds, words drawn by
Zipf's law from made-up ones), then asks the same things over and over and takes medians. `LIKE` is
what one would write without an index. Nothing is warm but the operating system's cache.

    python benchmarks/library_search.py [--hours 100] [--folder F] [--rounds 30]
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from flowlace.formats.sound_event import SoundEvent
from flowlace.formats.transcript import WordRow
from flowlace.framework.clock import MonotonicClock
from flowlace.recorder import Library, search_library
from flowlace.recorder.recording_writer import RecordingWriter
from flowlace.recorder.search import MOST_RANKED

SEGMENT_S = 4
WORDS_A_SEGMENT = 10
EVENT_EVERY_S = 10
LABELS = [
    "speech", "music", "dog_bark", "cat_meow", "siren", "car_horn", "rain", "wind", "footsteps",
    "door_knock", "clock_alarm", "baby_cry", "glass_break", "engine", "bird_song", "applause",
]  # fmt: skip
SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "er", "is")]


def vocabulary(size: int, random: np.random.Generator) -> list[str]:
    """Returns different words of one to four syllables, the shortest first."""
    words: dict[str, None] = {}
    while len(words) < size:
        length = 1 + min(3, len(words) * 4 // size + int(random.integers(0, 2)))
        words["".join(random.choice(SYLLABLES, length))] = None
    return list(words)


def make_library(folder: Path, hours: int) -> Library:
    """Fills a library, one recording an hour, through the writer that recordings use."""
    random = np.random.default_rng(1)
    words = vocabulary(20_000, random)
    library = Library(folder, create=True)
    for hour in range(hours):
        recording = library.add(f"hour {hour:03}", "made up", "2026-01-01T00:00:00+00:00")
        writer = RecordingWriter(library, recording, MonotonicClock())
        writer.start(0)
        segments = 3600 // SEGMENT_S
        ranks = np.minimum(random.zipf(1.2, (segments, WORDS_A_SEGMENT)) - 1, len(words) - 1)
        for segment, row in enumerate(ranks.tolist()):
            writer.add(
                WordRow(
                    start_us=round((segment + place / WORDS_A_SEGMENT) * SEGMENT_S * 1e6),
                    end_us=round((segment + (place + 0.9) / WORDS_A_SEGMENT) * SEGMENT_S * 1e6),
                    word=words[rank],
                    confidence=0.8,
                    segment_id=segment,
                )
                for place, rank in enumerate(row)
            )
        onsets = np.sort(random.integers(0, 3_600_000_000, 3600 // EVENT_EVERY_S))
        labels = np.minimum(random.zipf(1.5, len(onsets)) - 1, len(LABELS) - 1)
        writer.add(
            SoundEvent(
                onset_us=int(onset),
                offset_us=int(onset) + 800_000,
                label=LABELS[label],
                score=float(random.uniform(0.3, 1)),
            )
            for onset, label in zip(onsets, labels, strict=True)
        )
        writer.close()
        library.finish(recording, 3_600_000_000, "complete")
    return library


def median_ms(ask: Callable[[], object], rounds: int) -> float:
    """Returns the median time of a question in milliseconds."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        ask()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def questions(library: Library) -> list[tuple[str, str, str, str]]:
    """Returns what is asked: what it is, the query, the label, and the same for LIKE."""
    counts = library.connection.execute(
        "SELECT word, count(*) AS n FROM words GROUP BY word ORDER BY n DESC"
    ).fetchall()
    by_count = [word for word, _ in counts if len(word) >= 4]
    most, often, seldom = by_count[0], by_count[100], by_count[-1]
    ranked = next(word for word, n in counts if n < MOST_RANKED)
    text = library.connection.execute("SELECT text FROM segments WHERE id = 40000").fetchone()
    words = (text or library.connection.execute("SELECT text FROM segments").fetchone())[0].split()
    pair = " ".join(words[:2])
    return [
        ("a rare word", seldom, "", seldom),
        ("a usual word", often, "", often),
        ("as many as are ranked", ranked, "", ranked),
        ("the most frequent word", most, "", most),
        ("two words", f"{often} {most}", "", often),
        ("a phrase", f'"{pair}"', "", pair),
        ("a beginning of 4", f"{often[:4]}*", "", often[:4]),
        ("a beginning of 3", f"{most[:3]}*", "", most[:3]),
        ("words near a sound", often, "dog bark", often),
        ("a frequent sound", "speech", "", ""),
        ("a rare sound", "", "applause", ""),
        ("a sound by its beginning", "", "gla", ""),
        ("no such word", "xyzzyx", "", "xyzzyx"),
    ]


def main() -> None:
    """Makes the library and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=100)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--rounds", type=int, default=30)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        started = time.perf_counter()
        is_there = (folder / "library.sqlite").is_file()
        library = Library(folder) if is_there else make_library(folder, given.hours)
        count = library.connection.execute("SELECT count(*) FROM segments").fetchone()[0]
        size_mb = library.path.stat().st_size / 1e6
        took_s = time.perf_counter() - started
        how = "opened" if is_there else "made"
        print(f"{count} segments, {size_mb:.0f} MB, {how} in {took_s:.1f} s\n")
        print("| what | found | search | LIKE scan | ratio |")
        print("|---|---|---|---|---|")
        for what, query, label, like in questions(library):
            result = search_library(library, query, label=label)
            ours = median_ms(
                lambda q=query, of=label: search_library(library, q, label=of), given.rounds
            )
            scan = median_ms(lambda t=like, of=label or query: scanned(library, t, of), 5)
            found = result.words + result.sounds
            print(f"| {what} | {found} | {ours:.2f} ms | {scan:.1f} ms | {scan / ours:.0f} |")
        library.close()


def scanned(library: Library, text: str, label: str) -> list[tuple[object, ...]]:
    """Asks the same without an index of words: LIKE over all segments, or over the labels."""
    if text:
        return library.connection.execute(
            "SELECT r.name, s.start_us, s.text FROM segments s JOIN recordings r "
            "ON r.id = s.recording WHERE s.text LIKE ? ORDER BY s.start_us LIMIT 20",
            (f"%{text}%",),
        ).fetchall()
    return library.connection.execute(
        "SELECT r.name, e.onset_us, l.name FROM events e JOIN labels l ON l.id = e.label "
        "JOIN recordings r ON r.id = e.recording WHERE l.name LIKE ? "
        "ORDER BY +e.score DESC LIMIT 20",
        (f"%{label}%",),
    ).fetchall()


if __name__ == "__main__":
    main()
