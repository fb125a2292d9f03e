"""Tables and times; `measure` itself runs in `test_cli.py`, on files that were exported."""

import torch
from flowlace_trainers import tflite
from flowlace_trainers.detector.measuring import cpu_ms, score_table
from rich.console import Console
from torch import Tensor, nn


class Deep(nn.Module):
    def __init__(self, layers: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(nn.Conv2d(3, 3, 3, padding=1) for _ in range(layers)))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.layers(x))


def test_ten_times_the_work_takes_longer() -> None:
    short, long = (cpu_ms(tflite.converted(Deep(layers), (64, 64, 3))) for layers in (1, 10))
    assert 0 < short < long


def test_a_table_has_a_line_a_model_and_a_dash_for_what_was_not_measured() -> None:
    console = Console(width=80)
    with console.capture() as captured:
        console.print(score_table({"torch": {"mAP": 0.5}, "int8": {"mAP": 0.25, "AP50": 0.75}}))
    lines = [line.split("│")[1:-1] for line in captured.get().splitlines() if "│" in line]
    assert [[cell.strip() for cell in line] for line in lines] == [
        ["torch", "0.500", "–"],
        ["int8", "0.250", "0.750"],
    ]
