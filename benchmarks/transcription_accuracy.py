"""Words, their times, and what is invented: transcription of ../shared/data/audio.

    python benchmarks/transcription_accuracy.py [--engine NAME] [--model FOLDER] [--hour]
        [--markdown FILE]

Word error rate with `word_errors.normalised`; times of the first and the last word of each clip of
LJ001 against the moments at which the clip becomes and ceases to be audible; words in sound that
holds none, a minute; cost and worst wait. `--hour` also has the command line transcribe a file of
one hour in which LJ001 returns every ten minutes, and compares the times of its last words.
"""

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
import wave
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from word_errors import aligned, normalised

from flowlace.calculators.text.transcription import TranscriptionOptions
from flowlace.formats.transcript import Word
from flowlace.transcription import (
    SpeechTranscriber,
    TranscriberOptions,
    open_transcriber,
)

AUDIO = Path(__file__).parents[2] / "shared" / "data" / "audio"
LJ001 = "lj001_0001_0022"
FILES = (LJ001, "sonnet1", "sonnet2")
RATE_HZ = 16_000
CHUNK = 1_600
AUDIBLE_DB = -35.0
"""A clip is audible where 10 ms are within so much of its loudest 10 ms."""
NOISES_EVERY = 4
"""Of the clips without speech every so many-th is heard."""
HOUR_PERIOD_S = 600

ABOUT_SPEECH = (
    "`lj001_0001_0022` is prose read in a quiet room (LJSpeech), the sonnets are read by "
    'volunteers (LibriVox). "CPU of real time" counts both processes. "Worst chunk" is the '
    "longest wait for 100 ms of sound, on a machine of two cores that others use, too: the end of "
    "a segment, which happens in the engine's process while the rest of a graph goes on."
)
ABOUT_TIMES = (
    "Times of words, against the moments at which each clip of LJ001 becomes and ceases to be "
    "audible, where the word was recognised:"
)
ABOUT_NOISE = (
    "Words where nobody speaks. Level and pitch let through what has the pitch of a voice; a "
    "classifier that knows speech, on `ACTIVITY`, is the remedy:"
)
ABOUT_HOUR = (
    "LJ001 returns every ten minutes in a file of one hour, transcribed by `flowlace run "
    "transcription`."
)

Sound = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of a sound."""

    words: list[Word]
    elapsed_s: float
    cpu_s: float
    worst_chunk_s: float


def main() -> None:
    """Measures and prints, or writes a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", default="pocketsphinx")
    parser.add_argument("--model", default="")
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--hour", action="store_true")
    arguments = parser.parse_args()
    transcribe = Transcribe(arguments.engine, arguments.model)
    lines = [ABOUT_SPEECH, "", *speech_lines(transcribe), "", ABOUT_NOISE, ""]
    lines += noise_lines(transcribe)
    if arguments.hour:
        lines += ["", "## One hour", "", ABOUT_HOUR, "", *hour_lines()]
    print("\n".join(lines))
    if arguments.markdown:
        title = f"# Transcription: {arguments.engine}"
        made = "Made by `python benchmarks/transcription_accuracy.py --hour`."
        arguments.markdown.write_text("\n".join([title, "", made, "", *lines, ""]))


class Transcribe:
    """Transcribes sounds with one engine, as the calculator does with its default options."""

    def __init__(self, engine: str, model: str) -> None:
        self._engine = engine
        self._options = TranscriberOptions(
            model_path=model, least_confidence=TranscriptionOptions().least_confidence
        )

    def __call__(self, sound: Sound) -> Heard:
        """Returns the final words; the engine is opened anew each time."""
        cpu_before = _cpu_s()
        engine = open_transcriber(self._engine)
        engine.open(RATE_HZ, "en", self._options)
        speech = SpeechTranscriber(engine, RATE_HZ)
        updates, waits = [], []
        begin = time.perf_counter()
        for first in range(0, len(sound), CHUNK):
            before = time.perf_counter()
            updates += speech.accept(sound[first : first + CHUNK], first)
            waits.append(time.perf_counter() - before)
        updates += speech.flush()
        elapsed_s = time.perf_counter() - begin
        engine.close()
        words = [word for one in updates if one.update.is_final for word in one.update.words]
        return Heard(words, elapsed_s, _cpu_s() - cpu_before, max(waits))


def speech_lines(transcribe: Transcribe) -> Iterator[str]:
    """Yields the tables of what is said."""
    yield "| file | words | WER | wrong | missing | invented | CPU of real time | worst chunk |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for name in FILES:
        sound = read(AUDIO / "asr" / f"{name}.flac")
        heard = transcribe(sound)
        said = normalised((AUDIO / "asr" / f"{name}.txt").read_text(encoding="utf-8"))
        found = aligned(said, [word.text for word in heard.words])
        yield (
            f"| {name} | {found.said} | {found.word_error_rate:.3f} | {found.substituted} "
            f"| {found.deleted} | {found.inserted} | {heard.cpu_s / seconds(sound):.2f} "
            f"| {heard.worst_chunk_s:.2f} s |"
        )
        if name == LJ001:
            times = list(time_lines(sound, heard.words))
    yield from ("", ABOUT_TIMES, "")
    yield from times


def time_lines(sound: Sound, words: list[Word]) -> Iterator[str]:
    """Yields how far the first and last words of clips are from where they are heard."""
    with open(AUDIO / "asr" / f"{LJ001}.csv", newline="", encoding="utf-8") as file:
        clips = list(csv.DictReader(file))
    texts = [normalised(clip["text"]) for clip in clips]
    found = aligned([word for text in texts for word in text], [word.text for word in words])
    errors: dict[str, list[float]] = {"start of first words": [], "end of last words": []}
    place = 0
    for clip, text in zip(clips, texts, strict=True):
        first, last = place, place + len(text) - 1
        place += len(text)
        begin, end = audible(sound, float(clip["start_s"]), float(clip["end_s"]))
        if first in found.matched:
            word = words[found.matched[first]]
            errors["start of first words"].append(word.start_sample / RATE_HZ - begin)
        if last in found.matched:
            word = words[found.matched[last]]
            errors["end of last words"].append(word.end_sample / RATE_HZ - end)
    yield "| time | compared | median error | median of amount | 90 % within | largest |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for name, values in errors.items():
        ms = 1000 * np.array(values)
        amount = np.abs(ms)
        yield (
            f"| {name} | {len(ms)} of {len(clips)} clips | {np.median(ms):+.0f} ms "
            f"| {np.median(amount):.0f} ms | {np.quantile(amount, 0.9):.0f} ms "
            f"| {amount.max():.0f} ms |"
        )


def noise_lines(transcribe: Transcribe) -> Iterator[str]:
    """Yields how many words are heard where there are none."""
    yield "| sound without speech | seconds | invented words | a minute |"
    yield "| --- | --- | --- | --- |"
    generator = np.random.default_rng(1)
    white = (0.05 * generator.standard_normal(60 * RATE_HZ)).astype(np.float32)
    sounds = {
        "digital silence": [np.zeros(60 * RATE_HZ, np.float32)],
        "white noise": [white],
        "white noise, every other second": [white * (np.arange(len(white)) // RATE_HZ % 2)],
        **noise_clips(),
    }
    for name, clips in sounds.items():
        # One after the other with quiet between them: a stream, not a start every five seconds.
        quiet = (1e-4 * generator.standard_normal(RATE_HZ)).astype(np.float32)
        sound = np.concatenate([part for clip in clips for part in (quiet, clip, quiet)])
        count = len(transcribe(sound.astype(np.float32)).words)
        length = sum(map(seconds, clips))
        yield f"| {name} | {length:.0f} | {count} | {60 * count / length:.1f} |"


def noise_clips() -> dict[str, list[Sound]]:
    """Returns clips of ESC-10 by their label."""
    with open(AUDIO / "labels.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["file"].startswith("esc10/")]
    names: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        names[row["label"]].append(row["file"])
    return {
        f"ESC-10 {label.replace('_', ' ')}": [
            read(AUDIO / name) for name in sorted(files)[::NOISES_EVERY]
        ]
        for label, files in sorted(names.items())
    }


def hour_lines() -> Iterator[str]:
    """Yields the times of the last words of LJ001, which returns every ten minutes."""
    talk = read(AUDIO / "asr" / f"{LJ001}.flac")
    with tempfile.TemporaryDirectory() as folder:
        path, words = Path(folder) / "hour.wav", Path(folder) / "words.jsonl"
        write_hour(path, talk)
        command = [sys.executable, "-m", "flowlace.cli", "run", "transcription"]
        command += ["--source", str(path), "--sink", f"words={words}", "--quiet"]
        begin = time.perf_counter()
        memory = memory_while(command)
        elapsed_s = time.perf_counter() - begin
        rows = [json.loads(line) for line in words.read_text().splitlines()]
    yield "| turn | words | last word | ends at | after the first turn's |"
    yield "| --- | --- | --- | --- | --- |"
    first_us = None
    for turn in range(3600 // HOUR_PERIOD_S):
        begin_us = turn * HOUR_PERIOD_S * 1_000_000
        # The first word of a turn may begin a little early; nothing is said before it.
        since_us = [row["start_us"] - begin_us + 1_000_000 for row in rows]
        here = [
            row
            for row, since in zip(rows, since_us, strict=True)
            if 0 <= since < (seconds(talk) + 2) * 1_000_000
        ]
        last_us = here[-1]["end_us"] - begin_us
        first_us = last_us if first_us is None else first_us
        yield (
            f"| {turn + 1} | {len(here)} | {here[-1]['word']} | {here[-1]['end_us'] / 1e6:.2f} s "
            f"| {(last_us - first_us) / 1000:+.0f} ms |"
        )
    yield ""
    third = len(memory) // 3
    yield (
        f"{elapsed_s:.0f} s for the hour. Memory of graph and engine together, at most: "
        f"{max(memory[:third]):.0f} MB in the first third, {max(memory[-third:]):.0f} MB in the "
        "last."
    )


def memory_while(command: list[str]) -> list[float]:
    """Runs a command; returns the megabytes it and what it started held, every second."""
    held = []
    with subprocess.Popen(command) as process:
        while process.poll() is None:
            held.append(sum(map(_resident_mb, _family(process.pid))))
            time.sleep(1)
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return held


def _family(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(one) for task in tasks for one in (task / "children").read_text().split()]
    except OSError:  # ended meanwhile
        return []
    return [pid, *(one for child in children for one in _family(child))]


def _resident_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    kilobytes = (int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
    return next(kilobytes, 0) / 1024


def write_hour(path: Path, talk: Sound) -> None:
    """Writes a file of one hour: the talk, then noise hardly audible, six times over."""
    generator = np.random.default_rng(1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        for _ in range(3600 // HOUR_PERIOD_S):
            part = 1e-4 * generator.standard_normal(HOUR_PERIOD_S * RATE_HZ)
            part[: len(talk)] = talk
            file.writeframes(np.rint(32767 * part).astype("<i2").tobytes())


def read(path: Path) -> Sound:
    """Returns a file's first channel, -1 to 1, at 16 kHz."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
    with av.open(str(path)) as container:
        frames = [one for frame in container.decode(audio=0) for one in resampler.resample(frame)]
    frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray()[0] for frame in frames])


def audible(sound: Sound, start_s: float, end_s: float) -> tuple[float, float]:
    """Returns when a clip becomes audible and ceases to be, in seconds of the whole sound."""
    first = round(start_s * RATE_HZ)
    frames = sound[first : round(end_s * RATE_HZ)]
    frames = frames[: len(frames) // 160 * 160].reshape(-1, 160)
    power = np.square(frames, dtype=np.float64).mean(axis=1)
    loud = np.flatnonzero(power > power.max() * 10 ** (AUDIBLE_DB / 10))
    return (first + 160 * loud[0]) / RATE_HZ, (first + 160 * (loud[-1] + 1)) / RATE_HZ


def seconds(sound: Sound) -> float:
    """Returns how long a sound lasts."""
    return len(sound) / RATE_HZ


def _cpu_s() -> float:
    uses = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(use.ru_utime + use.ru_stime for use in uses)


if __name__ == "__main__":
    main()
