"""A verification as one HTML page that needs nothing else and can be sent to anyone."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable
from importlib import resources

from flowlace.drawing.line_chart import legend
from flowlace.nowcast_verification import report_charts as charts
from flowlace.nowcast_verification.conclusions import caveats, findings, middle_lead
from flowlace.nowcast_verification.report_tables import (
    archive_and_method,
    last_leads,
    scores_of_lead,
    spoken_time,
)
from flowlace.nowcast_verification.results import Verification
from flowlace.nowcast_verification.score_definitions import DEFINITIONS

_PAGE = "report.html"


def report_page(result: Verification, command: str) -> str:
    """Returns the page as HTML; `command` is the one that made it."""
    page = resources.files("flowlace.nowcast_verification").joinpath(_PAGE)
    name = result.facts.name.rstrip("/").rpartition("/")[2]
    title = html.escape(f"Nowcasts verified on {name}")
    sections = (
        f"<h1>{title}</h1>",
        *_summary(result),
        *_by_lead(result),
        *_precision_recall(result),
        *_probabilities(result),
        *_by_scale(result),
        *_spectra(result),
        *_all_scores(result),
        "<h2>Data and method</h2>",
        archive_and_method(result),
        _list(DEFINITIONS),
        f"<h3>Made by</h3><pre>{html.escape(command)}</pre>",
    )
    head, _, rest = page.read_text(encoding="utf-8").partition("__BODY__")
    return head.replace("__TITLE__", title) + "\n".join(sections) + rest


def _summary(result: Verification) -> list[str]:
    facts, collected = result.facts, result.collected
    part = f"the scored part ({collected.split})" if collected.split else "the archive"
    subtitle = (
        f"{collected.starts} start times of {part} between {spoken_time(facts.first_us)} and "
        f"{spoken_time(facts.last_us)} UTC, {len(collected.leads_minutes)} leads up to "
        f"{collected.leads_minutes[-1]:g} min, {facts.shape[0]} × {facts.shape[1]} pixels of "
        f"{facts.pixel_km:.3g} km. Methods: {', '.join(result.methods)}."
    )
    parts = [f'<p class="lead">{html.escape(subtitle)}</p>', _list(findings(result))]
    if notes := caveats(result):
        parts.append(f'<div class="notes"><strong>Read with care</strong>{_list(notes)}</div>')
    return parts


def _by_lead(result: Verification) -> list[str]:
    return [
        "<h2>Hits and false alarms by lead</h2>",
        _say(
            "CSI: hits for each pixel of rain that was forecast or seen. Bands are 95 % intervals; "
            "axes differ."
        ),
        _methods(result),
        charts.over_leads(result, result.csi, "CSI"),
        last_leads(result),
        _more("F1 by lead", charts.over_leads(result, result.f1, "F1")),
        _more(
            "Area forecast for each that was seen, by lead",
            charts.over_leads(result, result.bias, "area bias"),
        ),
    ]


def _precision_recall(result: Verification) -> list[str]:
    return [
        "<h2>Precision and recall</h2>",
        _say(
            "Each probability taken as the cut-off once. A method that says yes or no is a point."
        ),
        _methods(result),
        *_at_leads(result, charts.precision_recall),
    ]


def _probabilities(result: Verification) -> list[str]:
    return [
        "<h2>Are the probabilities right?</h2>",
        *_reliability(result),
        "<h3>Where the observation falls in the forecast distribution (PIT)</h3>",
        _say(
            "Even is calibrated; high at both ends is too sure, high at one end is biased. Pixels "
            f"with a chance of at least {charts.LEAST_CHANCE_TEXT} of "
            f"{result.settings.levels_mm_h[0]:g} mm/h. A yes or no is as sure as can be, so it can "
            "only be high at the ends."
        ),
        *_at_leads(result, charts.ranks),
    ]


def _reliability(result: Verification) -> list[str]:
    if not result.has_chances.any():
        return [_say("No method here gives probabilities other than 0 and 1.")]
    named = [(name, one) for one, name in enumerate(result.methods) if result.has_chances[one]]
    return [
        _say(
            "Reliability: on the diagonal, rain comes as often as was said; above it, more often. "
            "The lower chart tells how often each probability was given."
        ),
        legend(named),
        *_at_leads(result, charts.reliability),
    ]


def _by_scale(result: Verification) -> list[str]:
    return [
        "<h2>Skill by scale</h2>",
        _say("Fractions skill score: shares of rain in squares, so a near miss counts. 1 is best."),
        _methods(result),
        *_at_leads(result, charts.fractions),
    ]


def _spectra(result: Verification) -> list[str]:
    last = len(result.leads_minutes) - 1
    shown = sorted({middle_lead(result), last})
    others = [one for one in range(last) if one not in shown]
    named = [("observation", None), *((name, one) for one, name in enumerate(result.methods))]
    return [
        "<h2>Detail by scale</h2>",
        _say(
            "Variance of rain that each scale carries. A line below the observation's has lost "
            "detail. The observation is that of the pixels for which persistence has a forecast."
        ),
        legend(named),
        charts.spectra(result, shown),
        _more("Other leads", charts.spectra(result, others)) if others else "",
    ]


def _all_scores(result: Verification) -> list[str]:
    leads = result.leads_minutes
    return [
        "<h2>All scores</h2>",
        _say("With 95 % intervals; the best of a lead is bold."),
        *(
            _more(f"+{minutes:g} min", scores_of_lead(result, lead), is_open=lead == len(leads) - 1)
            for lead, minutes in enumerate(leads)
        ),
    ]


def _methods(result: Verification) -> str:
    return legend([(name, one) for one, name in enumerate(result.methods)])


def _at_leads(result: Verification, chart: Callable[[Verification, int], str]) -> list[str]:
    """Returns the charts of the middle lead, and folded those of the others."""
    shown = middle_lead(result)
    leads = range(len(result.leads_minutes))
    others = "".join(chart(result, one) for one in leads if one != shown)
    return [chart(result, shown), _more("Other leads", others) if others else ""]


def _list(sentences: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{html.escape(one)}</li>' for one in sentences)}</ul>"


def _say(text: str) -> str:
    return f'<p class="say">{html.escape(text)}</p>'


def _more(name: str, content: str, *, is_open: bool = False) -> str:
    opened = " open" if is_open else ""
    return f"<details{opened}><summary>{html.escape(name)}</summary>{content}</details>"
