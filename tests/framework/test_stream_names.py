"""Streams are named TAG:index:name."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlace.framework.errors import Location
from flowlace.framework.stream_names import (
    LocatedText,
    StreamNameError,
    join_stream_name,
    location_of,
    parse_collection,
    parse_stream_name,
    parse_tag_index,
    rename,
)
from tests.framework.sample_calculators import messages

TAGS = st.from_regex(r"[A-Z_][A-Z0-9_]{0,5}", fullmatch=True)
NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True)


@given(TAGS, st.integers(0, 99), NAMES)
def test_a_name_is_made_of_its_parts(tag: str, index: int, name: str) -> None:
    assert parse_stream_name(join_stream_name(tag, index, name))[:3] == (tag, index, name)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Frames", "the name 'Frames' has to be lower case, as in camera_frames"),
        ("video:frames", "the tag 'video' has to be upper case, as in VIDEO:frames"),
        ("VIDEO:01:frames", "the index '01' has to be a number without leading zeros"),
        ("A:1:b:c", "write name, TAG:name or TAG:index:name"),
        ("", "the name '' has to be lower case"),
        ("VIDEO:", "the name '' has to be lower case"),
    ],
)
def test_a_text_that_is_no_name_says_why(text: str, reason: str) -> None:
    with pytest.raises(StreamNameError) as caught:
        parse_stream_name(text)
    assert reason in str(caught.value)


def test_collections_are_untagged_first_then_by_tag_and_index() -> None:
    names, problems = parse_collection(["B:b", "x", "A:1:a1", "A:0:a0", "y"])
    assert [each.label for each in names] == ["[0]", "[1]", "A", "A:1", "B"]
    assert [each.name for each in names] == ["x", "y", "a0", "a1", "b"]
    assert problems == []


def test_gaps_and_repeated_indexes_are_reported() -> None:
    _, problems = parse_collection(["A:a", "A:b", "B:2:c", "B:0:d"])
    assert messages(problems) == [
        "input_stream: A is given twice, to 'a' and to 'b' (number them: A:0:…, A:1:…)",
        "input_stream: B:2 is given but B:1 is not (number the indexes from 0 without gaps)",
    ]


@pytest.mark.parametrize(
    ("text", "port"), [("A", ("A", 0)), ("", ("", 0)), (":3", ("", 3)), ("A:2", ("A", 2))]
)
def test_a_port_may_leave_out_tag_or_index(text: str, port: tuple[str, int]) -> None:
    assert parse_tag_index(text) == port


def test_renaming_keeps_tag_index_and_place() -> None:
    place = Location("g", 3, 4)
    renamed = rename(LocatedText("A:1:old", place), "new")
    assert renamed == "A:1:new"
    assert location_of(renamed) == place
    assert location_of(copy.deepcopy(renamed)) == place
