"""The card of a video classifier: words from the configuration, numbers from measurements."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from flowlace_trainers.card import CardText, making, table

_NAMES = {"float32": "exported, float32", "int8": "exported, weights in eight bits"}


def video_card(
    text: CardText, measured: Mapping[str, Any], beside: Sequence[Mapping[str, Any]]
) -> str:
    """Returns the card in Markdown.

    Args:
        text: what nobody can measure.
        measured: of the model.
        beside: of other runs, other seeds or networks, to compare with.
    """
    parts = [
        f"# {text.title}",
        text.purpose,
        table(
            ("file", "precision", "size", "CPU time a run", "agrees with torch", "SHA-256"),
            [_file(one) for one in measured["files"]],
        ),
        f"{measured['parameters']:,} parameters, labels {', '.join(measured['labels'])}. CPU time: "
        f"median of 100 runs, one thread, {measured['processor']}.",
        "## Intended use",
        text.limits,
        "## How good it is",
        *(part for name, one in measured["scores"].items() for part in _scores(name, one)),
        *_comparison(beside),
        *_sizes(measured["multiply_adds"]),
        "## Data",
        text.data,
        table(("split", "clips", "digest (SHA-256)"), _splits(measured)),
        "## Network",
        text.architecture,
        *making(text, measured),
    ]
    return "\n\n".join(parts) + "\n"


def _file(one: Mapping[str, Any]) -> list[str]:
    return [
        f"`{one['file']}`",
        one["precision"],
        f"{one['bytes'] / 1e3:.0f} kB",
        f"{one['cpu_ms']:.2f} ms",
        f"{one['agreement_db']:.0f} dB",
        f"`{one['sha256']}`",
    ]


def _scores(name: str, one: Mapping[str, Any]) -> list[str]:
    rows = [
        [_NAMES.get(row, row), *(f"{scores[each]:.3f}" for each in _SCORES)]
        for row, scores in one["rows"].items()
    ]
    return [
        f"**{name[0].upper()}{name[1:]}**, {one['clips']} clips, digest `{one['digest'][:16]}`:",
        table(("", *(each.replace("_", " ") for each in _SCORES)), rows),
    ]


_SCORES = ("accuracy", "balanced", "log_loss")


def _comparison(beside: Sequence[Mapping[str, Any]]) -> list[str]:
    """Returns a row for each network and set of clips: the mean over seeds, and each seed."""
    networks = list(dict.fromkeys(one["name"] for one in beside))
    rows = [
        _compared(network, clips, [one for one in beside if one["name"] == network])
        for clips in (beside[0]["scores"] if beside else ())
        for network in networks
    ]
    head = ("network", "clips", "accuracy", "spread", "seeds")
    return [
        "Trained alike, with the learned tokens and without (*all places*); the spread is the "
        "standard deviation over seeds:",
        table(head, rows),
    ] * bool(rows)


def _compared(network: str, clips: str, runs: Sequence[Mapping[str, Any]]) -> list[str]:
    told = {one["seed"]: one["scores"][clips]["rows"]["torch"]["accuracy"] for one in runs}
    values = [told[seed] for seed in sorted(told)]
    spread = f"{np.std(values, ddof=1):.3f}" if len(values) > 1 else "–"
    return [
        f"`{network}`",
        clips,
        f"{np.mean(values):.3f}",
        spread,
        ", ".join(f"{seed}: {told[seed]:.3f}" for seed in sorted(told)),
    ]


def _sizes(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    made = [
        [
            one["size"],
            f"{one['multiply_adds'] / 1e6:.0f}",
            f"{one['without'] / 1e6:.0f}",
            f"{one['multiply_adds'] / one['without']:.3f}",
        ]
        for one in rows
    ]
    head = ("pixels", "MMAC", "MMAC without learned tokens", "ratio")
    return ["Multiply-adds of a whole clip or picture, by its size:", table(head, made)] * bool(
        made
    )


def _splits(measured: Mapping[str, Any]) -> list[list[str]]:
    return [
        [name, str(one["clips"]), f"`{one['digest']}`"] for name, one in measured["data"].items()
    ]
