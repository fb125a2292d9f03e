"""The plugin as its users meet it: their own test files, run by pytest."""

import subprocess
import sys
import wave
from pathlib import Path

import pytest

from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.pytest_plugin import golden_path
from flowlace.recording import GraphRecorder

GRAPH = """
input_stream: "numbers"
output_stream: "passed"
node { calculator: "PassThroughCalculator" input_stream: "numbers" output_stream: "passed" }
"""
TEST = """
import pytest

@pytest.mark.replay("rec.mcap")
def test_numbers(replayed, golden):
    assert replayed.timestamps("passed") == [0, 1, 2]
    golden(replayed, "number=0.5")
"""


def record(path: Path, payloads: list[object]) -> None:
    graph = CalculatorGraph(GRAPH)
    with GraphRecorder(graph, path, overwrites=True), graph:
        graph.start_run()
        for time, payload in enumerate(payloads):
            graph.add_packet_to_input_stream("numbers", Packet(payload, time))


def wave_file(path: Path, rate_hz: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate_hz, 0, "NONE", ""))
        file.writeframes(bytes(rate_hz))


@pytest.fixture
def users(pytester: pytest.Pytester) -> pytest.Pytester:
    """A user's project: a recording and a test of it."""
    record(pytester.path / "rec.mcap", [1.0, 2.0, 3.0])
    pytester.makepyfile(test_own=TEST)
    return pytester


def kept(users: pytest.Pytester) -> Path:
    return users.path / "golden" / "test_own" / "test_numbers.mcap"


def test_what_was_kept_is_compared_with(users: pytest.Pytester) -> None:
    updated = users.runpytest("--golden-update", "--strict-markers")
    updated.assert_outcomes(passed=1)
    updated.stdout.fnmatch_lines(["*golden results written*", "*test_numbers.mcap"])
    before = kept(users).read_bytes()
    users.runpytest("--strict-markers").assert_outcomes(passed=1)
    record(users.path / "rec.mcap", [1.0, 2.5, 3.0])
    users.runpytest().assert_outcomes(passed=1)
    assert kept(users).read_bytes() == before


def test_an_update_leaves_alone_what_is_the_same(users: pytest.Pytester) -> None:
    users.runpytest("--golden-update")
    before = kept(users).stat().st_mtime_ns
    again = users.runpytest("--golden-update")
    assert "golden results written" not in again.stdout.str()
    assert kept(users).stat().st_mtime_ns == before


def test_a_difference_fails_with_its_row_and_what_to_do(users: pytest.Pytester) -> None:
    users.runpytest("--golden-update")
    record(users.path / "rec.mcap", [1.0, 4.0, 3.0])
    failed = users.runpytest()
    failed.assert_outcomes(failed=1)
    failed.stdout.fnmatch_lines(
        [
            "*golden(replayed, *number=0.5*)*",
            "*first difference: passed at 1 µs (0.000 s): off by 2, 0.5 is allowed",
            "*expected  2",
            "*actual    4",
            "*run pytest with --golden-update*",
        ]
    )
    assert "golden_result.py" not in failed.stdout.str()


def test_a_test_without_kept_results_fails(users: pytest.Pytester) -> None:
    failed = users.runpytest()
    failed.assert_outcomes(failed=1)
    failed.stdout.fnmatch_lines(["*nothing was kept yet in *test_numbers.mcap*"])
    assert not kept(users).exists()


def test_a_missing_recording_is_an_error_and_no_pass(users: pytest.Pytester) -> None:
    (users.path / "rec.mcap").unlink()
    missing = users.runpytest("--golden-update")
    missing.assert_outcomes(errors=1)
    missing.stdout.fnmatch_lines(["*rec.mcap': there is no such file"])


def test_a_recording_that_was_cut_off_in_its_packets_is_an_error(users: pytest.Pytester) -> None:
    data = (users.path / "rec.mcap").read_bytes()
    (users.path / "rec.mcap").write_bytes(data[: len(data) // 2])
    users.runpytest("--golden-update").assert_outcomes(errors=1)


def test_the_fixture_needs_its_marker(users: pytest.Pytester) -> None:
    users.makepyfile(test_own="def test_numbers(replayed): pass")
    failed = users.runpytest()
    failed.assert_outcomes(errors=1)
    failed.stdout.fnmatch_lines(["*`replayed` needs @pytest.mark.replay*"])


def test_a_run_under_another_folder_finds_recordings_beside_the_test(
    users: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    users.runpytest(users.path, "--golden-update").assert_outcomes(passed=1)
    assert kept(users).exists()


def test_faults_graphs_and_settings_are_given_by_the_marker(users: pytest.Pytester) -> None:
    users.path.joinpath("own.pbtxt").write_text(GRAPH.replace("passed", "other"))
    users.makepyfile(
        test_own="""
        import pytest

        @pytest.mark.replay("rec.mcap", graph="own.pbtxt", faults=["drop=1"])
        def test_everything_lost(replayed):
            assert replayed["other"] == []

        @pytest.mark.replay(
            graph="nowcast", source="testsrc:storm?minutes=4&width=32&height=32",
            settings={"nowcast.method": "persistence"}, streams=["summaries"], speed="max",
        )
        def test_settings(replayed):
            assert {row.method for row in replayed.payloads("summaries")[0]} == {"persistence"}
        """
    )
    users.runpytest().assert_outcomes(passed=2)


def test_lists_of_packets_and_several_comparisons_fit_too(users: pytest.Pytester) -> None:
    users.makepyfile(
        test_own="""
        import pytest
        from flowlace.golden import GoldenError
        from flowlace.testing import packets

        def test_numbers(golden):
            golden(packets({0: 1, 5: 2}), name="first")
            golden({"s": packets("ab")}, name="second")
            with pytest.raises(GoldenError, match="twice in one test"):
                golden(packets("x"), name="second")
            with pytest.raises(GoldenError, match="list of packets"):
                golden([1, 2], name="third")
        """
    )
    users.runpytest("--golden-update").assert_outcomes(passed=1)
    users.runpytest().assert_outcomes(passed=1)
    assert sorted(path.name for path in kept(users).parent.iterdir()) == [
        "test_numbers.first.mcap",
        "test_numbers.second.mcap",
    ]


def test_headers_of_outputs_are_compared_too(users: pytest.Pytester) -> None:
    users.makepyfile(
        test_own="""
        from flowlace.testing import replay_graph

        def test_numbers(golden):
            golden(replay_graph(graph="pass.pbtxt", source="sound.wav"))
        """
    )
    users.path.joinpath("pass.pbtxt").write_text(GRAPH)
    wave_file(users.path / "sound.wav", 16_000)
    users.runpytest("--golden-update").assert_outcomes(passed=1)
    users.runpytest().assert_outcomes(passed=1)
    wave_file(users.path / "sound.wav", 8_000)
    users.runpytest().stdout.fnmatch_lines(["*passed, header.sample_rate: off by 8000*"])


def test_a_picture_of_the_difference_is_left_for_the_user(users: pytest.Pytester) -> None:
    users.makepyfile(
        test_own="""
        import numpy as np
        from pathlib import Path
        from flowlace import Image, ImageFormat
        from flowlace.testing import packets

        def test_numbers(golden):
            level = int(Path("level").read_text())
            golden(packets([Image(ImageFormat.GRAY8, np.full((40, 60), level, np.uint8))]))
        """
    )
    users.path.joinpath("level").write_text("10")
    users.runpytest("--golden-update").assert_outcomes(passed=1)
    users.path.joinpath("level").write_text("12")
    failed = users.runpytest()
    shown = [line for line in failed.stdout.lines if line.startswith("E ")]
    (line,) = [line for line in shown if "expected, actual and what differs:" in line]
    assert Path(line.rpartition(": ")[2]).read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("node_id", "name"),
    [
        ("tests/test_a.py::test_b", "test_b"),
        ("tests/test_a.py::TestC::test_b[1-x]", "TestC.test_b[1-x]"),
        ("tests/test_a.py::TestC::test_b[1-x/y z]", "TestC.test_b[1-x_y_z]-0fad9613"),
    ],
)
def test_each_test_has_a_file_of_its_own(node_id: str, name: str) -> None:
    assert golden_path(Path("tests/test_a.py"), node_id) == Path("tests/golden/test_a") / name


def test_names_that_differ_in_what_files_can_not_have_are_told_apart() -> None:
    slash, blank = (golden_path(Path("test_a.py"), f"::test[a{each}b]").name for each in "/ ")
    assert slash.rpartition("-")[0] == blank.rpartition("-")[0] == "test[a_b]"
    assert slash != blank


def test_long_names_fit_a_file() -> None:
    names = {golden_path(Path("test_a.py"), f"::test[{'x' * 300}{each}]").name for each in "ab"}
    assert {len(name) for name in names} == {159}
    assert len(names) == 2


def test_pytest_loads_nothing_of_the_package_until_it_is_used(tmp_path: Path) -> None:
    (tmp_path / "test_foreign.py").write_text(
        "import sys\n"
        "def test_nothing_is_loaded():\n"
        "    assert sorted(n for n in sys.modules if n.startswith('flowlace.')) == "
        "['flowlace.pytest_plugin']\n"
    )
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
            str(tmp_path),
        ],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_the_package_runs_without_pytest() -> None:
    code = "import sys, flowlace.cli, flowlace.testing; print('pytest' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
