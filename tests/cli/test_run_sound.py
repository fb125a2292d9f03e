"""`flowlace run` with sound: from files, films and the standard input."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.sources.sounds import tone, write_sound
from tests.sources.test_sound_file import write_film

CALCULATORS = """
from flowlace.formats.image import Image
from flowlace.formats.time_series import Matrix
from flowlace.framework.calculator import Calculator
from flowlace.framework.contract import Port
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator

@register_calculator
class LevelCalculator(Calculator[NoOptions]):
    input_ports = (Port("sounds", Matrix),)
    output_ports = (Port("levels", dict),)

    def process(self, packets):
        values, header = packets["sounds"].payload.values, self.input_headers["sounds"].payload
        row = {"peak": float(abs(values).max()), "samples": values.shape[1],
               "rate": header.sample_rate, "channels": header.num_channels}
        self.outputs["levels"].send(Packet(row, packets.timestamp))

@register_calculator
class BrightnessCalculator(Calculator[NoOptions]):
    input_ports = (Port("frames", Image),)
    output_ports = (Port("brightness", dict),)

    def process(self, packets):
        mean = float(packets["frames"].payload.pixels.mean())
        self.outputs["brightness"].send(Packet({"mean": mean}, packets.timestamp))
"""

SOUND = """
input_stream: "sounds"
output_stream: "levels"
node { calculator: "LevelCalculator" input_stream: "sounds" output_stream: "levels" }
"""

BOTH = (
    SOUND
    + """
input_stream: "frames"
output_stream: "brightness"
node { calculator: "BrightnessCalculator" input_stream: "frames" output_stream: "brightness" }
"""
)


@pytest.fixture
def graph(tmp_path: Path) -> list[str]:
    (tmp_path / "calculators.py").write_text(CALCULATORS)
    (tmp_path / "sound.pbtxt").write_text(SOUND)
    (tmp_path / "both.pbtxt").write_text(BOTH)
    return [str(tmp_path / "sound.pbtxt"), "-i", str(tmp_path / "calculators.py")]


def flowlace(*words: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "flowlace.cli", "run", *words]
    return subprocess.run(command, input=data, capture_output=True, timeout=100, check=False)


def rows(done: subprocess.CompletedProcess[bytes]) -> list[dict[str, float]]:
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_bare_samples_come_on_the_standard_input(graph: list[str]) -> None:
    data = np.full(8000, 16_384, "<i2").tobytes()
    found = rows(flowlace(*graph, "-s", "pcm:-?rate=8000", "-o", "-", data=data))
    assert [row["timestamp_us"] for row in found] == [50_000 * n for n in range(20)]
    assert {(row["peak"], row["rate"], row["channels"]) for row in found} == {(0.5, 8000, 1)}


def test_a_graph_that_takes_sound_gets_the_sound_of_a_film(
    graph: list[str], tmp_path: Path
) -> None:
    found = rows(flowlace(*graph, "-s", f"{write_film(tmp_path / 'film.mkv')}?track=1", "-o", "-"))
    assert sum(row["samples"] for row in found) == 16_000
    assert {round(row["peak"] * 32_768) for row in found} == {2000}


def test_one_film_feeds_pictures_and_sound(graph: list[str], tmp_path: Path) -> None:
    film, levels, pictures = (str(tmp_path / name) for name in ("f.mkv", "l.jsonl", "b.jsonl"))
    write_film(Path(film), start_s=2)
    done = flowlace(
        str(tmp_path / "both.pbtxt"), *graph[1:], "-s", f"frames={film}", "-s", f"sounds={film}",
        "-o", f"levels={levels}", "-o", f"brightness={pictures}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    first = [json.loads(Path(one).read_text().splitlines()[0]) for one in (levels, pictures)]
    assert [row["timestamp_us"] for row in first] == [2_000_000, 2_000_000]


def test_a_graph_that_takes_sound_gets_no_pictures(graph: list[str]) -> None:
    done = flowlace(*graph, "-s", "testsrc:street")
    assert done.returncode == 1
    assert b"gives pictures, but the stream it feeds takes sound" in done.stderr


def test_the_summary_tells_of_flaws(graph: list[str], tmp_path: Path) -> None:
    loud = np.sign(tone(8000, 8000))
    path = write_sound(tmp_path / "loud.wav", loud, 8000, "pcm_s16le")
    done = flowlace(*graph, "-s", str(path), "-o", "none")
    assert b"20 flawed (clipped)" in done.stderr
