"""Our three tags beside YAKE's, on what was said and on what was recognised.

    pip install 'flowlace[speech,bench]'
    python benchmarks/tags.py [--markdown FILE]

There is no truth for tags: read them. Texts are those of ../shared/data/audio/asr, as written, as a
transcriber without mistakes would write them, and as pocketsphinx heard them. YAKE is given the
same lengths of terms (one and two words). Cost is CPU time a word, the best of five runs.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import yake
from transcription_accuracy import AUDIO, FILES, Transcribe, read
from word_errors import normalised

from flowlace.tags.tagging import suggest_tags

REPEATS = 5
COUNT = 3
LONGEST_TERM = 2

Tagger = Callable[[str], list[str]]


def main() -> None:
    """Measures and prints, or writes a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--markdown", type=Path)
    arguments = parser.parse_args()
    lines = list(table(dict(texts())))
    print("\n".join(lines))
    if arguments.markdown:
        made = "Made by `python benchmarks/tags.py`."
        arguments.markdown.write_text("\n".join(["# Tags", "", made, "", *lines, ""]))


def texts() -> Iterator[tuple[str, str]]:
    """Yields names and texts: as written, as spoken, as heard."""
    transcribe = Transcribe("pocketsphinx", "")
    for name in FILES:
        written = (AUDIO / "asr" / f"{name}.txt").read_text(encoding="utf-8")
        heard = transcribe(read(AUDIO / "asr" / f"{name}.flac")).words
        yield f"{name}, as written", written
        yield f"{name}, as spoken", " ".join(normalised(written))
        yield f"{name}, as heard", " ".join(word.text for word in heard)


def table(by_name: dict[str, str]) -> Iterator[str]:
    """Yields a row a text."""
    extractor = yake.KeywordExtractor(lan="en", n=LONGEST_TERM, top=COUNT)
    ways: dict[str, Tagger] = {
        "flowlace": lambda text: suggest_tags(text.split(), COUNT),
        "YAKE": lambda text: [one for one, _ in extractor.extract_keywords(text)],
    }
    costs: dict[str, list[float]] = {name: [] for name in ways}
    yield f"| text | words | {' | '.join(ways)} |"
    yield "| --- | --- | --- | --- |"
    for name, text in by_name.items():
        count = len(text.split())
        for way, tags in ways.items():
            costs[way].append(1e6 * cost_s(tags, text) / count)
        found = (", ".join(tags(text)) for tags in ways.values())
        yield f"| {name} | {count} | {' | '.join(found)} |"
    listed = ", ".join(
        f"{way} {min(each):.0f} to {max(each):.0f} µs" for way, each in costs.items()
    )
    yield ""
    yield f"CPU time a word: {listed}."


def cost_s(tags: Tagger, text: str) -> float:
    """Returns the CPU time of one call, the best of some."""
    times = []
    for _ in range(REPEATS):
        begin = time.process_time()
        tags(text)
        times.append(time.process_time() - begin)
    return min(times)


if __name__ == "__main__":
    main()
