import doctest
import importlib

import pytest


@pytest.mark.parametrize("module", ["recording.rotation", "recording.faults.parse"])
def test_examples_in_docstrings_hold(module: str) -> None:
    result = doctest.testmod(importlib.import_module(f"flowlace.{module}"))
    assert result.attempted > 0
    assert result.failed == 0
