"""Scores as text for a terminal."""

from __future__ import annotations

import numpy as np

from flowlace.nowcast_verification.conclusions import caveats, findings, main_threshold
from flowlace.nowcast_verification.results import Bounded, Verification

_FSS_KM = 16.0


def score_table(result: Verification) -> str:
    """Returns a compact table by lead and method, and what it says in words."""
    settings, threshold = result.settings, main_threshold(result)
    limit = settings.thresholds_mm_h[threshold]
    scale = int(np.argmin(np.abs(np.array(result.scales_km) - _FSS_KM)))
    width = max(6, *(len(name) for name in result.methods))
    csi = "".join(f"{f'CSI ≥{one:g}':>12}" for one in settings.thresholds_mm_h)
    rows = [
        f"{'lead':>5} {'method':<{width}}{csi}{'MAE':>7}"
        f"{f'FSS {result.scales_km[scale]:.0f} km':>11}{'Brier':>8}{'PR area':>9}{'known':>7}"
    ]
    for lead, minutes in enumerate(result.leads_minutes):
        for method, name in enumerate(result.methods):
            at = (method, lead)
            cells = "".join(
                f"{_with_half_width(result.csi, (*at, one)):>12}"
                for one in range(len(settings.thresholds_mm_h))
            )
            rows.append(
                f"{f'+{minutes:g}':>5} {name:<{width}}{cells}"
                f"{_number(result.mae.value[at]):>7}"
                f"{_number(result.fss.value[(*at, threshold, scale)]):>11}"
                f"{_number(result.brier.value[(*at, threshold)], 4):>8}"
                f"{_number(result.pr_area.value[(*at, threshold)]):>9}"
                f"{_number(result.coverage[at], 2):>7}"
            )
    return "\n".join(
        [
            *rows,
            "",
            f"CSI ± half of the 95 % interval; thresholds and MAE in mm/h; FSS, Brier and PR area "
            f"of ≥ {limit:g} mm/h; known: share of pixels with a forecast.",
            "",
            *findings(result),
            *(f"Note: {one}" for one in caveats(result)),
        ]
    )


def _with_half_width(score: Bounded, at: tuple[int, ...]) -> str:
    value, low, high = score.value[at], score.low[at], score.high[at]
    if not np.isfinite(low):
        return _number(value)
    return f"{_number(value)} ±{(high - low) / 2:.2f}".replace("±0.", "±.")


def _number(value: float, digits: int = 3) -> str:
    return f"{value:.{digits}f}" if np.isfinite(value) else "–"
