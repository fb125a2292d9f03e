import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "porting_from_mediapipe.md"


def test_the_example_on_the_porting_page_runs() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    exec(example, {})


@pytest.mark.parametrize(
    "name", re.findall(r"\| `((?:import|from) flowlace[^`]*)` \|", PAGE.read_text())
)
def test_the_imports_on_the_porting_page_work(name: str) -> None:
    exec(name, {})
