"""Leaves the tests of tags out where the trainers or scikit-learn aren't; torch is not needed."""

import importlib.util

if not (importlib.util.find_spec("sklearn") and importlib.util.find_spec("flowlace_trainers")):
    collect_ignore_glob = ["test_*.py"]
