import base64
import json
import re
from typing import Any

import pytest

from flowlace.drawing.sound_player import sound_player
from flowlace.formats.sound_event import SoundBar, SoundEvent
from flowlace.formats.transcript import WordRow

SECOND = 1_000_000


def word(text: str, start_us: int = 0) -> WordRow:
    return WordRow(start_us=start_us, end_us=start_us + 1, word=text, confidence=None, segment_id=0)


def page(**given: Any) -> str:
    settings: dict[str, Any] = {
        "title": "Yard",
        "audio": b"sound",
        "media_type": "audio/flac",
        "duration_us": SECOND,
    }
    return sound_player(**settings | given)


def data_of(text: str) -> Any:
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    return json.loads(found)


def test_the_page_carries_the_sound_and_needs_nothing_else() -> None:
    text = page(audio=bytes(range(256)))
    assert base64.b64decode(data_of(text)["audio"]) == bytes(range(256))
    assert not re.findall(r'(?:src|href)\s*=\s*"', text)
    assert "http" not in text.replace("http-equiv", "")


def test_every_bar_lies_at_its_time() -> None:
    bars = [
        SoundBar(timestamp_us=100_000, label="dog", score=1.0, dbfs=0.0),
        SoundBar(timestamp_us=150_000, label="", score=0.0, dbfs=-30.0),
        SoundBar(timestamp_us=2 * SECOND, label="dog", score=1.0, dbfs=0.0),
    ]
    data = data_of(page(bars=bars, duration_us=300_000))
    assert list(base64.b64decode(data["bar_labels"])) == [255, 255, 0, 255, 255, 255]
    assert list(base64.b64decode(data["bar_levels"])) == [0, 0, 255, 128, 0, 0]


def test_no_word_can_end_the_script() -> None:
    hostile = "</script><script>alert(1)</script><!--"
    text = page(words=[word(hostile)], tags=[hostile], title=hostile)
    assert data_of(text)["words"][0][2] == hostile
    assert text.count("alert(1)") == 4
    assert "<script>alert" not in text


def test_a_title_that_looks_like_a_place_of_the_template_stays_a_title() -> None:
    text = page(words=[word("__TITLE__"), word("__DATA__")], title="__DATA__")
    assert [one[2] for one in data_of(text)["words"]] == ["__TITLE__", "__DATA__"]


def test_events_name_their_label_by_number() -> None:
    event = SoundEvent(onset_us=5, offset_us=9, label="rain", score=0.75)
    data = data_of(page(events=[event]))
    assert data["events"] == [[5, 9, 0, 0.75]]
    assert data["labels"] == ["rain"]
    assert data["heard"] == [False]


def test_more_labels_than_a_byte_can_tell_do_not_fail() -> None:
    bars = [
        SoundBar(timestamp_us=n * 50_000, label=f"sound {n}", score=1.0, dbfs=0.0)
        for n in range(300)
    ]
    data = data_of(page(bars=bars, duration_us=300 * 50_000))
    assert len(data["labels"]) == 300
    assert base64.b64decode(data["bar_labels"]).count(255) == 300 - 254


def test_a_recording_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="a player needs a recording with a length"):
        page(duration_us=0)
