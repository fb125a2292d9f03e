import importlib

import pytest


def test_the_trainers_can_be_imported() -> None:
    pytest.importorskip("torch", reason="tests of the trainers need torch; run `make trainers`")
    assert importlib.import_module("flowlace_trainers").__doc__
