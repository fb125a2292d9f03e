"""Every graph that comes with the package is sound."""

from pathlib import Path

import pytest

from flowlace.framework.validation import check_graph
from flowlace.runner.find_graph import known_graphs

ROOT = Path(__file__).parents[2]
GRAPHS = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "graphs").rglob("*.pbtxt"))


@pytest.mark.parametrize("graph", GRAPHS)
def test_a_packaged_graph_has_no_problems(graph: str) -> None:
    assert check_graph(ROOT / graph) == []


def test_every_graph_folder_can_be_run_by_its_name() -> None:
    folders = {path.name for path in (ROOT / "graphs").iterdir() if path.is_dir()}
    assert folders == set(known_graphs())
