"""Whether MediaPipe itself is installed, for tests of the nodes that run its tasks."""

import importlib.util

import pytest

has_mediapipe = importlib.util.find_spec("mediapipe") is not None
needs_mediapipe = pytest.mark.skipif(
    not has_mediapipe, reason="needs the package mediapipe: pip install 'flowlace[mediapipe]'"
)
