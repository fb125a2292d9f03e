import json
import re
from pathlib import Path

import pytest
from flowlace_trainers import cli
from flowlace_trainers.video.config import VideoConfig
from flowlace_trainers.video.image_network import ImageNetwork
from typer.testing import CliRunner

from tests.trainers.video.test_clips import write_video

PAGE = Path(__file__).parents[3] / "docs" / "video_models.md"


@pytest.fixture(scope="module")
def printed() -> str:
    result = CliRunner().invoke(cli.app, ["video", "macs"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_page_shows_what_the_command_prints(printed: str) -> None:
    placement, stream = printed.strip().split("\n\n")
    page = PAGE.read_text()
    assert placement in page
    assert stream in page


def test_the_examples_of_the_page_run() -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    made: dict[str, object] = {}
    [exec(block, made) for block in blocks]
    assert isinstance(made["network"], ImageNetwork)
    assert isinstance(made["CONFIG"], VideoConfig)


def test_tokens_have_to_be_one_or_more() -> None:
    result = CliRunner().invoke(cli.app, ["video", "macs", "--tokens", "0"])
    assert result.exit_code == 2
    assert "'--tokens'" in result.output


TOY = """
from dataclasses import replace

from tests.trainers.video.toy_task import CONFIG as TOYS

CONFIG = replace(TOYS, fit=replace(TOYS.fit, steps=4, evaluate_every=4))
"""


def run(*words: object) -> str:
    result = CliRunner().invoke(cli.app, ["video", *map(str, words)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_model_is_trained_measured_and_shown(tmp_path: Path) -> None:
    config, out = tmp_path / "toy.py", tmp_path / "run"
    config.write_text(TOY)
    clip = write_video(tmp_path / "clip.mp4", list(range(20, 220, 20)))
    assert "| temporal_head, a step |" in run("macs", config)
    assert "128 clips to learn, 32 to check" in run("fit", config, "--out", out)
    output = run("evaluate", config, "--run", out)
    assert "frames in random order" in output
    measured = json.loads((out / "measured.json").read_text())["scores"]["evaluation"]
    assert list(measured["rows"]) == [
        "commonest class (baseline)", "frames in random order", "torch"
    ]  # fmt: skip
    assert measured["clips"] == 64
    run("maps", config, clip, "--run", out, "--out", tmp_path / "maps.png")
    run("maps", config, clip, "--run", out, "--out", tmp_path / "maps.mp4")
    run("maps", config, clip, "--out", tmp_path / "untrained.png")
    written = [(tmp_path / name).stat().st_size for name in ("maps.png", "maps.mp4")]
    assert min(written) > 500
    assert (tmp_path / "maps.png").read_bytes() != (tmp_path / "untrained.png").read_bytes()
