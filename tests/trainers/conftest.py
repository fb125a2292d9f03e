"""Leaves the trainers' tests out where torch isn't; `test_installed.py` says so."""

import importlib.util

if not (importlib.util.find_spec("torch") and importlib.util.find_spec("flowlace_trainers")):
    collect_ignore_glob = ["detector/*", "nowcast/*", "sound/*", "video/*", "test_[!i]*.py"]
