"""The graph `nowcast` on the built-in storm and on files, from the command line too."""

import json
from pathlib import Path

import av
import netCDF4
import numpy as np
import pytest
from typer.testing import CliRunner

from flowlace.cli.app import app
from flowlace.formats.nowcast import Nowcast
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.framework.validation import validate_graph
from flowlace.runner.find_graph import find_graph
from flowlace.sources.testsrc.storm import StormOptions, StormSource
from tests.sources.radar.made_files import mrms

STORM = StormOptions(minutes=30, width=128, height=128)


def nowcasts() -> list[Nowcast]:
    graph = CalculatorGraph(validate_graph(find_graph("nowcast")))
    found: list[Nowcast] = []
    graph.observe_output_stream("nowcasts", lambda packet: found.append(packet.payload))
    graph.start_run()
    for frame in StormSource(STORM):
        graph.add_packet_to_input_stream("radar_grids", Packet(frame.payload, frame.timestamp_us))
    graph.close_all_packet_sources()
    graph.wait_until_done()
    return found


def test_every_observation_has_a_nowcast() -> None:
    found = nowcasts()
    assert [one.method for one in found] == ["persistence"] + ["unet"] * 6
    assert [one.frames for one in found] == [1, 2, 3, 4, 5, 5, 5]  # 20 minutes are enough


def test_the_last_nowcast_is_nearer_to_the_truth_than_persistence() -> None:
    scene = StormSource(STORM).scene
    last = nowcasts()[-1].rain_mm_h[1]
    truth, still = scene.rain_at(50), scene.rain_at(30)
    is_known = np.isfinite(last)
    assert np.abs(last - truth)[is_known].mean() < 0.95 * np.abs(still - truth)[is_known].mean()


def test_two_runs_are_alike_to_the_bit() -> None:
    first, second = nowcasts(), nowcasts()
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.rain_mm_h, other.rain_mm_h)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["run", "nowcast", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_line_writes_a_line_a_lead(tmp_path: Path) -> None:
    lines = tmp_path / "summaries.jsonl"
    run("--source", "testsrc:storm?minutes=20&width=64&height=64", "--sink", f"summaries={lines}")
    rows = [json.loads(one) for one in lines.read_text().splitlines()]
    assert len(rows) == 5 * 6
    assert rows[-1]["lead_minutes"] == 60
    assert rows[-1]["valid_us"] - rows[-1]["observed_us"] == 3_600_000_000
    assert rows[-1]["method"] == "unet"


def test_the_command_line_writes_netcdf_and_an_animation(tmp_path: Path) -> None:
    output = run("--source", "testsrc:storm?minutes=10&width=64&height=48", "--sink",
                 f"{tmp_path}/out.nc", "--sink", f"map={tmp_path}/out.gif")  # fmt: skip
    assert "out.nc: 3 written" in output
    with netCDF4.Dataset(tmp_path / "out.nc") as opened:
        assert opened["rain_rate"].shape == (3, 6, 48, 64)
        assert opened["coverage"][:].max() == 2
        assert (opened["coverage"][2] == 1).any()
    with av.open(str(tmp_path / "out.gif")) as opened:
        assert len(list(opened.decode(video=0))) == 3 * 7


def test_alerts_come_for_places_set_on_the_command_line(tmp_path: Path) -> None:
    lines = tmp_path / "alerts.jsonl"
    place = '[{"name": "middle", "x": 128, "y": 128, "radius_km": 30}]'
    run("--source", "testsrc:storm?minutes=20", "--sink", f"alerts={lines}",
        "--set", f"alerts.place={place}")  # fmt: skip
    rows = [json.loads(one) for one in lines.read_text().splitlines()]
    assert [(one["place"], one["event"]) for one in rows] == [("middle", "BEGINS")]
    assert rows[0]["timestamp_us"] == rows[0]["observed_us"]


@pytest.mark.parametrize("method", ["sprog", "persistence"])
def test_the_method_may_be_set(tmp_path: Path, method: str) -> None:
    lines = tmp_path / "summaries.jsonl"
    run("--source", "testsrc:storm?minutes=20&width=64&height=64", "--sink", f"summaries={lines}",
        "--set", f"nowcast.method={method}")  # fmt: skip
    assert json.loads(lines.read_text().splitlines()[-1])["method"] == method


def test_a_feed_with_faults_goes_on_and_they_are_told(tmp_path: Path) -> None:
    feed = tmp_path / "feed"
    feed.mkdir()
    for minute in (0, 2, 4, 10, 12):
        name = f"MRMS_PrecipRate_00.00_20190610-00{minute:02}38.grib2.gz"
        (feed / name).write_bytes(mrms(np.full((32, 32), 2.0), 38, minute))
    cut = feed / "MRMS_PrecipRate_00.00_20190610-000638.grib2.gz"
    cut.write_bytes(mrms(np.zeros((32, 32)), 38, 6)[:-20])
    lines = tmp_path / "summaries.jsonl"
    output = run("--source", f"mrms:{feed}", "--sink", f"summaries={lines}")
    assert len(lines.read_text().splitlines()) == 5 * 6
    assert "unreadable" in output
    assert "missing" in output
