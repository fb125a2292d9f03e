"""How far results may be off and still count as the same.

Everything is exact unless a tolerance is given. A number is judged by the name of its field,
because names carry units here: `onset_us` is a time, `score` a score, `x` a number.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace

from flowlace.comparison.errors import ComparisonError

_TIME_UNITS_US = {"us": 1.0, "ms": 1e3, "s": 1e6, "min": 6e7, "minutes": 6e7}
_TIME_FIELD = re.compile(r".*_(us|ms|s|minutes)")
_SCORE_FIELDS = frozenset(("score", "scores", "confidence", "probability"))
_QUANTITY = re.compile(r"\s*([-+0-9.eE]+|inf)\s*([A-Za-z%]*)\s*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Tolerances:
    """What is allowed, by kind of value; the defaults allow nothing.

    Raises:
        ComparisonError: a number that no value could meet, as an IoU of 2.
    """

    box: float = 1.0
    """Least IoU of two boxes, 0..1; their coordinates are not looked at any further."""
    score: float = 0.0
    """Largest error of fields called score, confidence or probability."""
    time: float = 0.0
    """Microseconds that timestamps and fields with a unit of time may be apart."""
    number: float = 0.0
    """Largest error of any other number, in arrays too."""
    relative: float = 0.0
    """The same as a share of the number that was expected; the two add up."""
    outliers: float = 0.0
    """Share of an array's values that may be further off, or be NaN on one side only."""
    image: float = math.inf
    """Least peak signal-to-noise ratio of pictures, in dB; infinite for equal pixels."""
    sound: float = math.inf
    """Least signal-to-noise ratio of sound and spectra, in dB."""
    words: float = 0.0
    """Largest word error rate of texts, 0..1."""
    fields: Mapping[str, float] = field(default_factory=dict)
    """Largest error of fields of these names; goes before all others."""
    ignore: frozenset[str] = frozenset()
    """Fields, by name or path without indices, that are not looked at."""
    keys: tuple[str, ...] = ()
    """Fields by which rows of a list are paired; by place, overlap or order where empty."""
    are_ids_renamed: bool = False
    """Whether ids may be others, as long as each stands for the same one all the time."""

    def __post_init__(self) -> None:
        for name, value in (*self._numbers().items(), *self.fields.items()):
            if math.isnan(value) or value < 0:
                raise ComparisonError(f"tolerance {name}={value:g} has to be a number from 0 on")
        for name in ("box", "outliers"):
            if getattr(self, name) > 1:
                value = getattr(self, name)
                raise ComparisonError(f"tolerance {name}={value:g} is a share, 0 to 1")

    def _numbers(self) -> dict[str, float]:
        return {name: getattr(self, name) for name in KINDS}

    @property
    def has_order(self) -> bool:
        """Whether the order of boxes and events in a list has to be the same too."""
        return self.box == 1 and self.time == 0 and not self.keys

    def error_of(self, name: str) -> float:
        """Returns the absolute error that is allowed for a number in a field of that name."""
        if name in self.fields:
            return self.fields[name]
        if match := _TIME_FIELD.fullmatch(name):
            return self.time / _TIME_UNITS_US[match[1]]
        return max(self.score, self.number) if name in _SCORE_FIELDS else self.number

    def share_of(self, name: str) -> float:
        """Returns the same as a share of the expected number; times have none."""
        return 0.0 if name in self.fields or _TIME_FIELD.fullmatch(name) else self.relative

    def as_words(self) -> list[str]:
        """Returns what is not the default as `NAME=VALUE`; `parse_tolerances` reads it back."""
        default = Tolerances()
        texts = [
            f"{name}={value:g}{'us' if name == 'time' else ''}"
            for name, value in self._numbers().items()
            if value != getattr(default, name)
        ]
        return texts + [f"{name}={value:g}" for name, value in self.fields.items()]


KINDS = tuple(
    each.name
    for each in fields(Tolerances)
    if each.name not in ("fields", "ignore", "keys", "are_ids_renamed")
)
"""Names of tolerances; any other name is that of a field."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamTolerances:
    """Tolerances of several streams."""

    common: Tolerances = field(default_factory=Tolerances)
    """Of streams that have none of their own."""
    by_stream: Mapping[str, Tolerances] = field(default_factory=dict)

    def of(self, stream: str) -> Tolerances:
        """Returns those of one stream."""
        return self.by_stream.get(stream, self.common)


def parse_stream_tolerances(
    texts: Iterable[str], base: Tolerances | None = None
) -> StreamTolerances:
    """Returns tolerances from `NAME=VALUE` for all streams and `STREAM:NAME=VALUE` for one.

    Those of one stream come on top of those for all.

    >>> parse_stream_tolerances(["score=0.1", "objects:box=0.9"]).of("objects").score
    0.1
    """
    texts = list(texts)
    named = [text.partition(":") for text in texts if ":" in text.partition("=")[0]]
    common = parse_tolerances([text for text in texts if ":" not in text.partition("=")[0]], base)
    own = {
        stream: parse_tolerances([rest for name, _, rest in named if name == stream], common)
        for stream, _, _ in named
    }
    return StreamTolerances(common=common, by_stream=own)


def parse_tolerances(texts: Iterable[str], base: Tolerances | None = None) -> Tolerances:
    """Returns tolerances from `NAME=VALUE`, NAME being one of `KINDS` or that of a field.

    Units may follow: `time=50ms`, `image=40dB`, `words=10%`.

    >>> parse_tolerances(["box=0.9", "time=50ms", "dbfs=0.5"]).time
    50000.0
    """
    made = base or Tolerances()
    for text in texts:
        name, equals, value = text.partition("=")
        match = _QUANTITY.fullmatch(value)
        if not (name and equals and match):
            raise ComparisonError(
                f"tolerance {text!r}: expected NAME=NUMBER, as box=0.9, time=50ms or x=0.5"
            )
        number = _number(text, name, match[1], match[2])
        if name in KINDS:
            made = replace(made, **{name: number})  # type: ignore[arg-type]  # only numbers
        else:
            made = replace(made, fields={**made.fields, name: number})
    return made


def _number(text: str, name: str, value: str, unit: str) -> float:
    scales = {"": 1.0, "%": 0.01}
    if name == "time":
        scales = {"": 1.0, **_TIME_UNITS_US}
    elif name in ("image", "sound"):
        scales = {"": 1.0, "dB": 1.0}
    try:
        return float(value) * scales[unit]
    except (KeyError, ValueError):
        known = ", ".join(each for each in scales if each)
        raise ComparisonError(
            f"tolerance {text!r}: {value + unit!r} is no number with a unit of: {known}"
        ) from None
