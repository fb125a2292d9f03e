from typing import Any

from flowlace_trainers.card import card

from tests.trainers.detector.toys import CARD

MEASURED: dict[str, Any] = {
    "name": "shapes",
    "labels": ["square", "bar"],
    "input": [64, 96, 3],
    "parameters": 12345,
    "seed": 7,
    "data": {"evaluation": {"pictures": 16, "digest": "abc"}},
    "scores": {
        "commonest boxes (baseline)": {"mAP": 0.01, "AP50": 0.02},
        "tflite int8": {"mAP": 0.5, "AP50": 0.75, "AP50 bar": 0.7},
    },
    "files": {
        "int8": {
            "file": "s.tflite",
            "sha256": "ff",
            "bytes": 1_250_000,
            "cpu_ms": 3.44,
            "agreement_db": 34.5,
        }
    },
    "commit": "0123456789ab",
    "processor": "A CPU",
    "versions": {"torch": "2.13.0"},
}


def test_every_measured_number_is_on_the_card() -> None:
    text = card(CARD, MEASURED)
    assert "| `s.tflite` | int8 | 1.25 MB | 3.4 ms | 34 dB | `ff` |" in text
    assert "| tflite int8 | 0.500 | 0.750 | 0.700 |" in text
    assert "| evaluation | 16 | `abc` |" in text
    assert "Seed 7, commit `0123456789ab`, torch 2.13.0." in text


def test_a_score_that_was_not_measured_is_a_dash() -> None:
    assert "| commonest boxes (baseline) | 0.010 | 0.020 | – |" in card(CARD, MEASURED)


def test_limits_and_commands_are_on_the_card() -> None:
    text = card(CARD, MEASURED)
    assert "Knows nothing else." in text
    assert "```\nflowlace-train detector fit toys.py\n```" in text
