"""`flowlace bundle`: what it prints, how it ends, and that the bundle runs."""

import json
import zipfile
from pathlib import Path

from typer.testing import CliRunner

from flowlace.cli.app import app

STREET = "testsrc:street?width=160&height=120&seconds=1&seed=3"


def test_a_bundle_of_a_graph_runs_by_its_file(tmp_path: Path) -> None:
    out, rows = tmp_path / "app.zip", tmp_path / "boxes.jsonl"
    done = CliRunner().invoke(app, ["bundle", "box_tracking", "-o", str(out)])
    assert done.exit_code == 0, done.output
    assert f"{out}: 7 nodes" in done.stdout
    words = ["run", str(out), "-s", STREET, "--box", "20,40,30,30", "-o", f"boxes={rows}", "-q"]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert len(rows.read_text().splitlines()) >= 30


def test_a_target_that_lacks_something_ends_with_1_and_lists_it(tmp_path: Path) -> None:
    out = tmp_path / "app.zip"
    done = CliRunner().invoke(
        app, ["bundle", "box_tracking", "-o", str(out), "--target", "android"]
    )
    assert done.exit_code == 1
    assert "android: 3 missing" in done.stdout
    assert "MediaPipe has no BoxesToRowsCalculator" in done.stdout
    assert out.exists()


def test_nodes_are_timed_over_the_frames_of_a_source(tmp_path: Path) -> None:
    out = tmp_path / "app.zip"
    words = ["bundle", "box_tracking", "-o", str(out), "-s", STREET, "--frames", "5"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    with zipfile.ZipFile(out) as archive:
        nodes = json.loads(archive.read("manifest.json"))["nodes"]
    times = {node["calculator"]: node["cpu_ms"] for node in nodes}
    assert times["MotionAnalysisCalculator"] > 0


def test_only_what_the_wanted_outputs_need_is_kept(tmp_path: Path) -> None:
    out = tmp_path / "app.zip"
    words = ["bundle", "object_detection", "-o", str(out), "--target", "android"]
    done = CliRunner().invoke(app, [*words, "--output", "detections"])
    assert done.exit_code == 0, done.output
    assert "android: all there" in done.stdout
    with zipfile.ZipFile(out) as archive:
        nodes = json.loads(archive.read("manifest.json"))["nodes"]
        assert "models/street_detector_int8.card.md" in archive.namelist()
    kinds = {node["calculator"] for node in nodes}
    assert "AnnotationOverlayCalculator" not in kinds
    assert {"InferenceCalculator", "SsdAnchorsCalculator"} <= kinds


def test_an_unknown_output_lists_those_there_are(tmp_path: Path) -> None:
    words = ["bundle", "object_detection", "-o", str(tmp_path / "app.zip"), "--output", "boxes"]
    done = CliRunner().invoke(app, words)
    assert "no output stream 'boxes'; it has: annotated_frames, objects" in str(done.exception)
