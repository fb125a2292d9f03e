"""The graph `video_classification` from frames to rows and pictures, with known answers."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from flowlace.cli.app import app
from flowlace.runner.find_graph import find_graph
from flowlace.sources.testsrc.motions import MotionsOptions, MotionsSource
from flowlace.testing import Replayed, replay_graph
from tests.inference.tiny_clip_models import LABELS, TinyClipModels

TINY = TinyClipModels()
SOURCE = "testsrc:motions?size=32&clip_s=0.4&seconds=1.2&seed=4"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(TINY.write(tmp_path_factory.mktemp("models")))


def seen(model: str, source: str = SOURCE, **more: Any) -> Replayed:
    arguments = {"streams": ["classes"], "graph": "video_classification", **more}
    return replay_graph(source=source, models=[model], **arguments)


def rows(run: Replayed) -> list[list[dict[str, Any]]]:
    return [[asdict(row) for row in one] for one in run.payloads("classes")]


def test_every_second_frame_has_rows_of_all_classes_best_first(model: str) -> None:
    run = seen(model)
    assert run.timestamps("classes") == [round(n * 1e6 / 15) for n in range(1, 18, 2)]
    first = rows(run)[0]
    assert list(first[0]) == ["timestamp_us", "label", "score", "warming_up"]
    assert {row["label"] for row in first} == set(LABELS)
    scores = [row["score"] for row in first]
    assert scores == sorted(scores, reverse=True)
    warming = [one[0]["warming_up"] for one in rows(run)]
    assert warming == [True, True, False, False, False, False, False, False, False]


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_results_do_not_depend_on_threads(model: str, threads: int, tmp_path: Path) -> None:
    text = find_graph("video_classification").read_text()
    graph = tmp_path / "graph.pbtxt"
    graph.write_text(f"{text}\nnum_threads: {threads}\n")
    assert rows(seen(model, graph=str(graph))) == rows(seen(model))


@pytest.fixture(scope="module")
def recording(model: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = str(tmp_path_factory.mktemp("recordings") / "motions.mcap")
    arguments = ["--model", model, "--source", SOURCE, "--out", path]
    done = CliRunner().invoke(app, ["record", "video_classification", *arguments])
    assert done.exit_code == 0, done.output
    return path


@pytest.mark.parametrize("speed", [1.0, "max"])
def test_a_replay_at_any_speed_gives_what_the_source_gave(
    model: str, recording: str, speed: float | str
) -> None:
    replayed = replay_graph(recording, streams=["classes"], speed=speed)
    assert rows(replayed) == rows(seen(model))


def test_the_overlay_has_every_frame_and_says_when_the_window_fills(model: str) -> None:
    run = seen(model, streams=["overlay", "classes"])
    source = MotionsSource(MotionsOptions(size=32, clip_s=0.4, seconds=1.2, seed=4))
    changed = [
        (image.pixels != source.image(n).pixels).any(-1)
        for n, image in enumerate(run.payloads("overlay"))
    ]
    assert len(changed) == 18
    assert not changed[0].any()
    assert all(one.any() for one in changed[1:])


def test_only_the_best_are_given_where_that_is_asked_for(model: str) -> None:
    run = seen(model, settings={"classifier.top_k": 1, "classifier.every": 4})
    assert [len(one) for one in rows(run)] == [1, 1, 1]


def test_a_stream_of_one_step_is_not_lost(model: str) -> None:
    (only,) = rows(seen(model, "testsrc:motions?size=32&clip_s=0.4&seconds=0.14"))
    assert {row["warming_up"] for row in only} == {True}


def test_a_frame_that_makes_no_step_is_counted(model: str) -> None:
    run = seen(model, "testsrc:motions?size=32&clip_s=0.4&seconds=0.2")
    counted = {name.rpartition(".")[2]: n for name, n in run.summary.counters.items()}
    assert counted["unused_frames"] == 1


def test_a_camera_at_any_rate_gives_results_as_often(model: str) -> None:
    run = seen(model, "testsrc:motions?size=32&fps=50&clip_s=0.4&seconds=2")
    spacing_us = np.diff(run.timestamps("classes"))
    assert len(spacing_us) == 14
    assert np.abs(spacing_us - 133_333).max() < 17_000


def test_lost_frames_are_stood_for_by_their_neighbours(recording: str) -> None:
    lossy = replay_graph(recording, streams=["classes"], faults=["drop=0.3"], seed=1)
    assert len(lossy["classes"]) == 9
    assert np.abs(np.diff(lossy.timestamps("classes")) - 133_333).max() < 17_000


def command(arguments: Sequence[str]) -> Any:
    return CliRunner().invoke(app, ["run", "video_classification", "--quiet", *arguments])


def test_two_sources_give_two_files_of_their_own(model: str, tmp_path: Path) -> None:
    other = SOURCE.replace("seed=4", "seed=5")
    done = command(
        ["--model", model, "--source", SOURCE, "--source", other,
         "--sink", f"classes={tmp_path}/c.jsonl"]
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    first, second = (
        [json.loads(line) for line in (tmp_path / f"c-{n}.jsonl").read_text().splitlines()]
        for n in range(2)
    )
    assert first == [row for one in rows(seen(model)) for row in one]
    assert second == [row for one in rows(seen(model, other)) for row in one]


def test_a_sink_for_pictures_needs_no_name(model: str, tmp_path: Path) -> None:
    done = command(["--model", model, "--source", SOURCE, "--sink", f"{tmp_path}/o.mp4"])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "o.mp4").stat().st_size > 1000
