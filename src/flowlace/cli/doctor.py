"""`flowlace doctor`: what this machine has for running graphs."""

import importlib
import importlib.metadata
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

import typer

from flowlace.framework.registry import known_calculators
from flowlace.inference.delegate_trial import try_in_a_process
from flowlace.inference.delegates import Delegate
from flowlace.inference.find_model import find_model, packaged_models
from flowlace.inference.interpreter import runtime_name
from flowlace.runner.find_graph import known_graphs

_LIBRARIES = ("numpy", "opencv-python-headless", "av", "protobuf", "typer", "rich")


def doctor() -> None:
    """Show versions, cores, cameras and codecs; exit 1 if something a graph needs is missing."""
    facts: list[tuple[str, Callable[[], str]]] = [
        ("flowlace", lambda: importlib.metadata.version("flowlace")),
        ("python", lambda: f"{platform.python_version()} at {sys.executable}"),
        ("machine", lambda: f"{platform.machine()}, {os.cpu_count()} cores, {platform.platform()}"),
        *((name, _version_of(name)) for name in _LIBRARIES),
        ("opencv threads", _opencv),
        ("video encoder", _encoder),
        ("cameras", _cameras),
        ("model runtime", runtime_name),
        *((f"delegate {each.value}", _delegate(each)) for each in Delegate),
        ("models", lambda: ", ".join(packaged_models()) or "none packaged"),
        ("calculators", lambda: str(len(known_calculators()))),
        ("graphs", lambda: ", ".join(known_graphs()) or "none"),
    ]
    has_failed = False
    for name, look in facts:
        try:
            typer.echo(f"ok    {name}: {look()}")
        except Exception as error:
            has_failed = True
            typer.echo(f"FAIL  {name}: {type(error).__name__}: {error}")
    if has_failed:
        raise typer.Exit(1)


def _delegate(delegate: Delegate) -> Callable[[], str]:
    """Returns what tells whether a delegate works; one that does not is a fact, not a failure."""

    def look() -> str:
        packaged = packaged_models()
        if not packaged:
            return "not tried: no packaged model"
        name = next(iter(packaged))
        trial = try_in_a_process(find_model(name), delegate)
        state = "works" if trial.is_good else "not used"
        return f"{state}: {trial.finding} ({name})"

    return look


def _version_of(name: str) -> Callable[[], str]:
    return lambda: importlib.metadata.version(name)


def _opencv() -> str:
    import cv2

    return f"{cv2.getNumThreads()}, {'with' if cv2.useOptimized() else 'without'} SIMD code"


def _encoder() -> str:
    import av

    names = [name for name in ("libx264", "h264_v4l2m2m", "mpeg4") if name in av.codecs_available]
    if not names:
        raise RuntimeError("no encoder for video files; install another build of av")
    return f"{names[0]} (FFmpeg libraries {'.'.join(map(str, av.library_versions['libavcodec']))})"


def _cameras() -> str:
    found = sorted(str(path) for path in Path("/dev").glob("video*"))
    return ", ".join(found) or "none in /dev; network and file sources work without"
