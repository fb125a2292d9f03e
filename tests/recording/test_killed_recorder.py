"""A recorder that is killed with −9 in the middle of its work."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from flowlace.recording import Recording

RECORDER = """
import sys, time
import numpy as np
from flowlace.formats.image import Image, ImageFormat
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.recording import GraphRecorder, VideoMode

graph = CalculatorGraph('input_stream: "a" output_stream: "b" '
    'node { calculator: "PassThroughCalculator" input_stream: "a" output_stream: "b" }')
picture = Image(ImageFormat.SRGB, np.random.default_rng(0).integers(0, 256, (90, 160, 3), np.uint8))
GraphRecorder(graph, sys.argv[1], video=VideoMode(sys.argv[2]))
graph.start_run()
while True:
    now_us = time.monotonic_ns() // 1000
    graph.add_packet_to_input_stream("a", Packet(picture, now_us))
    print(now_us, flush=True)
    time.sleep(0.005)
"""


def kill_after(path: Path, video: str, seconds: float) -> list[int]:
    """Returns the timestamps that had entered when the recorder was killed, and that moment."""
    process = subprocess.Popen(
        [sys.executable, "-c", RECORDER, str(path), video], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(seconds)
    killed_us = time.monotonic_ns() // 1000
    process.kill()
    rest = process.stdout.read()
    process.wait()
    process.stdout.close()
    return [*(int(line) for line in (first + rest).split("\n")[:-1]), killed_us]


@pytest.mark.parametrize(("video", "seconds"), [("raw", 1.23), ("h264", 1.37)])
def test_a_killed_recorder_leaves_all_but_the_last_second(
    tmp_path: Path, video: str, seconds: float
) -> None:
    path = tmp_path / "killed.mcap"
    *entered, killed_us = kill_after(path, video, seconds)
    with Recording(path) as recording:
        found = [event.packet.timestamp for event in recording.events() if event.packet]
        assert not recording.is_complete
        assert set(recording.skipped) <= {"cut off"}
    assert found == entered[: len(found)]
    assert set(entered[: len(found)]) >= {each for each in entered if each < killed_us - 1_000_000}
    assert found
