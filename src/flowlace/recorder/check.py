"""Looks for what is wrong with a library, without changing it."""

import sqlite3
from pathlib import Path

import av

from flowlace.recorder.library import ENDING, Library

_SLACK_US = 1_000_000
_PRIMARY_CODE = 0xFF
_NOTHING_CAN_BE_WRITTEN = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_FULL}


def check_library(library: Library) -> list[str]:
    """Returns what is wrong, one finding a line; nothing where all is well."""
    findings = _of_database(library.connection)
    recordings = library.recordings()
    for one in recordings:
        if one.state == "recording":
            continue
        if not one.audio.is_file():
            findings.append(f"{one.name}: its sound is gone: {one.audio}")
            continue
        there_us = stated_length_us(one.audio)
        if there_us is None:
            findings.append(f"{one.name}: its sound can't be read: {one.audio}")
        elif there_us + _SLACK_US < one.duration_us:
            findings.append(
                f"{one.name}: its sound is cut off: {there_us / 1e6:.1f} s of "
                f"{one.duration_us / 1e6:.1f} s are there"
            )
    known = {one.audio.name for one in recordings}
    findings += [f"{path}: no recording knows this file" for path in strangers(library, known)]
    return findings


def strangers(library: Library, known: set[str]) -> list[Path]:
    """Returns the sound files that belong to no recording."""
    return [
        path for path in sorted(library.audio_folder.glob(f"*{ENDING}")) if path.name not in known
    ]


def stated_length_us(path: Path) -> int | None:
    """Returns how much sound a file really holds, by its packets; None if it has none."""
    try:
        with av.open(str(path)) as container:
            stream = container.streams.audio[0]
            end = 0
            for packet in container.demux(stream):
                if packet.pts is not None:
                    end = packet.pts + (packet.duration or 0)
            return round(end * (stream.time_base or 0) * 1_000_000) or None
    except (av.error.FFmpegError, OSError, IndexError):
        return None


def _of_database(connection: sqlite3.Connection) -> list[str]:
    try:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check(20)")]
        findings = [f"database: {one}" for one in found if one != "ok"]
        connection.execute("INSERT INTO spoken (spoken, rank) VALUES ('integrity-check', 1)")
        connection.rollback()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & _PRIMARY_CODE not in _NOTHING_CAN_BE_WRITTEN:
            return [f"database: {error}"]
        # The index is checked by a command in the form of an INSERT; the rest has been checked.
    return findings
