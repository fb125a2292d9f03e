"""Option dataclasses are protobuf messages with the numbers they say."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlace.framework.errors import FlowlaceError
from flowlace.framework.options import (
    derived_extension,
    option,
    option_fields,
    options_message,
    proto_options,
)
from flowlace.framework.options_message import (
    merge_options,
    options_from_message,
    options_to_message,
)
from flowlace.framework.schema import current_schema
from tests.framework.sample_calculators import (
    PlainOptions,
    SampleMode,
    SampleOptions,
    SampleWindow,
)


def test_fields_without_a_default_start_at_zero_of_their_kind() -> None:
    options = SampleOptions()
    assert (options.period_us, options.is_on, options.blob) == (0, False, b"")
    assert (options.mode, options.maximum, options.weights) == (SampleMode.SLOW, None, ())


def test_the_descriptor_has_the_numbers_kinds_and_defaults_of_the_dataclass() -> None:
    descriptor: Any = current_schema().descriptor("sample.SampleOptions")
    fields = {field.name: field for field in descriptor.fields}
    assert fields["limit"].number == 1
    assert fields["limit"].default_value == 10
    assert fields["rate"].cpp_type == fields["rate"].CPPTYPE_FLOAT
    assert fields["period_us"].cpp_type == fields["period_us"].CPPTYPE_INT64
    assert fields["mode"].enum_type.values_by_name["FAST"].number == 3
    assert fields["window"].message_type.full_name == "sample.SampleOptions.Window"
    assert current_schema().extension("sample.SampleOptions.ext").number == 400000001


def test_absent_fields_keep_the_defaults_of_the_class() -> None:
    message = current_schema().message_class("sample.SampleOptions")()
    assert options_from_message(SampleOptions, message) == SampleOptions()


def test_a_float_reads_as_its_author_wrote_it() -> None:
    message = options_to_message(SampleOptions(rate=0.3))
    assert options_from_message(SampleOptions, message).rate == 0.3


def test_an_empty_message_field_is_present() -> None:
    message = options_to_message(SampleOptions(window=SampleWindow()))
    assert options_from_message(SampleOptions, message).window == SampleWindow()


_INT32 = st.integers(-(2**31), 2**31 - 1)
# protobuf's JSON writes the largest float32 in a way its own reader refuses.
_FLOAT = st.floats(-(2.0**120), 2.0**120, width=32)
_WINDOWS = st.builds(SampleWindow, size=_INT32, taper=_FLOAT)
SAMPLE_OPTIONS = st.builds(
    SampleOptions,
    limit=st.integers(0, 2**31 - 1),
    period_us=st.integers(-(2**63), 2**63 - 1),
    rate=_FLOAT,
    exact=st.floats(allow_nan=False),
    is_on=st.booleans(),
    label=st.text(),
    blob=st.binary(),
    mode=st.sampled_from(SampleMode),
    maximum=st.none() | _INT32,
    weights=st.lists(_FLOAT, max_size=3).map(tuple),
    window=st.none() | _WINDOWS,
    windows=st.lists(_WINDOWS, max_size=2).map(tuple),
    names=st.lists(st.text(), max_size=2).map(tuple),
)


@given(SAMPLE_OPTIONS)
def test_what_goes_into_a_message_comes_out_again(options: SampleOptions) -> None:
    message: Any = options_to_message(options)
    again = type(message).FromString(message.SerializeToString())
    found = options_from_message(SampleOptions, again)
    assert found.exact == options.exact
    assert options_to_message(found) == message


@given(SAMPLE_OPTIONS, SAMPLE_OPTIONS)
def test_merging_equals_the_merge_of_the_messages(base: SampleOptions, over: SampleOptions) -> None:
    base = replace(base, window=None, rate=0.5)
    over = replace(over, rate=0.5)
    merged: Any = options_to_message(base)
    merged.MergeFrom(options_to_message(over))
    assert options_to_message(merge_options(base, over)) == merged


def test_merging_takes_only_what_differs_from_the_defaults() -> None:
    base = SampleOptions(limit=3, label="base", names=("a",))
    over = SampleOptions(label="over", names=("b",))
    assert merge_options(base, over) == SampleOptions(limit=3, label="over", names=("a", "b"))


def test_a_plain_dataclass_gets_a_name_and_numbers_by_itself() -> None:
    assert options_message(PlainOptions).full_name == "tests.PlainOptions"
    assert options_message(PlainOptions).extension == derived_extension("tests.PlainOptions")
    assert [field.number for field in option_fields(PlainOptions)] == [1, 2]


def test_the_text_under_a_field_describes_it() -> None:
    assert option_fields(SampleOptions)[0].doc == "How many at most."


def test_two_fields_with_one_number_are_refused() -> None:
    with pytest.raises(FlowlaceError, match="first and second both have number 1"):

        @proto_options("sample.TwiceOptions")
        @dataclass(frozen=True, kw_only=True, slots=True)
        class TwiceOptions:
            first: int = option(1)
            second: int = option(1)


def test_a_type_that_has_no_place_in_a_graph_file_is_refused() -> None:
    with pytest.raises(FlowlaceError, match="has no place in a graph file; use int, float"):

        @proto_options("sample.OddOptions")
        @dataclass(frozen=True, kw_only=True, slots=True)
        class OddOptions:
            table: dict[str, int] = option(1)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(FlowlaceError, match="'int128' is not one of bool, bytes"):
        option(1, "int128")


def test_a_name_taken_by_another_class_is_refused() -> None:
    with pytest.raises(FlowlaceError, match=r"'sample.SampleOptions' is already .*SampleOptions"):

        @proto_options("sample.SampleOptions")
        @dataclass(frozen=True, kw_only=True, slots=True)
        class Other:
            limit: int = option(1)


def test_a_class_defined_again_replaces_the_first() -> None:
    def define(default: int) -> Any:
        @proto_options("sample.NotebookOptions")
        @dataclass(frozen=True, kw_only=True, slots=True)
        class NotebookOptions:
            size: int = option(1, default=default)

        return NotebookOptions

    define(1)
    current_schema()
    again = define(2)
    descriptor: Any = current_schema().descriptor("sample.NotebookOptions")
    assert descriptor.fields_by_name["size"].default_value == 2
    assert options_from_message(again, options_to_message(again())).size == 2


def test_listings_name_types_the_way_people_write_them() -> None:
    names = {field.name: field.type_name for field in option_fields(SampleOptions)}
    assert names["period_us"] == "int64"
    assert names["mode"] == "SampleMode (SLOW, FAST)"
    assert names["windows"] == "repeated SampleWindow"
