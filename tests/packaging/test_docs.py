"""Examples in docs and docstrings run, and links lead somewhere."""

import doctest
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
PACKAGE = ROOT / "src" / "flowlace"
MODULES = sorted(
    "flowlace." + ".".join(file.relative_to(PACKAGE).with_suffix("").parts)
    for folder in PACKAGE.iterdir()
    if folder.is_dir()
    for file in (PACKAGE / folder.name).glob("**/*.py")
    if ">>> " in file.read_text()
)


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_to_files(name: str) -> None:
    page = ROOT / name
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert missing == []


@pytest.mark.parametrize(
    "name", ["README.md", "docs/calculators.md", "docs/golden_tests.md", "docs/recording.md"]
)
def test_python_examples_of_a_page_run_in_order(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / name).read_text(), re.DOTALL)
    runnable = [block for block in blocks if "street.mp4" not in block]
    assert runnable
    exec("\n".join(runnable), {"__name__": f"page_{len(name)}"})


def test_the_graph_of_the_graphs_page_is_sound() -> None:
    from flowlace.framework.validation import check_graph

    (text,) = re.findall(
        r"```\n(input_stream.*?)```", (ROOT / "docs/graphs.md").read_text(), re.DOTALL
    )
    assert check_graph(text) == []


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_run(module: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(module))
    assert tried > 0
    assert failed == 0
