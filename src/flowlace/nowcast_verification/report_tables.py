"""The tables of the report."""

from __future__ import annotations

import html
from collections.abc import Iterable

import numpy as np

from flowlace.nowcast_verification.as_json import time_text
from flowlace.nowcast_verification.conclusions import last_lead_text
from flowlace.nowcast_verification.results import Bounded, Verification


def last_leads(result: Verification) -> str:
    """Returns up to which lead each method is above persistence, by threshold."""
    head = ["above persistence by CSI"]
    head += [f"≥ {one:g} mm/h" for one in result.settings.thresholds_mm_h]
    rows = [
        [name, *(last_lead_text(result, method, one) for one in range(len(head) - 1))]
        for method, name in enumerate(result.methods)
        if method != result.reference
    ]
    cells = [[html.escape(cell) for cell in row] for row in rows]
    return _table([head], cells, kind="words") if rows else ""


def scores_of_lead(result: Verification, lead: int) -> str:
    """Returns all scores of a lead, one table for all pixels and one a threshold."""
    at = (slice(None), lead)
    general = [
        ("MAE, mm/h", _column(result.mae, at, lower=True)),
        ("MSE, (mm/h)²", _column(result.mse, at, lower=True)),
        ("CRPS, mm/h", _column(result.crps, at, lower=True)),
        ("rain forecast / seen", _column(result.amount, at, lower=None)),
        ("pixels with a forecast", [f"{100 * one:.1f} %" for one in result.coverage[at]]),
    ]
    tables = [_score_table("All pixels", result, general)]
    for index, limit in enumerate(result.settings.thresholds_mm_h):
        here = (slice(None), lead, index)
        columns = [
            ("CSI", _column(result.csi, here)),
            ("F1", _column(result.f1, here)),
            ("precision", _column(result.precision, here)),
            ("recall", _column(result.recall, here)),
            ("area bias", _column(result.bias, here, lower=None)),
            *(
                (f"FSS {scale:.2g} km", _column(result.fss, (*here, place)))
                for place, scale in enumerate(result.scales_km)
            ),
            ("Brier", _column(result.brier, here, lower=True)),
            ("PR area", _column(result.pr_area, here)),
            ("cut-off", _only_chances(result, [f"{one:.2f}" for one in result.cut_off[here]])),
            ("its CSI", _only_chances(result, _column(result.cut_off_csi, here))),
        ]
        seen = 100 * result.base_rate[0, lead, index]
        tables.append(
            _score_table(f"≥ {limit:g} mm/h, seen in {seen:.2f} % of the pixels", result, columns)
        )
    return "".join(tables)


def _score_table(name: str, result: Verification, columns: list[tuple[str, list[str]]]) -> str:
    rows = [
        [html.escape(method), *(cells[index] for _, cells in columns)]
        for index, method in enumerate(result.methods)
    ]
    heading = f"<h3>{html.escape(name)}</h3>"
    return heading + _table([["", *(head for head, _ in columns)]], rows)


def _column(
    score: Bounded,
    at: tuple[slice | int, ...],
    *,
    lower: bool | None = False,
) -> list[str]:
    """Returns cells by method; `lower` says whether lower is better, None: neither is."""
    values, lows, highs = score.value[at], score.low[at], score.high[at]
    best = np.nan
    if lower is not None and np.isfinite(values).any():
        best = np.nanmin(values) if lower else np.nanmax(values)
    cells = []
    for value, low, high in zip(values, lows, highs, strict=True):
        text = f"{value:.3f}" if np.isfinite(value) else "–"
        if value == best and len(values) > 1:
            text = f"<b>{text}</b>"
        if np.isfinite(low):
            text += f" <small>{low:.3f}–{high:.3f}</small>"
        cells.append(text)
    return cells


def _only_chances(result: Verification, cells: list[str]) -> list[str]:
    """Returns cells of methods with probabilities; for a yes or no there is nothing to cut."""
    return [
        cell if has_chances else "–"
        for cell, has_chances in zip(cells, result.has_chances, strict=True)
    ]


def archive_and_method(result: Verification) -> str:
    """Returns what was read and how it was scored."""
    facts, collected, settings = result.facts, result.collected, result.settings
    period = f"{spoken_time(facts.first_us)} to {spoken_time(facts.last_us)} UTC"
    margin = f" but {settings.margin_km:g} km at its edges" if settings.margin_km else ""
    longest = max(((b - a) / 60e6 for a, b in facts.gaps_us), default=0.0)
    rows = [
        ("archive", facts.name),
        ("product", facts.product or "not told"),
        ("observations", f"{facts.observations} of {facts.files} files, every "
         f"{facts.step_us / 60e6:g} min, {period}"),
        ("not used", _counted(facts.skipped) or "nothing"),
        ("gaps", f"{len(facts.gaps_us)}, the longest {longest:g} min" if facts.gaps_us else "none"),
        ("grid", f"{facts.shape[0]} rows × {facts.shape[1]} columns, pixels of "
         f"{facts.pixel_km:.4g} km; {facts.projection or 'the projection is not told'}"),
        ("scored area", "all that was observed" + margin),
        ("start times", f"{collected.starts} scored, every {settings.every_minutes:g} min, with "
         f"{settings.history_minutes:g} min of history"),
        ("start times not scored", _counted(collected.skipped_starts) or "none"),
        ("split", f"{collected.split}: {collected.calibration_starts} start times pick cut-offs, "
         "the others are scored" if collected.split else "none; all is scored"),
        ("intervals", f"95 %, {settings.resamples} draws of {result.blocks} blocks of "
         f"{result.block_minutes:g} min, seed {settings.seed}"),
    ]  # fmt: skip
    return _table([], [[one, html.escape(text)] for one, text in rows], kind="words")


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} × {reason}" for reason, count in sorted(counts.items()))


def _table(heads: list[list[str]], rows: Iterable[list[str]], kind: str = "") -> str:
    """Cells of rows are HTML; those of heads are text."""
    head = "".join(
        f"<tr>{''.join(f'<th>{html.escape(cell)}</th>' for cell in row)}</tr>" for row in heads
    )
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="scroll"><table class="{kind}">{head}{body}</table></div>'


def spoken_time(time_us: int) -> str:
    """Returns a time in UTC, to the minute.

    >>> spoken_time(0)
    '1970-01-01 00:00'
    """
    return time_text(time_us)[:16].replace("T", " ")
