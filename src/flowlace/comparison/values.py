"""Compares two payloads, however deep, and tells every place where they are not alike."""

import cmath
import math
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from typing import Any, TypeVar

import numpy as np

from flowlace.comparison.arrays import array_mismatch
from flowlace.comparison.boxes import box_fields, corners_of, overlap
from flowlace.comparison.identities import Renaming, is_id
from flowlace.comparison.mismatch import NOTHING, Mismatch
from flowlace.comparison.pairing import pair_elements
from flowlace.comparison.records import is_list, record_fields
from flowlace.comparison.signals import image_mismatch, sound_mismatch
from flowlace.comparison.tolerances import Tolerances
from flowlace.comparison.words import spoken, word_error_rate
from flowlace.formats.image import Image
from flowlace.formats.sound_scores import SoundScores
from flowlace.formats.tensor import Tensor
from flowlace.formats.time_series import Matrix

_T = TypeVar("_T")
Compare = Callable[[Any, Any, "ValueComparison"], Iterator[Mismatch]]
"""Tells how two payloads of one type differ."""

_by_type: dict[type, Compare] = {}


def compares(payload_type: type[_T]) -> Callable[[Compare], Compare]:
    """Registers how payloads of a type are compared, for types this package does not know.

    The function gets the expected and the actual payload and the `ValueComparison`, whose
    `mismatches` compares parts and whose `tolerances` tell what is allowed.
    """

    def register(compare: Compare) -> Compare:
        _by_type[payload_type] = compare
        return compare

    return register


class ValueComparison:
    """Compares the payloads of one stream, in order: ids that may be renamed are remembered."""

    def __init__(self, tolerances: Tolerances | None = None) -> None:
        self.tolerances = tolerances or Tolerances()
        self.met: set[str] = set()
        """Names of fields that were looked at, to tell a tolerance for none."""
        self._renamings: dict[str, Renaming] = {}

    def mismatches(self, expected: Any, actual: Any, name: str = "") -> Iterator[Mismatch]:
        """Gives every place where two values differ; `name` is that of the field they are in."""
        self.met.add(name)
        if self.tolerances.are_ids_renamed and is_id(name, expected) and is_id(name, actual):
            yield from self._ids(expected, actual, name)
            return
        if expected is actual:
            return
        compare = next((_by_type[c] for c in type(expected).__mro__ if c in _by_type), None)
        if compare is not None and isinstance(actual, type(expected)):
            yield from compare(expected, actual, self)
        elif _is_number(expected) and _is_number(actual):
            yield from self._numbers(expected, actual, name)
        elif isinstance(expected, np.ndarray) and isinstance(actual, np.ndarray):
            yield from self.arrays(expected, actual, name)
        elif isinstance(expected, str) and isinstance(actual, str):
            yield from self._texts(expected, actual)
        elif is_list(expected) and is_list(actual):
            yield from self._lists(expected, actual, name)
        elif record_fields(expected) is not None and _are_of_one_kind(expected, actual):
            yield from self._records(expected, actual)
        else:
            yield from _others(expected, actual)

    def arrays(self, expected: Any, actual: Any, name: str = "") -> Iterator[Mismatch]:
        """Gives how two arrays differ; the field's name says which tolerance holds."""
        found = array_mismatch(
            expected,
            actual,
            number=self.tolerances.error_of(name),
            relative=self.tolerances.share_of(name),
            outliers=self.tolerances.outliers,
        )
        if found is not None:
            yield found

    def _numbers(self, expected: Any, actual: Any, name: str) -> Iterator[Mismatch]:
        if expected == actual or (_is_nan(expected) and _is_nan(actual)):
            return
        if not (_is_finite(expected) and _is_finite(actual)):
            yield Mismatch("differs, and one is not finite", expected, actual)
            return
        # Of numpy's numbers as Python's: 3 - 5 of eight bits without a sign is 254.
        first, second = _plain(expected), _plain(actual)
        limit = self.tolerances.error_of(name)
        limit += self.tolerances.share_of(name) * abs(first)
        error = abs(second - first)
        if not error <= limit:
            allowed = f", {limit:.4g} is allowed" if limit else ""
            yield Mismatch(f"off by {error:.6g}{allowed}", expected, actual, deviation=float(error))

    def _ids(self, expected: Any, actual: Any, name: str) -> Iterator[Mismatch]:
        why = self._renamings.setdefault(name, Renaming()).contradiction(expected, actual)
        if why:
            yield Mismatch(why, expected, actual)

    def _texts(self, expected: str, actual: str) -> Iterator[Mismatch]:
        if expected != actual:
            limit = self.tolerances.words
            rate = word_error_rate(expected, actual) if limit else 1.0
            if not limit or rate > limit:
                what = f"word error rate {rate:.1%}, {limit:.1%} is allowed" if limit else "differs"
                yield Mismatch(what, expected, actual, deviation=rate if limit else None)

    def _lists(
        self, expected: Sequence[Any], actual: Sequence[Any], name: str
    ) -> Iterator[Mismatch]:
        if self.tolerances.words and (first := spoken(expected)) and (second := spoken(actual)):
            yield from self._texts(first, second)
            return
        pairs = pair_elements(expected, actual, self.tolerances)
        for e, a in pairs:
            if a is None:
                assert e is not None
                yield Mismatch("is missing", expected[e], NOTHING, f"[{e}]")
            elif e is None:
                yield Mismatch("was not expected", NOTHING, actual[a], f"[{a}]")
            else:
                for each in self.mismatches(expected[e], actual[a], name):
                    inside = each.inside(f"[{e}]")
                    is_record = record_fields(expected[e]) is not None
                    yield inside.of_record(expected[e], actual[a]) if is_record else inside
        order = [a for e, a in pairs if e is not None and a is not None]
        if self.tolerances.has_order and order != sorted(order):
            yield Mismatch("the same elements come in another order", expected, actual)

    def _records(self, expected: Any, actual: Any) -> Iterator[Mismatch]:
        first, second = record_fields(expected) or {}, record_fields(actual) or {}
        skipped = set(self.tolerances.ignore)
        if self.tolerances.box < 1 and (names := box_fields(first)) and box_fields(second):
            skipped |= set(names)
            self.met |= set(names)
            yield from self._boxes(expected, actual)
        for name in [*first, *(name for name in second if name not in first)]:
            if name in skipped:
                self.met.add(name)
            elif name not in second:
                yield Mismatch("the field is missing", first[name], NOTHING, name)
            elif name not in first:
                yield Mismatch("the field was not expected", NOTHING, second[name], name)
            else:
                for each in self.mismatches(first[name], second[name], name):
                    if each.inside(name).kind not in self.tolerances.ignore:
                        yield each.inside(name)

    def _boxes(self, expected: Any, actual: Any) -> Iterator[Mismatch]:
        first, second = corners_of(expected), corners_of(actual)
        assert first is not None
        assert second is not None
        share = overlap(first, second)
        if share < self.tolerances.box:
            what = f"IoU {share:.3f}, {self.tolerances.box:g} is wanted"
            yield Mismatch(what, expected, actual, "box", deviation=1 - share)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | complex | np.number) and not isinstance(
        value, bool | np.bool_ | Enum
    )


def _is_nan(value: Any) -> bool:
    return isinstance(value, float | np.floating) and math.isnan(value)


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | np.integer) or cmath.isfinite(value)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.number) else value


def _are_of_one_kind(expected: Any, actual: Any) -> bool:
    if isinstance(expected, dict) and isinstance(actual, dict):
        return True
    return type(expected) is type(actual)


def _others(expected: Any, actual: Any) -> Iterator[Mismatch]:
    if type(expected) is not type(actual):
        kinds = f"{type(expected).__name__} became {type(actual).__name__}"
        yield Mismatch(kinds, expected, actual)
        return
    if not bool(expected == actual):
        has_rule = any("__eq__" in vars(c) for c in type(expected).__mro__[:-1])
        more = "" if has_rule else "; its type has no ==, register a rule with `compares`"
        yield Mismatch(f"differs{more}", expected, actual)


@compares(Image)
def _images(expected: Image, actual: Image, comparison: ValueComparison) -> Iterator[Mismatch]:
    found = image_mismatch(expected, actual, comparison.tolerances.image)
    if found is not None:
        yield found


@compares(Matrix)
def _sounds(expected: Matrix, actual: Matrix, comparison: ValueComparison) -> Iterator[Mismatch]:
    found = sound_mismatch(expected, actual, comparison.tolerances.sound)
    if found is not None:
        yield found


@compares(Tensor)
def _tensors(expected: Tensor, actual: Tensor, comparison: ValueComparison) -> Iterator[Mismatch]:
    for name in ("name", "quantization"):
        first, second = getattr(expected, name), getattr(actual, name)
        yield from (each.inside(name) for each in comparison.mismatches(first, second, name))
    yield from (each.inside("array") for each in comparison.arrays(expected.array, actual.array))


@compares(SoundScores)
def _scores(
    expected: SoundScores, actual: SoundScores, comparison: ValueComparison
) -> Iterator[Mismatch]:
    for name in ("classes", "is_silence"):
        first, second = getattr(expected, name), getattr(actual, name)
        yield from (each.inside(name) for each in comparison.mismatches(first, second, name))
    if expected.values.shape == actual.values.shape:
        found = comparison.arrays(expected.values, actual.values, "scores")
        yield from (each.inside("values") for each in found)
