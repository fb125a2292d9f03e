from flowlace.drawing.sound_colours import (
    NO_SOUND,
    NOTHING,
    OTHER_SOUNDS,
    OTHERS,
    PALETTE,
    bars_by_label,
    legend,
    sound_colours,
)
from flowlace.formats.sound_event import SoundBar


def bar(label: str) -> SoundBar:
    return SoundBar(timestamp_us=0, label=label, score=1.0, dbfs=0.0)


def test_labels_are_listed_by_how_long_they_were_heard() -> None:
    heard = bars_by_label(map(bar, ("rain", "dog", "dog", "", "")))
    assert list(heard.items()) == [("dog", 2), ("rain", 1)]


def test_the_first_labels_get_different_colours_and_the_rest_share_one() -> None:
    labels = [f"sound {n:02}" for n in range(len(PALETTE) + 3)]
    colours = sound_colours(labels)
    assert len({colours[label] for label in labels[: len(PALETTE)]}) == len(PALETTE)
    assert {colours[label] for label in labels[len(PALETTE) :]} == {OTHERS}


def test_a_sound_has_its_colour_in_every_recording() -> None:
    alone = sound_colours(["speech"])["speech"]
    assert sound_colours(["speech", "sneeze", "rain", "music"])["speech"] == alone


def test_where_two_want_one_colour_the_more_important_gets_it() -> None:
    wants = {label: sound_colours([label])[label] for label in map(str, range(40))}
    first, second = next((a, b) for a in wants for b in wants if a != b and wants[a] == wants[b])
    both = sound_colours([first, second])
    assert both[first] == wants[first] != both[second]


def test_the_legend_names_what_shares_a_colour_once() -> None:
    counts = {f"sound {n:02}": 20 - n for n in range(15)}
    entries = legend(counts, sound_colours(counts), has_unlabelled=True)
    assert len(entries) == len(PALETTE) + 2
    assert entries[-2:] == [(OTHER_SOUNDS, OTHERS), (NO_SOUND, NOTHING)]
