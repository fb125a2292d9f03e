"""One colour for each sound, the same in every picture of the same labels.

Twelve colours are told apart by people with any kind of colour vision (after Paul Tol's "muted"
scheme, widened); the sounds heard longest get them, all others share a gray.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from zlib import crc32

from flowlace.formats.sound_event import SoundBar

Colour = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""

PALETTE: tuple[Colour, ...] = (
    (51, 34, 136),
    (204, 102, 119),
    (17, 119, 51),
    (221, 160, 40),
    (136, 204, 238),
    (136, 34, 85),
    (68, 170, 153),
    (230, 97, 1),
    (170, 68, 153),
    (123, 133, 28),
    (31, 119, 180),
    (145, 90, 50),
)
NOTHING: Colour = (176, 182, 190)
"""Where nothing is certain enough."""
OTHERS: Colour = (95, 99, 104)
"""Sounds beyond the palette."""
OTHER_SOUNDS = "other sounds"
"""What the legend calls them."""
NO_SOUND = "no certain sound"
"""What the legend calls bars without a label."""


def bars_by_label(bars: Iterable[SoundBar]) -> dict[str, int]:
    """Returns the labels of bars with how many bars each has, the longest heard first."""
    counts = Counter(bar.label for bar in bars if bar.label)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def sound_colours(labels: Iterable[str]) -> dict[str, Colour]:
    """Returns a colour for each label, given with the most important first.

    A label's colour comes from its name, so it is the same in other recordings; where two want
    the same one, the more important gets it and the other the next that is free.

    >>> sound_colours(["speech"])["speech"] == sound_colours(["rain", "speech"])["speech"]
    True
    """
    listed = list(labels)
    colours = dict.fromkeys(listed, OTHERS)
    free = dict.fromkeys(range(len(PALETTE)))
    for label in listed[: len(PALETTE)]:
        wanted = crc32(label.encode("utf-8", "replace")) % len(PALETTE)
        place = min(free, key=lambda one: (one - wanted) % len(PALETTE))
        colours[label] = PALETTE[place]
        del free[place]
    return colours


def legend(
    labels: Collection[str], colours: Mapping[str, Colour], *, has_unlabelled: bool = False
) -> list[tuple[str, Colour]]:
    """Returns what a legend lists: labels with a colour of their own, the others, and none."""
    entries = [(label, colours[label]) for label in labels if colours[label] != OTHERS]
    if any(colours[label] == OTHERS for label in labels):
        entries.append((OTHER_SOUNDS, OTHERS))
    if has_unlabelled:
        entries.append((NO_SOUND, NOTHING))
    return entries


def as_hex(colour: Colour) -> str:
    """Returns a colour as pages write it.

    >>> as_hex((255, 0, 16))
    '#ff0010'
    """
    return "#{:02x}{:02x}{:02x}".format(*colour)
