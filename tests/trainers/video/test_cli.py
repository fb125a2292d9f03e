from pathlib import Path

import pytest
from flowlace_trainers import cli
from typer.testing import CliRunner

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


def test_tokens_have_to_be_one_or_more() -> None:
    result = CliRunner().invoke(cli.app, ["video", "macs", "--tokens", "0"])
    assert result.exit_code == 2
    assert "'--tokens'" in result.output
