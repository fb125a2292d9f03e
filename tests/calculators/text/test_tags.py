"""Tags come once, at the end, from what was counted meanwhile."""

from typing import Any

import pytest

from flowlace.calculators.text.tags import TagsCalculator, TagsOptions
from flowlace.formats.transcript import WordRow
from flowlace.framework.errors import FlowlaceError, GraphConfigError
from flowlace.framework.packet import Packet
from flowlace.tags.tagging import suggest_tags
from flowlace.testing import at, run_calculator

SEGMENTS = (
    "the violin teacher said the violin needs strings",
    "because the strings of the violin broke during the concert in vienna",
    "and the orchestra in vienna had to wait for the violin",
)


def words(timestamp: int, text: str, segment_id: int = 0) -> Packet[Any]:
    rows = [
        WordRow(start_us=0, end_us=1, word=word, confidence=0.9, segment_id=segment_id)
        for word in text.split()
    ]
    return at(timestamp, rows)


SAID = [words(1000 * (number + 1), text, number) for number, text in enumerate(SEGMENTS)]


def test_tags_come_at_the_end_with_the_time_of_the_last_words() -> None:
    run = run_calculator(TagsCalculator, WORDS=SAID)
    [tags] = run.packets("TAGS")
    assert tags.timestamp == 3000
    assert tags.payload[0] == "violin"
    assert len(tags.payload) == 3


def test_they_are_those_of_all_words_at_once() -> None:
    rows = [row for packet in SAID for row in packet.payload]
    assert run_calculator(TagsCalculator, WORDS=SAID).payloads("TAGS") == [suggest_tags(rows)]


def test_fewer_may_be_asked_for() -> None:
    run = run_calculator(TagsCalculator, TagsOptions(max_tags=1), WORDS=SAID)
    assert run.payloads("TAGS") == [["violin"]]


def test_words_without_nouns_give_no_tags() -> None:
    assert run_calculator(TagsCalculator, WORDS=[words(5, "and then we were")]).payloads(
        "TAGS"
    ) == [[]]


def test_a_recording_without_words_gives_nothing() -> None:
    assert run_calculator(TagsCalculator, WORDS=[]).packets("TAGS") == []


def test_at_least_one_tag_is_asked_for() -> None:
    with pytest.raises(GraphConfigError, match="at least 1, not 0"):
        run_calculator(TagsCalculator, TagsOptions(max_tags=0), WORDS=[])


def test_what_is_no_list_of_words_is_refused() -> None:
    with pytest.raises(FlowlaceError, match=r"list\[WordRow\], but a str"):
        run_calculator(TagsCalculator, WORDS=[at(1, "violin")])
