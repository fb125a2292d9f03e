"""The charts of the report: one function a kind of chart, at one lead or over all."""

from __future__ import annotations

import html
from collections.abc import Iterable

import numpy as np

from flowlace.drawing.line_chart import Axis, Line, line_chart
from flowlace.nowcast_verification.as_json import chance_counts, thinned
from flowlace.nowcast_verification.results import Bounded, Verification
from flowlace.nowcast_verification.score_sums import LEAST_CHANCE, RANK_BINS

LEAST_CHANCE_TEXT = f"{100 * LEAST_CHANCE:.0f} %"
"""Which pixels the PIT histogram counts."""

_SHARE = (0.0, 1.0)


def over_leads(result: Verification, score: Bounded, label: str) -> str:
    """Returns a score `[method, lead, threshold]` over the lead, one chart a threshold."""
    leads = result.leads_minutes
    x = _lead_axis(leads)
    tops = [_top(score, threshold) for threshold in range(score.value.shape[2])]
    return _figures(
        (
            f"≥ {limit:g} mm/h",
            line_chart(
                [
                    Line(
                        name=name,
                        x=leads,
                        y=score.value[method, :, index],
                        low=score.low[method, :, index],
                        high=score.high[method, :, index],
                        look=method,
                    )
                    for method, name in enumerate(result.methods)
                ],
                x,
                Axis(label=label, low=0, high=tops[index]),
                f"{label} of at least {limit:g} mm/h by lead",
            ),
        )
        for index, limit in enumerate(result.settings.thresholds_mm_h)
    )


def precision_recall(result: Verification, lead: int) -> str:
    """Returns precision over recall, one chart a threshold; a yes or no is a point."""
    return _figures(
        (
            f"≥ {limit:g} mm/h, +{result.leads_minutes[lead]:g} min",
            line_chart(
                [_pr_line(result, one, lead, index) for one in range(len(result.methods))],
                Axis(label="recall", low=0, high=1),
                Axis(label="precision", low=0, high=1),
                f"precision over recall of at least {limit:g} mm/h",
            ),
        )
        for index, limit in enumerate(result.settings.thresholds_mm_h)
    )


def _pr_line(result: Verification, method: int, lead: int, threshold: int) -> Line:
    name = result.methods[method]
    if not result.has_chances[method]:
        at = (method, lead, threshold)
        return Line(
            name=name, x=[result.recall.value[at]], y=[result.precision.value[at]], look=method
        )
    counts = chance_counts(result, method, lead, threshold)
    precision, recall = counts.precision_recall()
    if not counts.events.sum():
        return Line(name=name, x=[], y=[], look=method)
    # The last cut takes all pixels for rain: a line down to it would tell of nothing.
    is_said = np.arange(len(precision)) < len(precision) - 1
    kept = thinned(int(is_said.sum()), 80) if is_said.any() else np.array([], np.intp)
    return Line(name=name, x=recall[kept], y=precision[kept], look=method, has_marks=False)


def reliability(result: Verification, lead: int) -> str:
    """Returns how often rain followed each probability, and how often each was given."""
    figures = []
    methods = [int(one) for one in np.flatnonzero(result.has_chances)]
    minutes = result.leads_minutes[lead]
    for index, limit in enumerate(result.settings.thresholds_mm_h):
        told = [(one, chance_counts(result, one, lead, index).reliability())
                for one in methods]  # fmt: skip
        shares = [100 * count / max(1, count.sum()) for _, (_, _, count) in told]
        chart = line_chart(
            [
                Line(name=result.methods[one], x=said, y=seen, look=one)
                for one, (said, seen, _) in told
            ],
            Axis(label="probability given", low=0, high=1),
            Axis(label="share where it rained", low=0, high=1),
            f"reliability of at least {limit:g} mm/h",
            has_diagonal=True,
        )
        lowest = min((one[one > 0].min() for one in shares if (one > 0).any()), default=1.0)
        middles = (np.arange(10) + 0.5) / 10
        counts = line_chart(
            [
                Line(name=result.methods[one], x=middles, y=share, look=one)
                for (one, _), share in zip(told, shares, strict=True)
            ],
            Axis(label="probability given", low=0, high=1),
            Axis(label="% of pixels", low=_decade_below(lowest), high=100, is_log=True),
            f"how often each probability of at least {limit:g} mm/h was given",
        )
        pixels = int(sum(counts.sum() for _, (_, _, counts) in told[:1]))
        figures.append((f"≥ {limit:g} mm/h, +{minutes:g} min, {_pixels(pixels)}", chart + counts))
    return _figures(figures)


def ranks(result: Verification, lead: int) -> str:
    """Returns the PIT histogram, one chart a method."""
    counts = result.sums["ranks"][:, lead]
    edges = np.arange(RANK_BINS + 1) / RANK_BINS
    figures = []
    for method, name in enumerate(result.methods):
        pixels = counts[method].sum()
        relative = counts[method] * RANK_BINS / pixels if pixels else np.full(RANK_BINS, np.nan)
        top = max(2.0, float(np.nan_to_num(relative).max()) * 1.05)
        figures.append(
            (
                f"{name}, +{result.leads_minutes[lead]:g} min, {_pixels(pixels)}",
                line_chart(
                    [
                        Line(name="even", x=_SHARE, y=[1, 1], has_marks=False),
                        Line(
                            name=name,
                            x=np.repeat(edges, 2)[1:-1],
                            y=np.repeat(relative, 2),
                            look=method,
                            has_marks=False,
                        ),
                    ],
                    Axis(label="place of the observation", low=0, high=1),
                    Axis(label="times as often as even", low=0, high=top),
                    f"PIT histogram of {name}",
                ),
            )
        )
    return _figures(figures)


def fractions(result: Verification, lead: int) -> str:
    """Returns the fractions skill score over the scale, one chart a threshold."""
    scales = result.scales_km
    x = Axis(
        label="side of the square, km",
        low=scales[0] * 0.85,
        high=max(scales[-1], scales[0] * 2) * 1.15,
        is_log=True,
        ticks=tuple(float(f"{one:.2g}") for one in scales),
    )
    return _figures(
        (
            f"≥ {limit:g} mm/h, +{result.leads_minutes[lead]:g} min",
            line_chart(
                [
                    Line(
                        name=name,
                        x=scales,
                        y=result.fss.value[method, lead, index],
                        low=result.fss.low[method, lead, index],
                        high=result.fss.high[method, lead, index],
                        look=method,
                    )
                    for method, name in enumerate(result.methods)
                ],
                x,
                Axis(label="FSS", low=0, high=1),
                f"fractions skill score of at least {limit:g} mm/h by scale",
            ),
        )
        for index, limit in enumerate(result.settings.thresholds_mm_h)
    )


def spectra(result: Verification, leads: Iterable[int]) -> str:
    """Returns the variance by scale beside that of the observation, one chart a lead."""
    return _figures(
        (f"+{result.leads_minutes[lead]:g} min", _spectrum(result, lead))
        for lead in leads
        if result.sums["starts"][result.reference, lead]
    )


def _spectrum(result: Verification, lead: int) -> str:
    scales = result.collected.kinds.bands.scales_km
    power = result.sums["power"][:, lead] / result.sums["starts"][:, lead, None, None]
    seen = power[result.reference, :, 1]
    if not (power > 0).any():
        return ""
    lines = [Line(name="observation", x=scales, y=seen, has_marks=False)]
    lines += [
        Line(name=name, x=scales, y=power[method, :, 0], look=method)
        for method, name in enumerate(result.methods)
    ]
    shown = power[power > 0]
    return line_chart(
        lines,
        Axis(label="scale, km", low=float(scales[0]), high=float(scales[-1]), is_log=True),
        Axis(
            label="variance, (mm/h)²",
            low=_decade_below(float(shown.min())),
            high=float(shown.max()) * 1.3,
            is_log=True,
        ),
        "variance of rain by scale",
    )


def _figures(figures: Iterable[tuple[str, str]]) -> str:
    shown = [
        f"<figure><figcaption>{html.escape(caption)}</figcaption>{chart}</figure>"
        for caption, chart in figures
    ]
    return f'<div class="charts">{"".join(shown)}</div>'


def _pixels(count: float) -> str:
    return f"{count / 1e6:.1f} M px" if count >= 1e5 else f"{count:.0f} px"


def _lead_axis(leads: tuple[float, ...]) -> Axis:
    ticks = tuple(leads[one] for one in thinned(len(leads), 7))
    return Axis(label="lead, minutes", low=0, high=leads[-1] * 1.04, ticks=ticks)


def _top(score: Bounded, threshold: int) -> float:
    """Upper end of an axis that begins at 0 and holds all lines and bands."""
    values = np.stack([score.value, score.high])[..., threshold]
    highest = float(np.nanmax(values)) if np.isfinite(values).any() else 1.0
    return max(0.1, highest * 1.05)


def _decade_below(value: float) -> float:
    return float(10.0 ** np.floor(np.log10(value)))
