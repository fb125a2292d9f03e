"""Where a result comes from: commit, machine, versions."""

import importlib.metadata
import platform
import subprocess
from pathlib import Path

_PACKAGES = ("flowlace", "torch", "litert-torch", "ai-edge-quantizer", "ai-edge-litert", "numpy")


def commit() -> str:
    """Returns the git commit of this package's source, `+` behind it if files were changed."""
    here = Path(__file__).parent
    try:
        number = _git(here, "rev-parse", "--short=12", "HEAD")
        changed = _git(here, "status", "--porcelain", "--untracked-files=no", ".")
    except (OSError, subprocess.CalledProcessError):
        return "unknown (not a git checkout)"
    return number + ("+" if changed else "")


def versions() -> dict[str, str]:
    """Returns the versions of what a trained model depends on."""
    return {"python": platform.python_version()} | {
        name: importlib.metadata.version(name) for name in _PACKAGES
    }


def processor() -> str:
    """Returns what the CPU calls itself."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()
