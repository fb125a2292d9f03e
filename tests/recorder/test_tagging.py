import pytest

from flowlace.formats.transcript import WordRow
from flowlace.recorder import Library
from flowlace.recorder.tagging import tags_of
from flowlace.tags import TagsError
from tests.recorder.conftest import Say

TALK = "the printing press changed books because the printing press made books cheap"


def rows(text: str) -> list[WordRow]:
    return [
        WordRow(start_us=n, end_us=n + 1, word=word, confidence=None, segment_id=0)
        for n, word in enumerate(text.split())
    ]


def test_a_recording_is_tagged_when_it_ends(library: Library, say: Say) -> None:
    assert "printing press" in [tag.lower() for tag in say("talk", TALK).tags]


def test_silence_has_no_tags() -> None:
    assert tags_of([]) == []


def test_tags_of_the_user_stay(library: Library, say: Say) -> None:
    recording = say("talk", TALK)
    library.set_tags(recording, ["mine"])
    library.finish(library.find("talk"), 1_000_000, "complete")
    assert library.find("talk").tags == ("mine",)


def test_without_the_models_a_recording_has_no_tags(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(words: list[WordRow]) -> list[str]:
        raise TagsError("the model is not here")

    monkeypatch.setattr("flowlace.recorder.tagging.suggest_tags", refuse)
    assert tags_of(rows(TALK)) == []
    assert "no tags: the model is not here" in caplog.text
