"""The card of a model: what it is, what it was made from, how good it is, what it can't do.

Numbers come from measurements only; words come from the configuration.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class CardText:
    """What nobody can measure."""

    title: str
    """Of the card."""
    purpose: str
    """What it is for."""
    limits: str
    """What it is not for."""
    data: str
    """Where the data come from, how they are split, what is ignored."""
    architecture: str
    """The network in a few sentences."""
    licence: str
    """Of weights and data."""
    hardware: str
    """Machine and time of the training."""
    commands: Sequence[str]
    """What made the model and measured it, in order."""


def card(text: CardText, measured: Mapping[str, Any]) -> str:
    """Returns the card in Markdown."""
    parts = [
        f"# {text.title}",
        text.purpose,
        table(
            ("file", "precision", "size", "CPU time a picture", "agrees with torch", "SHA-256"),
            _files(measured),
        ),
        f"Input `[1, {', '.join(map(str, measured['input']))}]`, {measured['parameters']:,} "
        f"parameters, labels {', '.join(measured['labels'])}. CPU time: median of 100 runs, "
        f"one thread, {measured['processor']}. Agreement: signal to difference of outputs on the "
        "same pictures.",
        "## Intended use",
        text.limits,
        "## How good it is",
        table(*_scores(measured)),
        f"Measured on {measured['data']['evaluation']['pictures']} pictures that had no part in "
        "training or in the choice of the checkpoint, with COCO's scorer (`pycocotools`) and the "
        "decoding of the graph's calculators. mAP is the mean over IoU 0.50 to 0.95.",
        "## Data",
        text.data,
        table(("split", "pictures", "digest (SHA-256)"), _splits(measured)),
        "## Network",
        text.architecture,
        "## How it was made",
        "```\n" + "\n".join(text.commands) + "\n```",
        f"{text.hardware} Seed {measured['seed']}, commit `{measured['commit']}`, "
        + ", ".join(f"{name} {version}" for name, version in measured["versions"].items())
        + ".",
        "## Licence",
        text.licence,
    ]
    return "\n\n".join(parts) + "\n"


def _files(measured: Mapping[str, Any]) -> list[list[str]]:
    return [
        [
            f"`{one['file']}`",
            precision,
            f"{one['bytes'] / 1e6:.2f} MB",
            f"{one['cpu_ms']:.1f} ms",
            f"{one['agreement_db']:.0f} dB",
            f"`{one['sha256']}`",
        ]
        for precision, one in measured["files"].items()
    ]


def _scores(measured: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    scores: Mapping[str, Mapping[str, float]] = measured["scores"]
    names = list(dict.fromkeys(name for one in scores.values() for name in one))
    rows = [
        [model, *(f"{one[name]:.3f}" if name in one else "–" for name in names)]
        for model, one in scores.items()
    ]
    return ["model", *names], rows


def _splits(measured: Mapping[str, Any]) -> list[list[str]]:
    return [
        [name, str(one["pictures"]), f"`{one['digest']}`"] for name, one in measured["data"].items()
    ]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Returns a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
