"""What a verification says, in words: no more than was measured."""

from __future__ import annotations

from itertools import groupby

import numpy as np

from flowlace.nowcast_verification.results import FEW_BLOCKS, Verification

_SMALL_SCALE_KM = 8.0


def main_threshold(result: Verification) -> int:
    """Returns the place of the threshold that tables show: 1 mm/h, or the one nearest to it."""
    thresholds = np.array(result.settings.thresholds_mm_h)
    return int(np.argmin(np.abs(np.log(thresholds))))


def middle_lead(result: Verification) -> int:
    """Returns the place of the lead that is shown where one must do."""
    return (len(result.leads_minutes) - 1) // 2


def findings(result: Verification) -> list[str]:
    """Returns what was found, one sentence or two each."""
    thresholds = range(len(result.settings.thresholds_mm_h))
    return [
        *(_best(result, one) for one in thresholds),
        *_persistence(result),
        *_area_bias(result),
        *_small_scales(result),
        *_chances(result),
    ]


def caveats(result: Verification) -> list[str]:
    """Returns what to be careful about."""
    collected, facts = result.collected, result.facts
    found = []
    if collected.is_interrupted:
        found.append("The run was interrupted; only the beginning of the archive was scored.")
    if result.settings.resamples and result.blocks < 2:
        found.append("All starts are in one block of time, so there are no intervals.")
    elif result.settings.resamples and result.blocks < FEW_BLOCKS:
        found.append(
            f"Intervals draw from {result.blocks} blocks of {result.block_minutes:g} min only: "
            "they are too narrow, and nothing here is sure to hold for the next rain."
        )
    if result.has_chances.any() and not result.are_cut_offs_independent:
        found.append(
            "Cut-offs of probabilities were picked on the times they are scored on, which "
            "flatters them; --split picks them on others."
        )
    wrong_grid = facts.skipped["wrong_grid"]
    if wrong_grid:
        found.append(
            f"{wrong_grid} observations lie on another grid than the first and were left out; "
            "verify them apart."
        )
    lost = {reason: count for reason, count in facts.skipped.items() if reason != "wrong_grid"}
    if lost:
        shown = ", ".join(f"{count} {reason}" for reason, count in sorted(lost.items()))
        found.append(f"Not all of the archive could be used: {shown}.")
    if sum(collected.missing_targets):
        found.append(
            f"{sum(collected.missing_targets)} forecasts have no observation at their time and "
            "were not scored."
        )
    found += [f"{name} was left out: {why}." for name, why in collected.left_out.items()]
    found += _unknown(result)
    return found


def _best(result: Verification, threshold: int) -> str:
    limit = result.settings.thresholds_mm_h[threshold]
    csi = result.csi.value[:, :, threshold]
    if not np.isfinite(csi).any():
        return f"≥ {limit:g} mm/h: it was neither seen nor forecast."
    leads = result.leads_minutes
    # Every tie goes to the first; persistence is the first of all.
    best = [int(one) for one in np.argmax(np.nan_to_num(csi, nan=-1.0), axis=0)]
    spans = []
    for method, group in groupby(range(len(leads)), key=lambda lead: best[lead]):
        places = list(group)
        spans.append(f"{result.methods[method]} {_span(places, leads)}")
    shown = [middle_lead(result), len(leads) - 1]
    numbers = ", ".join(
        f"{csi[best[lead], lead]:.2f} at +{leads[lead]:g} min "
        f"(persistence {csi[result.reference, lead]:.2f})"
        for lead in dict.fromkeys(shown)
    )
    sure = _surely_best(result, threshold, best)
    return f"≥ {limit:g} mm/h: highest CSI by {', then '.join(spans)}: {numbers}{sure}."


def _span(places: list[int], leads: tuple[float, ...]) -> str:
    first, last = leads[places[0]], leads[places[-1]]
    if first == last:
        return f"at +{first:g} min"
    if len(places) == len(leads):
        return "at all leads"
    return f"from +{first:g} to +{last:g} min"


def _surely_best(result: Verification, threshold: int, best: list[int]) -> str:
    if not result.are_intervals_sound:
        return ""
    gain = result.csi_gain.low[:, :, :, threshold]
    others = range(len(result.methods))
    leads = [
        f"+{minutes:g}"
        for lead, minutes in enumerate(result.leads_minutes)
        if all(gain[best[lead], one, lead] > 0 for one in others if one != best[lead])
    ]
    if len(leads) == len(best):
        return "; surely above all others at each of them"
    if not leads:
        return "; nowhere surely above all others"
    return f"; surely above all others at {', '.join(leads)} min"


def _persistence(result: Verification) -> list[str]:
    told = []
    for index, name in enumerate(result.methods):
        if index == result.reference:
            continue
        limits: dict[str, list[str]] = {}
        for threshold, limit in enumerate(result.settings.thresholds_mm_h):
            text = last_lead_text(result, index, threshold)
            limits.setdefault(text, []).append(f"≥ {limit:g}")
        parts = [f"{', '.join(shown)} mm/h {text}" for text, shown in limits.items()]
        if len(limits) == 1 < len(result.settings.thresholds_mm_h):
            parts = [f"all thresholds {text}" for text in limits]
        told.append(f"{name} is above persistence by CSI: {'; '.join(parts)}.")
    return told


def last_lead_text(result: Verification, method: int, threshold: int) -> str:
    """Returns up to which lead a method is above persistence, and up to which surely."""
    if not np.isfinite(result.csi_gain.value[method, result.reference, :, threshold]).any():
        return "can't be told"
    above = result.leads_above_persistence(method, threshold)
    if not above:
        return "at no lead"
    last = above[-1]
    text = f"up to +{last:g} min"
    if last == result.leads_minutes[-1]:
        text += " (the last lead)"
    below = [f"+{one:g}" for one in result.leads_minutes if one < last and one not in above]
    if below:
        text += f" but not at {', '.join(below)}"
    if not result.are_intervals_sound:
        return text
    surely = result.leads_above_persistence(method, threshold, surely=True)
    if not surely:
        return f"{text}, nowhere surely"
    if surely == above:
        return f"{text}, surely"
    return f"{text}, surely at {', '.join(f'+{one:g}' for one in surely)}"


def _area_bias(result: Verification) -> list[str]:
    threshold = main_threshold(result)
    limit = result.settings.thresholds_mm_h[threshold]
    bias = result.bias.value[:, -1, threshold]
    if not np.isfinite(bias).all():
        return []
    minutes = result.leads_minutes[-1]
    shown = ", ".join(f"{name} {one:.2f}" for name, one in zip(result.methods, bias, strict=True))
    return [
        f"Area of ≥ {limit:g} mm/h at +{minutes:g} min, for each pixel that was seen: {shown}. "
        "Less than 1 is too little; pixels without a forecast count as dry."
    ]


def _small_scales(result: Verification) -> list[str]:
    bands = result.collected.kinds.bands
    is_small = bands.edges_km[1:] <= _SMALL_SCALE_KM * 1.01
    if not is_small.any():
        return []
    power = result.sums["power"][:, -1, is_small].sum(axis=1)
    if not (power[:, 1] > 0).all():
        return []
    largest_km = bands.edges_km[1:][is_small][-1]
    shown = ", ".join(
        f"{name} {100 * said / seen:.0f} %"
        for name, (said, seen) in zip(result.methods, power, strict=True)
    )
    return [
        f"Of the observed variance at scales below {largest_km:.2g} km, forecasts keep at "
        f"+{result.leads_minutes[-1]:g} min: {shown}. Little means blurred: that raises "
        "CSI and lowers errors, and peaks are lost."
    ]


def _chances(result: Verification) -> list[str]:
    threshold = main_threshold(result)
    limit = result.settings.thresholds_mm_h[threshold]
    minutes = result.leads_minutes[-1]
    told = []
    for index in np.flatnonzero(result.has_chances):
        counts = result.collected.chances[index, -1, threshold].astype(float)
        middles = (np.arange(len(counts)) + 0.5) / len(counts)
        middles[0] = 0.0  # most of it is exactly that, and there is much of it
        pixels = counts[:, 0].sum()
        if not pixels or not counts[:, 1].any():
            continue  # without one event, no score of these means anything
        said, seen = (counts[:, 0] * middles).sum() / pixels, counts[:, 1].sum() / pixels
        told.append(
            f"{result.methods[index]} gives ≥ {limit:g} mm/h at +{minutes:g} min a chance of "
            f"{100 * said:.1f} % on average (0 where it has no forecast); it "
            f"came in {100 * seen:.1f} % of pixels. PR area "
            f"{result.pr_area.value[index, -1, threshold]:.2f}, Brier score "
            f"{result.brier.value[index, -1, threshold]:.3f}."
        )
    return told


def _unknown(result: Verification) -> list[str]:
    coverage = result.coverage[:, -1]
    lowest = float(np.nanmin(coverage)) if np.isfinite(coverage).any() else 1.0
    if lowest > 0.98:
        return []
    minutes = result.leads_minutes[-1]
    return [
        f"At +{minutes:g} min up to {100 * (1 - lowest):.0f} % of the scored pixels have no "
        "forecast, because their rain comes from outside of what the radars see; they "
        "count as dry. --margin 60 leaves out 60 km at the edges."
    ]
