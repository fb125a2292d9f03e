"""The rooms of the house: who may import whom. Imports flow one way, downwards."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "flowlace"

MAY_IMPORT = {
    "framework": set[str](),
    "formats": {"framework"},
    "drawing": {"formats", "framework"},
    "tracking": {"formats", "framework"},
    "nowcasting": {"formats", "framework", "inference"},
    "sources": {"formats", "framework"},
    "sinks": {"drawing", "formats", "framework"},
    "inference": {"formats", "framework"},
    "transcription": {"formats", "framework"},
    "tags": {"formats", "framework"},
    "calculators": {
        "formats",
        "framework",
        "drawing",
        "tracking",
        "nowcasting",
        "inference",
        "transcription",
        "tags",
        "sources",  # AudioDecoderCalculator reads a file as sources do
    },
    "testing": {"formats", "framework", "sources", "sinks", "comparison", "golden", "runner"},
    "observe": {"framework"},
    "bundle": {"formats", "framework", "inference"},
    "runner": {"formats", "framework", "sources", "sinks", "bundle", "observe"},
    "compat": {"formats", "framework"},
    "nowcast_verification": {"formats", "framework", "sources", "drawing", "nowcasting"},
    "recording": {"formats", "framework", "sources", "inference", "runner"},
    "comparison": {"formats", "framework", "drawing", "tracking"},
    "golden": {"formats", "framework", "comparison", "recording", "runner", "sinks", "sources"},
    "recorder": {"formats", "framework", "sources", "sinks", "runner", "drawing", "tags"},
    "cli": {
        "formats",
        "framework",
        "sources",
        "sinks",
        "inference",
        "bundle",
        "runner",
        "observe",
        "recorder",
        "nowcasting",
        "nowcast_verification",
        "recording",
        "comparison",
        "golden",
    },
    "graphs": set[str](),
    "models": {"formats", "framework"},
}
"""By room: the rooms it may import, besides itself."""

ROOMS = sorted(
    folder.name
    for folder in PACKAGE.iterdir()
    if folder.is_dir() and any(folder.resolve().rglob("*.py"))
)


def imports_of(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def rooms_imported_by(room: str) -> dict[str, str]:
    found = {}
    for file in sorted((PACKAGE / room).resolve().rglob("*.py")):
        for module in imports_of(file):
            match = re.fullmatch(r"flowlace\.(\w+).*", module)
            if match and match[1] != room:
                found[match[1]] = f"{file.relative_to(ROOT)} imports {module}"
    return found


def test_every_room_has_a_rule() -> None:
    assert set(ROOMS) <= set(MAY_IMPORT)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_the_rooms_below_it(room: str) -> None:
    forbidden = {
        other: where
        for other, where in rooms_imported_by(room).items()
        if other not in MAY_IMPORT[room]
    }
    assert forbidden == {}


def test_the_runtime_never_imports_torch() -> None:
    files = [file for room in ROOMS for file in (PACKAGE / room).resolve().rglob("*.py")]
    heavy = {
        file.name for file in files for module in imports_of(file) if module.startswith("torch")
    }
    assert files
    assert heavy == set()


def test_folders_at_the_top_are_imported_by_their_full_names() -> None:
    files = [file for room in ROOMS for file in (PACKAGE / room).resolve().rglob("*.py")]
    short = {
        file.name
        for file in files
        for module in imports_of(file)
        if module.partition(".")[0] in ("calculators", "graphs", "models")
    }
    assert short == set()


def test_every_calculator_file_has_a_test_of_its_name() -> None:
    files = {
        f"{file.parent.name}/test_{file.name}"
        for file in (ROOT / "calculators").rglob("*.py")
        if "register_calculator" in file.read_text()
    }
    tests = {
        f"{file.parent.name}/{file.name}"
        for file in (ROOT / "tests/calculators").rglob("test_*.py")
    }
    assert files - tests == set()
