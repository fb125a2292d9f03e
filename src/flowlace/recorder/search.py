"""Finds where a word was said or a sound was heard.

A word that is in few segments is ranked by bm25; one that is in very many is not, because ranking
would have to read them all and says little: those come by time, the newest recording first.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flowlace.recorder.library import Library
from flowlace.recorder.search_query import fts_query, label_key, label_rank

MOST_RANKED = 2000
"""Segments that bm25 ranks at most."""

_NEAR_US = 5_000_000
_BEGIN, _END = "\x02", "\x03"
_WORDS_BEFORE, _WORDS_AFTER = 6, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One place in one recording."""

    recording: str
    """Its name."""
    start_us: int
    """When the word or sound begins, from the start of the recording."""
    end_us: int
    """When it ends."""
    kind: str
    """`word` or `sound`."""
    snippet: str
    """The words around, those that were found in `**`; the label of a sound."""
    score: float
    """Of a sound its probability; of a word how well it fits, larger is better, 0 if not ranked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """What was found: words first, then sounds."""

    hits: list[Hit]
    words: int
    """Segments with the words, counted up to `MOST_RANKED`."""
    sounds: int
    """Sounds of fitting labels in all."""


def search_library(
    library: Library, query: str, *, label: str = "", limit: int = 20
) -> SearchResult:
    """Returns up to `limit` words and up to `limit` sounds that fit.

    With `label` the words must have been said within five seconds of such a sound, counted from
    their segment; without a query all sounds of that label are found. Raises SearchError for a
    beginning that is too short.
    """
    with library.errors():
        labels = _fitting_labels(library.connection, label or query)
        words: list[Hit] = []
        word_count = sound_count = 0
        if text := fts_query(query):
            near = [number for numbers in labels for number in numbers] if label else None
            words, word_count = _word_hits(library.connection, text, near, limit)
        sounds: list[Hit] = []
        if not (label and text):
            sounds, sound_count = _sound_hits(library.connection, labels, limit)
    return SearchResult(hits=words + sounds, words=word_count, sounds=sound_count)


def _fitting_labels(connection: sqlite3.Connection, text: str) -> list[list[int]]:
    """Returns the numbers of the labels that fit, the best ones first, by how well."""
    key = label_key(text)
    groups: list[list[int]] = [[], [], []]
    if key:
        for number, name in connection.execute("SELECT id, name FROM labels"):
            rank = label_rank(key, name)
            if rank is not None:
                groups[rank].append(number)
    return groups


def _sound_hits(
    connection: sqlite3.Connection, groups: Sequence[Sequence[int]], limit: int
) -> tuple[list[Hit], int]:
    hits: list[Hit] = []
    total = 0
    for numbers in filter(None, groups):
        found = []
        for number in numbers:
            count = connection.execute("SELECT count(*) FROM events WHERE label = ?", (number,))
            total += count.fetchone()[0]
            # The index holds the events of a label by score, so this reads no more than it gives.
            found += connection.execute(
                "SELECT e.score, r.name, e.onset_us, e.offset_us, l.name FROM ("
                "SELECT * FROM events WHERE label = ? "
                "ORDER BY score DESC, recording, onset_us LIMIT ?) e "
                "JOIN recordings r ON r.id = e.recording JOIN labels l ON l.id = e.label",
                (number, limit),
            ).fetchall()
        found.sort(key=lambda row: (-row[0], row[1], row[2]))
        hits += [
            Hit(recording=name, start_us=onset, end_us=offset, kind="sound", snippet=label,
                score=score)
            for score, name, onset, offset, label in found
        ]  # fmt: skip
    return hits[:limit], total


def _word_hits(
    connection: sqlite3.Connection, text: str, near: Sequence[int] | None, limit: int
) -> tuple[list[Hit], int]:
    condition, values = _nearness(near)
    matching = "FROM spoken JOIN segments s ON s.id = spoken.rowid WHERE spoken MATCH ?" + condition
    count = connection.execute(
        f"SELECT count(*) FROM (SELECT 1 {matching} LIMIT ?)", (text, *values, MOST_RANKED + 1)
    ).fetchone()[0]
    rank, order = ("rank", "rank") if count <= MOST_RANKED else ("0.0", "spoken.rowid DESC")
    rows = connection.execute(
        f"SELECT s.id, {rank}, highlight(spoken, 0, '{_BEGIN}', '{_END}'), s.recording, "
        f"s.start_us, s.end_us {matching} ORDER BY {order} LIMIT ?",
        (text, *values, limit),
    ).fetchall()
    names = dict(connection.execute("SELECT id, name FROM recordings"))
    return [_word_hit(connection, names, row) for row in rows], count


def _nearness(labels: Sequence[int] | None) -> tuple[str, list[int]]:
    """Returns the condition that a sound of the labels is near a segment, and its values.

    Sounds of one label don't overlap, so the last one that began before a moment tells.
    """
    if labels is None:
        return "", []
    last_one = (
        "(SELECT e.offset_us FROM events e WHERE e.label = ? AND e.recording = s.recording "
        "AND e.onset_us <= s.end_us + ? ORDER BY e.onset_us DESC LIMIT 1) >= s.start_us - ?"
    )
    conditions = " OR ".join([last_one] * len(labels)) or "0"
    return f" AND ({conditions})", [
        value for label in labels for value in (label, _NEAR_US, _NEAR_US)
    ]


def _word_hit(
    connection: sqlite3.Connection, names: Mapping[int, str], row: tuple[Any, ...]
) -> Hit:
    segment, rank, marked, recording, start_us, end_us = row
    words = marked.split(" ")
    first = next((place for place, word in enumerate(words) if _BEGIN in word), 0)
    last = next((place for place in range(first, len(words)) if _END in words[place]), first)
    times = {
        position: (start, end)
        for position, start, end in connection.execute(
            "SELECT position, start_us, end_us FROM words WHERE segment = ? AND position IN (?, ?)",
            (segment, first, last),
        )
    }
    return Hit(
        recording=names[recording],
        start_us=times.get(first, (start_us, end_us))[0],
        end_us=times.get(last, (start_us, end_us))[1],
        kind="word",
        snippet=_snippet(words, first),
        score=-rank,
    )


def _snippet(words: Sequence[str], first: int) -> str:
    begin = max(0, first - _WORDS_BEFORE)
    end = min(len(words), first + _WORDS_AFTER)
    text = " ".join(words[begin:end])
    # A phrase that goes on beyond the end of the snippet is marked up to there.
    if text.count(_BEGIN) > text.count(_END):
        text += _END
    text = text.replace(_BEGIN, "**").replace(_END, "**")
    return f"{'… ' if begin else ''}{text}{' …' if end < len(words) else ''}"
