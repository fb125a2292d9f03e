"""The pytest plugin: marker `replay`, fixtures `replayed` and `golden`, option `--golden-update`.

pytest loads it wherever this package is installed, so nothing of the package is imported before a
test asks for it.
"""

from __future__ import annotations

import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flowlace.testing.golden_result import GoldenResult
    from flowlace.testing.replayed import Replayed

MARKER = "replay"
FOLDER = "golden"
"""Beside the test file: holds a folder of results for each test file."""
LONGEST_NAME = 150
"""Characters of a test's name in that of its file; file systems take 255 bytes."""
_WRITTEN = "flowlace_golden_written"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the option."""
    parser.getgroup("flowlace").addoption(
        "--golden-update",
        action="store_true",
        help="keep what tests with the fixture `golden` give now, where it differs",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Makes the marker known, for --strict-markers."""
    config.addinivalue_line(
        "markers",
        f"{MARKER}(recording, graph='', *, source, settings, models, boxes, side_packets, streams,"
        " speed, faults, seed): what the fixture `replayed` runs; paths are as seen from the test",
    )


@pytest.fixture
def replayed(request: pytest.FixtureRequest) -> Replayed:
    """What the graph of the marker `replay` gives: packets by output stream."""
    from flowlace.testing.replayed import replay_graph

    marker = request.node.get_closest_marker(MARKER)
    if marker is None:
        pytest.fail(
            "the fixture `replayed` needs @pytest.mark.replay('rec.mcap'), or source= and graph=",
            pytrace=False,
        )
    return replay_graph(*marker.args, **{"folder": request.path.parent, **marker.kwargs})


@pytest.fixture
def golden(request: pytest.FixtureRequest, tmp_path: Path) -> GoldenResult:
    """Compares outputs with what was kept for this test in `golden/`, beside the test file."""
    from flowlace.testing.golden_result import GoldenResult

    def written(path: Path) -> None:
        request.node.user_properties.append((_WRITTEN, str(path)))

    return GoldenResult(
        golden_path(request.path, request.node.nodeid),
        updates=bool(request.config.getoption("--golden-update")),
        pictures=tmp_path,
        on_written=written,
    )


def golden_path(test_file: Path, node_id: str) -> Path:
    """Returns where the results of a test are kept, without the ending.

    >>> golden_path(Path("tests/test_cars.py"), "tests/test_cars.py::TestRoad::test_one[a]")
    PosixPath('tests/golden/test_cars/TestRoad.test_one[a]')

    Names no file may have are written otherwise, with a checksum that tells them apart.

    >>> golden_path(Path("tests/test_cars.py"), "tests/test_cars.py::test_one[a/b]").name
    'test_one[a_b]-c7638474'
    """
    name = node_id.partition("::")[2].replace("::", ".")
    written = re.sub(r"[^\w.=\[\]+-]", "_", name)[:LONGEST_NAME]
    if written != name:
        written += f"-{zlib.crc32(name.encode()):08x}"
    return test_file.parent / FOLDER / test_file.stem / written


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Tells what was written, because it should be looked at."""
    reports = [each for kind in terminalreporter.stats.values() for each in kind]
    written = [
        path
        for each in reports
        if getattr(each, "when", None) == "teardown" or getattr(each, "when", None) == "call"
        for name, path in getattr(each, "user_properties", ())
        if name == _WRITTEN
    ]
    if written:
        terminalreporter.section("golden results written")
        for path in sorted(set(written)):
            terminalreporter.line(path)
