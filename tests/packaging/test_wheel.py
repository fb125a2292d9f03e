"""The wheel holds the tree: every module, graph and card, and nothing else."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("calculators/", "graphs/", "models/")
KINDS = (".py", ".pbtxt", ".tflite", ".npz", ".md", ".json", ".html")


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    # Built from a copy: a build folder of an earlier version would leak its files into the wheel.
    copy, out = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("wheel")
    for name in listed_files():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy / name, follow_symlinks=False)
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(out), str(copy)],
        check=True,
        capture_output=True,
    )
    (wheel,) = out.glob("flowlace-*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def listed_files() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.splitlines()  # fmt: skip
    return [name for name in listed if (ROOT / name).exists() or (ROOT / name).is_symlink()]


def tree_names() -> set[str]:
    listed = [name for name in listed_files() if name.startswith(("src/flowlace/", *FOLDERS))]
    names = {
        name.removeprefix("src/") if name.startswith("src/") else f"flowlace/{name}"
        for name in listed
    }
    return {name for name in names if name.endswith(KINDS) or name.endswith("py.typed")}


def test_the_wheel_holds_every_file_of_the_tree(wheel_names: set[str]) -> None:
    missing = tree_names() - wheel_names
    assert missing == set()


def test_the_wheel_holds_nothing_else(wheel_names: set[str]) -> None:
    extra = {name for name in wheel_names if ".dist-info/" not in name} - tree_names()
    assert extra == set()


def test_the_wheel_carries_licence_and_type_marker(wheel_names: set[str]) -> None:
    assert "flowlace/py.typed" in wheel_names
    assert any(name.endswith("licenses/LICENSE") for name in wheel_names)
