from typing import Any

from flowlace_trainers.card import CardText
from flowlace_trainers.video.video_card import video_card

TEXT = CardText(
    title="Moves", purpose="Tells moves.", limits="None.", data="Drawn.", architecture="Small.",
    licence="Apache-2.0", hardware="One core.", commands=("flowlace-train video fit moves",),
)  # fmt: skip


def measured(name: str = "moves", seed: int = 1, accuracy: float = 0.5) -> dict[str, Any]:
    rows = {"torch": {"accuracy": accuracy, "balanced": accuracy, "log_loss": 1.0}}
    return {
        "name": name,
        "seed": seed,
        "labels": ["a", "b"],
        "parameters": 1234,
        "data": {"training": {"clips": 9, "digest": "abc"}},
        "scores": {"evaluation": {"clips": 4, "digest": "0" * 64, "rows": rows}},
        "files": [
            {"file": "moves_f32.tflite", "precision": "float32", "bytes": 4000, "cpu_ms": 1.5,
             "agreement_db": 120.0, "sha256": "ff"}
        ],
        "multiply_adds": [{"size": "96 × 96", "multiply_adds": 3_000_000, "without": 10_000_000}],
        "processor": "a CPU",
        "commit": "abc",
        "versions": {"torch": "2"},
    }  # fmt: skip


def test_seeds_of_a_network_are_one_row_with_mean_and_spread() -> None:
    beside = [
        measured(accuracy=0.8), measured(seed=2, accuracy=0.9),
        measured("moves_all_places", accuracy=0.7),
    ]  # fmt: skip
    card = video_card(TEXT, measured(), beside)
    assert "| `moves` | evaluation | 0.850 | 0.071 | 1: 0.800, 2: 0.900 |" in card
    assert "| `moves_all_places` | evaluation | 0.700 | – | 1: 0.700 |" in card


def test_sizes_and_files_are_told() -> None:
    card = video_card(TEXT, measured(), [])
    assert "| 96 × 96 | 3 | 10 | 0.300 |" in card
    assert "| `moves_f32.tflite` | float32 | 4 kB | 1.50 ms | 120 dB | `ff` |" in card
    assert "Trained alike" not in card
