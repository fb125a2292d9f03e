"""`flowlace run` as a user meets it: a process of its own, its exit code and its words."""

import json
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import pytest

FLOWLACE = [sys.executable, "-m", "flowlace.cli"]
STREET = "testsrc:street?width=160&height=120&seconds=1&seed=3"


def flowlace(*words: str, timeout_s: float = 100) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*FLOWLACE, *words], capture_output=True, text=True, timeout=timeout_s, check=False
    )


def frame_times(path: Path) -> list[float]:
    with av.open(str(path)) as video:
        return [float(frame.time) for frame in video.decode(video=0)]


def test_boxes_and_pictures_are_written(tmp_path: Path) -> None:
    rows, video = tmp_path / "boxes.jsonl", tmp_path / "out.mp4"
    done = flowlace(
        "run", "box_tracking", "-s", STREET, "--box", "20,40,30,30", "--box", "0.5,0.4,0.2,0.2",
        "-o", str(video), "-o", f"boxes={rows}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    first = [json.loads(line) for line in rows.read_text().splitlines()[:2]]
    assert [(row["id"], row["timestamp_us"], row["x"], row["w"]) for row in first] == [
        (0, 0, 20.0, 30.0),
        (1, 0, 80.0, 32.0),
    ]
    assert set(first[0]) == {"timestamp_us", "id", "x", "y", "w", "h", "confidence", "state"}
    assert len(frame_times(video)) == 30
    assert "30 frames" in done.stderr
    assert "0 dropped" in done.stderr


def test_the_boxes_of_the_test_source_can_be_followed(tmp_path: Path) -> None:
    rows = tmp_path / "boxes.jsonl"
    done = flowlace("run", "box_tracking", "-s", STREET, "--box", "truth", "-o", f"boxes={rows}")
    assert done.returncode == 0, done.stderr
    assert len(rows.read_text().splitlines()) >= 30


def test_two_sources_run_two_graphs(tmp_path: Path) -> None:
    done = flowlace(
        "run", "box_tracking", "-s", STREET, "-s", STREET.replace("seed=3", "seed=4"),
        "--box", "20,40,30,30", "-o", f"boxes={tmp_path}/boxes.jsonl", "-q",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert (tmp_path / "boxes-0.jsonl").read_text() != (tmp_path / "boxes-1.jsonl").read_text()


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["run", "box_trackin", "-s", STREET], 2, "did you mean 'box_tracking'?"),
        (["run", "box_tracking", "-s", STREET, "--box", "1,2,3"], 2, "--box '1,2,3' is not X,Y,W"),
        (["run", "box_tracking", "-s", "missing.mp4"], 1, "missing.mp4"),
        (["run", "box_tracking", "-s", STREET, "-o", "rows=x.jsonl"], 2, "no output stream 'rows'"),
        (["run", "box_tracking", "-s", STREET, "-o", "boxes=x.doc"], 1, "sink 'x.doc'"),
        (["run", "box_tracking", "-s", STREET, "--side", "a=1"], 2, "expected NAME=VALUE"),
        (["run", "box_tracking", "-s", "frames=" + STREET], 2, "no input stream 'frames'"),
        (["run", "box_tracking", "-s", STREET, "-o", "x.mp4", "-o", "x.mp4"], 2, "given twice"),
        (["run", "box_tracking", "-s", STREET, "--box", "999,1,9,9"], 2, "outside the frame of"),
        (["run", "box_tracking", "-i", "missing.py"], 2, "--import 'missing.py': there is no such"),
        (["nodes", "PassTrough"], 2, "did you mean 'PassThroughCalculator'?"),
    ],
)
def test_a_mistake_ends_with_one_message_and_no_traceback(
    words: list[str], code: int, message: str
) -> None:
    done = flowlace(*words)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_check_and_run_say_the_same_of_a_broken_graph(tmp_path: Path) -> None:
    graph = tmp_path / "broken.pbtxt"
    graph.write_text(
        'input_stream: "a"\n'
        'node {\n  calculator: "PassTroughCalculator"\n  input_stream: "a"\n'
        '  output_stream: "b"\n}\n'
        'node { calculator: "PassThroughCalculator" input_stream: "c" output_stream: "d" }\n'
    )
    checked, ran = flowlace("check", str(graph)), flowlace("run", str(graph), "-s", STREET)
    assert (checked.returncode, ran.returncode) == (2, 2)
    assert f"{graph}:3:" in checked.stdout
    assert f"{graph}:7:" in checked.stdout
    assert [line.removeprefix("error: ") for line in checked.stdout.splitlines()] == [
        line.removeprefix("error: ") for line in ran.stderr.splitlines()
    ]


def test_a_calculator_that_raises_is_named_with_its_packet(tmp_path: Path) -> None:
    graph = tmp_path / "fails.pbtxt"
    graph.write_text(
        'input_stream: "frames"\noutput_stream: "rows"\n'
        'node { calculator: "BoxTrackerCalculator" name: "wrong" input_stream: "TRACKING:frames" '
        'output_stream: "BOXES:rows" }'
    )
    done = flowlace("run", str(graph), "-s", STREET, "-o", "rows=none")
    assert done.returncode == 1
    assert "graph input 'frames' carries TrackingData, but a Image was added at 0" in done.stderr


def test_ctrl_c_drains_finishes_the_files_and_exits_130(tmp_path: Path) -> None:
    rows, video = tmp_path / "boxes.jsonl", tmp_path / "out.mp4"
    endless = STREET.replace("seconds=1", "seconds=600&live=1")
    running = subprocess.Popen(
        [
            *FLOWLACE, "run", "box_tracking", "-s", endless, "--box", "20,40,30,30",
            "-o", str(video), "-o", f"boxes={rows}",
        ],
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not (rows.exists() and rows.stat().st_size > 2000) and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, words = running.communicate(timeout=30)
    assert running.returncode == 130, words
    assert "(interrupted)" in words
    lines = rows.read_text().splitlines()
    times = {json.loads(line)["timestamp_us"] for line in lines}
    assert len(frame_times(video)) >= len(times) > 5


def test_a_cut_off_video_is_tracked_to_the_cut_and_counted(tmp_path: Path) -> None:
    whole, cut, rows = tmp_path / "whole.mkv", tmp_path / "cut.mkv", tmp_path / "boxes.jsonl"
    longer = STREET.replace("seconds=1", "seconds=3")
    assert flowlace("run", "box_tracking", "-s", longer, "-o", str(whole)).returncode == 0
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    done = flowlace(
        "run", "box_tracking", "-s", str(cut), "--box", "20,40,30,30", "-o", f"boxes={rows}"
    )
    assert done.returncode == 0, done.stderr
    assert "1 skipped (cut_off)" in done.stderr
    assert len(rows.read_text().splitlines()) > 5


def test_bench_shows_every_node(tmp_path: Path) -> None:
    trace = tmp_path / "trace.json"
    done = flowlace(
        "bench", "box_tracking", "-s", STREET, "--box", "20,40,30,30", "--trace", str(trace)
    )
    assert done.returncode == 0, done.stderr
    assert "MotionAnalysisCalculator" in done.stdout
    assert "BoxTrackerCalculator" in done.stdout
    events = json.loads((tmp_path / "trace_0.json").read_text())
    assert len(events) > 7 * 30


def test_doctor_finds_what_graphs_need() -> None:
    done = flowlace("doctor")
    assert done.returncode == 0, done.stdout
    assert "ok    calculators:" in done.stdout
    assert "box_tracking" in done.stdout


def test_graph_draws_svg_and_mermaid(tmp_path: Path) -> None:
    picture = tmp_path / "graph.svg"
    assert flowlace("graph", "box_tracking", "-o", str(picture)).returncode == 0
    assert "BoxTrackerCalculator" in picture.read_text()
    assert 'in_camera_frames(["camera_frames"])' in flowlace("graph", "box_tracking").stdout


def test_nodes_describes_streams_and_options() -> None:
    words = flowlace("nodes", "BoxTrackerCalculator").stdout
    assert "START_POS: list[" in words
    assert "streaming_track_data_cache_size" in words


def test_the_shell_can_complete() -> None:
    # In a shell that knows completion, whatever shell runs the tests; `:` keeps it alive meanwhile.
    words = shlex.join([*FLOWLACE, "--show-completion"])
    command = ["bash", "-c", f"{words}; code=$?; :; exit $code"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    assert "complete" in done.stdout


OWN_CALCULATORS = '''
from flowlace import STOP, Calculator, NoOptions, Packet, Port, register_calculator


@register_calculator
class ThreeNumbersCalculator(Calculator[NoOptions]):
    """Sends 0, 1, 2."""

    output_ports = (Port("numbers", int),)

    def open(self):
        self._next = 0

    def process(self, packets):
        if self._next == 3:
            return STOP
        self.outputs["numbers"].send(Packet(self._next, self._next))
        self._next += 1
'''


def test_a_graph_of_own_calculators_runs_without_a_package_or_a_source(tmp_path: Path) -> None:
    code, graph, rows = tmp_path / "own.py", tmp_path / "own.pbtxt", tmp_path / "rows.jsonl"
    code.write_text(OWN_CALCULATORS)
    graph.write_text(
        'output_stream: "numbers"\n'
        'node { calculator: "ThreeNumbersCalculator" output_stream: "numbers" }\n'
    )
    done = flowlace("run", str(graph), "--import", str(code), "-o", f"numbers={rows}")
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["value"] for line in rows.read_text().splitlines()] == [0, 1, 2]


@pytest.mark.parametrize(
    "words", [("check", "own.pbtxt"), ("graph", "own.pbtxt"), ("nodes", "ThreeNumbersCalculator")]
)
def test_every_verb_that_knows_calculators_imports_own_ones(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(OWN_CALCULATORS)
    (tmp_path / "own.pbtxt").write_text(
        'node { calculator: "ThreeNumbersCalculator" output_stream: "numbers" }'
    )
    assert flowlace(*words).returncode == 2
    done = flowlace(*words, "--import", "own.py")
    assert done.returncode == 0, done.stderr


def test_an_input_that_nothing_feeds_is_warned_of() -> None:
    done = flowlace("run", "box_tracking", "-s", STREET, "-o", "none")
    assert done.returncode == 0, done.stderr
    assert "nothing feeds input stream 'start_boxes'; give --box or --source" in done.stderr


def test_check_marks_a_warning_once(tmp_path: Path) -> None:
    graph = tmp_path / "foreign.pbtxt"
    graph.write_text(
        'input_stream: "a"\nnode { calculator: "PassThroughCalculator" input_stream: "a" '
        'output_stream: "b" options { [elsewhere.Options.ext] { x: 1 } } }\n'
    )
    done = flowlace("check", str(graph))
    assert done.returncode == 0
    assert done.stdout.startswith(f"{graph}:2:")
    assert done.stdout.count("warning: ") == 1


def test_the_version_is_told() -> None:
    assert flowlace("--version").stdout.count(".") == 2
