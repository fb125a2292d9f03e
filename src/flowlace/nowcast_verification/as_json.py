"""A verification as plain values for JSON."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np

from flowlace.nowcast_verification.results import Bounded, Verification
from flowlace.nowcasting.verification import ProbabilityCounts

_CURVE_POINTS = 200


def as_json(result: Verification) -> dict[str, Any]:
    """Returns all scores with their intervals; None where there is none.

    Units are in the names. `scores` has one entry a method and lead; lists in an entry of
    `by_threshold` are in the order their axis has beside them.
    """
    leads = range(len(result.leads_minutes))
    return {
        "archive": _facts(result),
        "settings": _settings(result),
        "starts": {
            "scored": result.collected.starts,
            "calibration": result.collected.calibration_starts,
            "skipped": dict(result.collected.skipped_starts),
            "without_observation_by_lead": list(result.collected.missing_targets),
            "is_interrupted": result.collected.is_interrupted,
        },
        "methods": list(result.methods),
        "left_out": dict(result.collected.left_out),
        "above_persistence_by_csi": [
            {
                "method": name,
                "threshold_mm_h": limit,
                "leads_minutes": result.leads_above_persistence(method, threshold),
                "leads_minutes_surely": result.leads_above_persistence(
                    method, threshold, surely=True
                ),
            }
            for method, name in enumerate(result.methods)
            if method != result.reference
            for threshold, limit in enumerate(result.settings.thresholds_mm_h)
        ],
        "scores": [
            _scores(result, method, lead) for method in range(len(result.methods)) for lead in leads
        ],
    }


def _facts(result: Verification) -> dict[str, Any]:
    facts = result.facts
    return {
        "name": facts.name,
        "product": facts.product,
        "files": facts.files,
        "observations": facts.observations,
        "skipped": dict(facts.skipped),
        "first": time_text(facts.first_us),
        "last": time_text(facts.last_us),
        "step_minutes": facts.step_us / 60e6,
        "gaps": [[time_text(before), time_text(after)] for before, after in facts.gaps_us],
        "rows": facts.shape[0],
        "columns": facts.shape[1],
        "pixel_km": _plain(facts.pixel_km),
        "projection": facts.projection,
        "crop": None if facts.crop is None else list(facts.crop),
    }


def _settings(result: Verification) -> dict[str, Any]:
    settings, split = result.settings, result.collected.split
    return {
        "leads_minutes": list(result.leads_minutes),
        "thresholds_mm_h": list(settings.thresholds_mm_h),
        "levels_mm_h": list(settings.levels_mm_h),
        "scales_km": [_plain(one) for one in result.scales_km],
        "every_minutes": settings.every_minutes,
        "history_minutes": settings.history_minutes,
        "margin_km": settings.margin_km,
        "split": None if split is None else str(split),
        "resamples": settings.resamples,
        "block_minutes": result.block_minutes,
        "blocks": result.blocks,
        "are_intervals_sound": result.are_intervals_sound,
        "seed": settings.seed,
    }


def _scores(result: Verification, method: int, lead: int) -> dict[str, Any]:
    at = (method, lead)
    sums = result.sums[at]
    bands = result.collected.kinds.bands
    return {
        "method": result.methods[method],
        "lead_minutes": result.leads_minutes[lead],
        "starts": int(sums["starts"]),
        "pixels": int(sums["pixels"]),
        "share_known": _plain(result.coverage[at]),
        "mae_mm_h": _bounded(result.mae, at),
        "mse_mm2_h2": _bounded(result.mse, at),
        "crps_mm_h": _bounded(result.crps, at),
        "amount_bias": _bounded(result.amount, at),
        "rank_counts": [int(one) for one in sums["ranks"]],
        "spectrum": {
            "scale_km": [_plain(one) for one in bands.scales_km],
            "forecast_mm2_h2": [_plain(one) for one in sums["power"][:, 0] / sums["starts"]],
            "observation_mm2_h2": [_plain(one) for one in sums["power"][:, 1] / sums["starts"]],
            "share": [_bounded(result.power_share, (*at, band)) for band in range(len(bands))],
        }
        if sums["starts"]
        else None,
        "by_threshold": [
            _at_threshold(result, method, lead, threshold)
            for threshold in range(len(result.settings.thresholds_mm_h))
        ],
    }


def _at_threshold(result: Verification, method: int, lead: int, threshold: int) -> dict[str, Any]:
    at = (method, lead, threshold)
    hits, misses, false_alarms = (int(one) for one in result.sums["contingency"][at])
    return {
        "threshold_mm_h": result.settings.thresholds_mm_h[threshold],
        "base_rate": _plain(result.base_rate[at]),
        "hits": hits,
        "misses": misses,
        "false_alarms": false_alarms,
        "csi": _bounded(result.csi, at),
        "csi_above_persistence": _bounded(
            result.csi_gain, (method, result.reference, lead, threshold)
        ),
        "f1": _bounded(result.f1, at),
        "precision": _bounded(result.precision, at),
        "recall": _bounded(result.recall, at),
        "area_bias": _bounded(result.bias, at),
        "fss_by_scale": [
            _bounded(result.fss, (*at, scale)) for scale in range(len(result.scales_km))
        ],
        "brier": _bounded(result.brier, at),
        "pr_area": _bounded(result.pr_area, at),
        "cut_off": _plain(result.cut_off[at]) if result.has_chances[method] else None,
        "cut_off_csi": _bounded(result.cut_off_csi, at) if result.has_chances[method] else None,
        "pr_curve": _curve(chance_counts(result, method, lead, threshold)),
        "reliability": _reliability(chance_counts(result, method, lead, threshold)),
    }


def chance_counts(
    result: Verification, method: int, lead: int, threshold: int
) -> ProbabilityCounts:
    """Returns how often rain followed each probability, in fine bins."""
    counts = result.collected.chances[method, lead, threshold]
    return ProbabilityCounts(counts[:, 0], counts[:, 1])


def thinned(count: int, points: int = _CURVE_POINTS) -> np.ndarray[Any, np.dtype[np.intp]]:
    """Returns the places of at most so many of a curve's points, both ends among them."""
    return np.unique(np.linspace(0, count - 1, min(count, points)).round().astype(np.intp))


def _curve(counts: ProbabilityCounts) -> dict[str, list[float | None]]:
    precision, recall = counts.precision_recall()
    if not precision.size or not counts.events.sum():
        return {"precision": [], "recall": []}
    kept = thinned(len(precision))
    return {
        "precision": [_plain(one) for one in precision[kept]],
        "recall": [_plain(one) for one in recall[kept]],
    }


def _reliability(counts: ProbabilityCounts) -> dict[str, list[Any]]:
    said, seen, pixels = counts.reliability()
    return {
        "probability": [_plain(one) for one in said],
        "frequency": [_plain(one) for one in seen],
        "pixels": [int(one) for one in pixels],
    }


def time_text(time_us: int) -> str:
    """Returns a time in UTC.

    >>> time_text(0)
    '1970-01-01T00:00:00Z'
    """
    return datetime.fromtimestamp(time_us / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _bounded(score: Bounded, at: tuple[int, ...]) -> dict[str, float | None]:
    return {
        "value": _plain(score.value[at]),
        "low": _plain(score.low[at]),
        "high": _plain(score.high[at]),
    }


def _plain(value: float) -> float | None:
    number = float(value)
    return float(f"{number:.6g}") if math.isfinite(number) else None
