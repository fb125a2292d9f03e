"""The card of a U-Net for nowcasting: words from the configuration, numbers from measurements."""

from collections.abc import Mapping
from typing import Any

from flowlace_trainers.card import CardText, making, table
from flowlace_trainers.nowcast.measuring import LEADS_MINUTES, LIMITS_MM_H, MAIN_LIMIT


def nowcast_card(text: CardText, measured: Mapping[str, Any]) -> str:
    """Returns the card in Markdown."""
    side, data = measured["tile_px"], measured["data"]
    kept = data["development"]
    limits = "/".join(f"{one:g}" for one in LIMITS_MM_H)
    parts = [
        f"# {text.title}",
        text.purpose,
        table(
            ("file", "precision", "size", "CPU time a tile", "agrees with torch", "SHA-256"),
            _files(measured),
        ),
        f"A tile is {side} × {side} pixels of about 1 km. {measured['parameters']:,} parameters, "
        f"{measured['multiply_adds_a_pixel']:,.0f} multiplications a pixel for all leads. "
        f"CPU time: median of 100 runs, one thread, {measured['processor']}.",
        "## Intended use",
        text.limits,
        "## How good it is",
        f"CSI at {limits} mm/h. *Rain* is the forecast rain rate; *chance* is the probability, cut "
        "where CSI is highest, and for extrapolation it is the Lagrangian probability. AP (average "
        "precision) and Brier score are those of the probability of "
        f"{LIMITS_MM_H[MAIN_LIMIT]:g} mm/h. "
        "Power is that of the forecast for each of the rain that came, from the shortest scale "
        "to longer ones, an octave each; 1 is as rough as real rain.",
        *(
            part
            for network, scores in measured["scores"].items()
            for part in _network(network, scores)
        ),
        f"Starts every ten minutes of the {kept['events']} development events, which had no part "
        f"in the training but chose the checkpoint ({kept['pictures']} pictures, digest "
        f"`{kept['digest']}`); the outer 64 km are not scored.",
        "## Data",
        text.data,
        f"{data['training']['events']} events, {data['training']['pictures']} pictures, digest "
        f"`{data['training']['digest']}`.",
        "## Network",
        text.architecture,
        *making(text, measured),
    ]
    return "\n\n".join(parts) + "\n"


def _network(network: str, scores: Mapping[str, Any]) -> list[str]:
    made = []
    for lead in (f"+{one:g}" for one in LEADS_MINUTES):
        rows = [_row(name, one[lead]) for name, one in scores.items() if isinstance(one, Mapping)]
        head = ("method", "rain", "bias", "MAE mm/h", "chance", "AP", "Brier", "power")
        made += [f"**{network}, {lead} min** ({scores['starts']} starts)", table(head, rows)]
    return made


def _row(name: str, one: Mapping[str, Any]) -> list[str]:
    return [
        name,
        _slashed(one["csi"]),
        f"{one['bias'][MAIN_LIMIT]:.2f}",
        f"{one['mae']:.3f}",
        _slashed(one["best_csi"]),
        f"{one['pr_area'][MAIN_LIMIT]:.3f}",
        f"{one['brier'][MAIN_LIMIT]:.4f}",
        " ".join(f"{value:.2f}" for value in one["power"]),
    ]


def _slashed(values: list[float]) -> str:
    return "/".join(f"{one:.3f}".removeprefix("0") for one in values)


def _files(measured: Mapping[str, Any]) -> list[list[str]]:
    return [
        [
            f"`{one['file']}`",
            precision,
            f"{one['bytes'] / 1e6:.2f} MB",
            f"{one['cpu_ms']:.0f} ms",
            f"{one['agreement_db']:.0f} dB",
            f"`{one['sha256']}`",
        ]
        for precision, one in measured["files"].items()
    ]
