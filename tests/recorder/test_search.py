import sqlite3

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from flowlace.recorder import Hit, Library, SearchError, search_library
from flowlace.recorder.recording_writer import RecordingWriter
from tests.recorder.conftest import Say

FOX = "the quick brown fox jumps over the lazy dog"


def places(hits: list[Hit]) -> list[tuple[str, float]]:
    return [(hit.recording, hit.start_us / 1e6) for hit in hits]


def test_a_word_is_found_with_its_recording_its_time_and_what_is_around(
    library: Library, say: Say
) -> None:
    say("one", "nothing here", FOX)
    say("two", "no animals at all")
    [hit] = search_library(library, "fox").hits
    assert hit == Hit(
        recording="one",
        start_us=2_500_000,
        end_us=2_900_000,
        kind="word",
        snippet="the quick brown **fox** jumps over the lazy dog",
        score=pytest.approx(hit.score),
    )
    assert hit.score > 0


@pytest.mark.parametrize("query", ["jumping", "JUMPED", "jump*", '"fox jumps"', "dog fox"])
def test_words_are_found_in_other_forms_and_orders(query: str, library: Library, say: Say) -> None:
    say("one", FOX)
    assert len(search_library(library, query).hits) == 1


@pytest.mark.parametrize("query", ["wolf", '"jumps fox"', "fox wolf", "elephant*"])
def test_what_was_not_said_is_not_found(query: str, library: Library, say: Say) -> None:
    say("one", FOX)
    assert search_library(library, query).hits == []


def test_a_phrase_has_the_time_of_its_first_word_and_its_last(library: Library, say: Say) -> None:
    say("one", FOX)
    [hit] = search_library(library, '"brown fox jumps"').hits
    assert (hit.start_us, hit.end_us) == (1_000_000, 2_400_000)
    assert hit.snippet.startswith("the quick **brown fox jumps** over")


def test_a_long_text_is_cut_around_what_was_found(library: Library, say: Say) -> None:
    say("one", " ".join(f"w{n}" for n in range(30)))
    [hit] = search_library(library, "w15").hits
    assert hit.snippet == "… w9 w10 w11 w12 w13 w14 **w15** w16 w17 w18 w19 w20 w21 w22 w23 w24 …"


def test_what_fits_best_comes_first(library: Library, say: Say) -> None:
    say("long", "a fox among very many other words that say nothing")
    say("short", "fox fox")
    assert [hit.recording for hit in search_library(library, "fox").hits] == ["short", "long"]


def test_words_that_are_everywhere_come_by_time_the_newest_first(
    library: Library, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flowlace.recorder.search.MOST_RANKED", 2)
    for name in ("old", "middle", "new"):
        say(name, "the fox")
    result = search_library(library, "fox", limit=2)
    assert [(hit.recording, hit.score) for hit in result.hits] == [("new", 0), ("middle", 0)]
    assert result.words == 3


def test_the_limit_is_for_each_kind(library: Library, say: Say) -> None:
    say("one", *["dog"] * 5, sounds=tuple(("dog", at) for at in range(5)))
    result = search_library(library, "dog", limit=2)
    assert [hit.kind for hit in result.hits] == ["word", "word", "sound", "sound"]
    assert (result.words, result.sounds) == (5, 5)


def test_a_sound_is_found_by_its_label_however_it_is_spelt(library: Library, say: Say) -> None:
    say("one", sounds=(("dog_bark", 3), ("cat", 4)))
    expected = [Hit(
        recording="one", start_us=3_000_000, end_us=3_500_000, kind="sound", snippet="dog_bark",
        score=0.5,
    )]  # fmt: skip
    for query in ("dog_bark", "dog bark", "Dog-Bark", "dog", "bark"):
        assert search_library(library, query).hits == expected


def test_the_label_itself_comes_before_its_beginning_and_sure_sounds_before_others(
    library: Library, say: Say
) -> None:
    say("a", sounds=(("dog_bark", 1),), score=0.9)
    say("b", sounds=(("dog", 1),), score=0.4)
    say("c", sounds=(("dog", 1), ("hot dog", 2)), score=0.6)
    assert [(hit.recording, hit.snippet) for hit in search_library(library, "dog").hits] == [
        ("c", "dog"), ("b", "dog"), ("a", "dog_bark"), ("c", "hot dog"),
    ]  # fmt: skip


def test_a_label_alone_finds_sounds_only(library: Library, say: Say) -> None:
    say("one", "dog", sounds=(("dog", 7),))
    assert places(search_library(library, "", label="dog").hits) == [("one", 7.0)]


def test_words_near_a_sound(library: Library, say: Say) -> None:
    say("near", "come here", sounds=(("dog_bark", 4), ("cat", 90)))
    say("far", "come here", sounds=(("cat", 1), ("dog_bark", 20)))
    say("none", "come here")
    result = search_library(library, "come", label="dog bark")
    assert [(hit.recording, hit.kind) for hit in result.hits] == [("near", "word")]
    assert (result.words, result.sounds) == (1, 0)
    assert search_library(library, "come", label="elephant").hits == []


def test_a_removed_recording_is_not_found(library: Library, say: Say) -> None:
    library.remove(say("one", FOX, sounds=(("dog", 1),)))
    assert search_library(library, "dog").hits == []


def test_words_may_hold_spaces_and_signs(library: Library, say: Say) -> None:
    say("one", "at 5\u00a0o'clock the \u201cfox\u201d came")
    [hit] = search_library(library, "fox").hits
    assert hit.start_us == 1_500_000
    assert "**fox**" in hit.snippet


def test_a_beginning_that_is_too_short_says_so(library: Library) -> None:
    with pytest.raises(SearchError, match="'fo\\*' is too short"):
        search_library(library, "fo*")


@pytest.mark.usefixtures("say")
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    query=st.one_of(
        st.text(max_size=40),
        st.text(alphabet="abc\"*()^:{}+-.,' \x00", max_size=20),
        st.lists(
            st.sampled_from(["NEAR(", "AND", "OR", "NOT", '"', "fox*", "text:", "^", "a b", ")"]),
            max_size=8,
        ).map(" ".join),
    ),
    label=st.text(max_size=10),
)
@example(query="\ud800", label="")
@example(query='"', label='"')
@example(query="\x02\x03", label="%_")
def test_nothing_a_user_types_breaks_the_search(query: str, label: str, library: Library) -> None:
    if not library.recordings():
        _one_recording(library)
    try:
        hits = search_library(library, query, label=label).hits
    except SearchError:
        assert "*" in query
    else:
        assert all(hit.recording == "one" for hit in hits)


def _one_recording(library: Library) -> None:
    from flowlace.formats.transcript import WordRow
    from flowlace.framework.clock import MonotonicClock

    recording = library.add("one", "test", "2026-01-01T00:00:00+00:00")
    writer = RecordingWriter(library, recording, MonotonicClock())
    writer.start(0)
    for number, word in enumerate(FOX.split()):
        writer.add(
            [WordRow(start_us=number, end_us=number, word=word, confidence=None, segment_id=0)]
        )
    writer.close()


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(words=st.lists(st.text(alphabet="abcdefgh\u0301é东1", min_size=1, max_size=8), min_size=1))
def test_every_word_that_was_said_is_found(words: list[str], library: Library, say: Say) -> None:
    name = f"take {len(library.recordings())}"
    recording = say(name, " ".join(words))
    try:
        for word in words:
            found = search_library(library, f'"{word}"', limit=1000).hits
            assert any(hit.recording == name for hit in found) or not _letters(word)
    finally:
        library.remove(recording)


def _letters(word: str) -> bool:
    """Tells whether there is anything in it but accents."""
    return any(letter.isalnum() for letter in word)


def test_a_damaged_index_is_an_error_that_says_what_to_do(library: Library, say: Say) -> None:
    say("one", FOX)
    library.connection.execute("DROP TABLE spoken_data")
    library.connection.commit()
    with pytest.raises(Exception, match="library"), Library(library.folder) as opened:
        search_library(opened, "fox")
    assert issubclass(sqlite3.OperationalError, sqlite3.DatabaseError)
