"""The card of a sound classifier: words from the configuration, numbers from measurements."""

from collections.abc import Mapping
from typing import Any

from flowlace_trainers.card import CardText, making, table


def sound_card(text: CardText, measured: Mapping[str, Any]) -> str:
    """Returns the card in Markdown."""
    folds = list(next(iter(measured["scores"].values()))["by fold"])
    labels = measured["labels"]
    parts = [
        f"# {text.title}",
        text.purpose,
        table(
            ("file", "precision", "size", "CPU time a window", "agrees with torch", "SHA-256"),
            _files(measured),
        ),
        f"Input `[1, 96, 64, 1]`: ln(mel + 0.001), 96 frames of 25 ms, one every 10 ms, 64 bands "
        f"from 125 to 7500 Hz. Output `[1, {len(labels)}]`: the probability of each sound by "
        f"itself. {measured['parameters']:,} parameters. Labels: {', '.join(labels)}. CPU time: "
        f"median of 100 runs, one thread, {measured['processor']}; YAMNet there: "
        f"{measured['teacher']['cpu_ms']:.2f} ms, {measured['teacher']['bytes'] / 1e6:.2f} MB.",
        "## Intended use",
        text.limits,
        "## How good it is",
        table(
            ("model", "accuracy", "balanced", *(f"fold {one}" for one in folds)), _scores(measured)
        ),
        "Share of clips whose class got the highest mean probability over windows 0.48 s apart. "
        "Every fold is judged by a model that learnt without it, all else alike; the files above "
        "learnt from all folds. *Accuracy* and the folds are over the ten classes of ESC-10, with "
        "all twelve to choose from; *balanced* is the mean over all twelve classes. YAMNet is "
        "taken as it is, its labels mapped to ours.",
        table(("sound", "clips", *measured["scores"]), _by_class(measured)),
        "## Thresholds",
        "Scores are calibrated by Platt's curves; thresholds are the lowest that gave 19 right "
        "out of 20 among windows of mixed, noisy and reverberant sounds, by the models that "
        "learnt without their fold. Such windows are much harder than clips.",
        table(("sound", "threshold", "precision", "recall"), _thresholds(measured)),
        "## Data",
        text.data,
        f"{measured['minutes']} minutes, digest `{measured['digest']}`. Licences: "
        + ", ".join(f"{name} ({count} clips)" for name, count in measured["licences"].items())
        + ".",
        "## Network",
        text.architecture,
        *making(text, measured),
    ]
    return "\n\n".join(parts) + "\n"


def _files(measured: Mapping[str, Any]) -> list[list[str]]:
    return [
        [
            f"`{one['file']}`",
            precision,
            f"{one['bytes'] / 1e3:.0f} kB",
            f"{one['cpu_ms']:.2f} ms",
            f"{one['agreement_db']:.0f} dB",
            f"`{one['sha256']}`",
        ]
        for precision, one in measured["files"].items()
    ]


def _scores(measured: Mapping[str, Any]) -> list[list[str]]:
    return [
        [
            name,
            f"{one['accuracy']:.3f}",
            f"{one['balanced']:.3f}",
            *(f"{value:.3f}" for value in one["by fold"].values()),
        ]
        for name, one in measured["scores"].items()
    ]


def _by_class(measured: Mapping[str, Any]) -> list[list[str]]:
    return [
        [
            label,
            str(measured["clips"].get(label, 0)),
            *(f"{one['by class'].get(label, 0):.3f}" for one in measured["scores"].values()),
        ]
        for label in measured["labels"]
    ]


def _thresholds(measured: Mapping[str, Any]) -> list[list[str]]:
    return [
        [one["label"], *(f"{one[name]:.2f}" for name in ("threshold", "precision", "recall"))]
        for one in measured["classes"]
    ]
