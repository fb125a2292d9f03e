"""Calculators are found by the names graphs use."""

import pytest

from flowlace.framework.calculator import Calculator
from flowlace.framework.errors import FlowlaceError
from flowlace.framework.options import NoOptions
from flowlace.framework.registry import (
    find_calculator,
    register_calculator,
    register_calculator_aliases,
)


@register_calculator
class RegistryTestCalculator(Calculator[NoOptions]):
    """What the aliases stand for."""


register_calculator_aliases(RegistryTestCalculator, "RegistryTestOne", "RegistryTestTwo")


def test_an_alias_is_a_subclass_of_that_name() -> None:
    one = find_calculator("RegistryTestOne")
    assert one is not None
    assert issubclass(one, RegistryTestCalculator)
    assert (one.__name__, one.__doc__) == ("RegistryTestOne", RegistryTestCalculator.__doc__)
    assert one.options_class is NoOptions


def test_every_alias_is_a_class_of_its_own() -> None:
    assert find_calculator("RegistryTestOne") is not find_calculator("RegistryTestTwo")


def test_a_name_that_is_taken_is_refused() -> None:
    with pytest.raises(FlowlaceError, match="'PassThroughCalculator' is already registered by"):
        register_calculator_aliases(RegistryTestCalculator, "PassThroughCalculator")
