"""What `import flowlace` offers is there, for people and for tools."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import flowlace

INIT = Path(flowlace.__file__)


@pytest.mark.parametrize("name", flowlace.__all__)
def test_every_public_name_can_be_used(name: str) -> None:
    assert getattr(flowlace, name) is not None


def test_tools_see_every_public_name() -> None:
    imported = {
        alias.asname or alias.name
        for node in ast.walk(ast.parse(INIT.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("flowlace.")
        for alias in node.names
    }
    assert imported == set(flowlace.__all__)
    assert dir(flowlace) == sorted(flowlace.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = flowlace.nothing


def test_the_engine_loads_without_video_libraries() -> None:
    code = (
        "import sys, flowlace.framework.graph\n"
        "print([name for name in ('cv2', 'av', 'torch') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
