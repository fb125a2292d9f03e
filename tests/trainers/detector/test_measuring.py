"""Tables; `measure` itself runs in `test_cli.py`, on files that were exported."""

from flowlace_trainers.detector.measuring import score_table
from rich.console import Console


def test_a_table_has_a_line_a_model_and_a_dash_for_what_was_not_measured() -> None:
    console = Console(width=80)
    with console.capture() as captured:
        console.print(score_table({"torch": {"mAP": 0.5}, "int8": {"mAP": 0.25, "AP50": 0.75}}))
    lines = [line.split("│")[1:-1] for line in captured.get().splitlines() if "│" in line]
    assert [[cell.strip() for cell in line] for line in lines] == [
        ["torch", "0.500", "–"],
        ["int8", "0.250", "0.750"],
    ]
