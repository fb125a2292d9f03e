"""How good and how fast a trained U-Net and its files are, as nowcasts, with the baselines beside.

Starts every ten minutes of the development events, pooled by network of radars; the edges of the
grid are forecast but not scored. The checkpoint was chosen by the same rain, so these are scores of
development; nothing else was looked at.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.radar_grid import Extent, RadarGrid
from flowlace.inference.model_spec import read_model_spec
from flowlace.nowcast_verification.score_formulas import area_bias, csi, csi_of_cuts, pr_area
from flowlace.nowcast_verification.score_sums import (
    Records,
    ScoreKinds,
    add_records,
    score_forecast,
)
from flowlace.nowcasting.methods import find_method
from flowlace.nowcasting.power_spectrum import scale_bands
from flowlace_trainers import provenance
from flowlace_trainers.exported_files import file_facts
from flowlace_trainers.nowcast.events import RainEvent, digest
from flowlace_trainers.nowcast.network import RainUnet, multiply_adds_a_pixel
from flowlace_trainers.nowcast.samples import history_at
from flowlace_trainers.nowcast.task import RainUnetTask

LEADS_MINUTES = (30.0, 60.0)
LIMITS_MM_H = (0.2, 1.0, 2.0, 5.0)
MAIN_LIMIT = LIMITS_MM_H.index(1.0)
BASELINES = ("persistence", "extrapolation", "sprog")
_EVERY_MINUTES = 10.0
_EARLIEST_MINUTES = 10.0
_MARGIN_PX = 64


def measure(task: RainUnetTask, network: RainUnet, folder: Path) -> dict[str, Any]:
    """Returns everything the card says about a model, measured now.

    Args:
        task: its configuration and data.
        network: as trained.
        folder: holds its exported files.
    """
    config = task.config
    spec = read_model_spec(folder / f"{config.name}.json")
    methods = {name: name for name in BASELINES}
    files = {}
    for precision, one in spec.files.items():
        methods[f"{config.name} {precision}"] = f"unet:{folder / one.file}"
        files[precision] = file_facts(folder, one)
    events = task.development_events
    return {
        "name": config.name,
        "tile_px": config.tile_px,
        "parameters": sum(one.numel() for one in network.parameters()),
        "multiply_adds_a_pixel": multiply_adds_a_pixel(config.network),
        "seed": config.fit.seed,
        "commit": provenance.commit(),
        "versions": provenance.versions(),
        "processor": provenance.processor(),
        "files": files,
        "data": {
            "training": _facts(task.training_events),
            "development": _facts(events),
        },
        "scores": {
            network_name: _scores([one for one in events if one.network == network_name], methods)
            for network_name in dict.fromkeys(one.network for one in events)
        },
    }


def _facts(events: Sequence[RainEvent]) -> dict[str, Any]:
    return {
        "events": len(events),
        "pictures": sum(len(one.minutes) for one in events),
        "sources": sorted({one.source for one in events}),
        "digest": digest(events),
    }


def _scores(events: Sequence[RainEvent], methods: dict[str, str]) -> dict[str, Any]:
    """Returns by method and lead the scores of events of one network."""
    pooled: dict[str, Records] = {}
    starts = 0
    for event in events:
        kinds = _kinds(event)
        for start in _starts(event):
            starts += 1
            targets = [_grid_at(event, event.minutes[start] + lead) for lead in LEADS_MINUTES]
            history = history_at(event, start, 0.0)
            for name, method in methods.items():
                made = find_method(method)(history, LEADS_MINUTES, LIMITS_MM_H)
                assert made.probability is not None
                random = np.random.default_rng(start)
                sums = score_forecast(made.rain_mm_h, made.probability, targets, kinds, random).sums
                total = pooled.setdefault(name, np.zeros_like(sums))
                add_records(total, sums)
    return {
        "starts": starts,
        **{
            name: {f"+{lead:g}": _as_numbers(sums[row]) for row, lead in enumerate(LEADS_MINUTES)}
            for name, sums in pooled.items()
        },
    }


def _as_numbers(sums: Any) -> dict[str, Any]:
    chances = sums["chances"].astype(np.float64)
    return {
        "csi": csi(sums["contingency"]).tolist(),
        "bias": area_bias(sums["contingency"]).tolist(),
        "best_csi": np.nan_to_num(csi_of_cuts(chances)).max(axis=-1).tolist(),
        "pr_area": pr_area(chances).tolist(),
        "brier": (sums["brier"] / sums["pixels"]).tolist(),
        "mae": float(sums["absolute_error"] / sums["pixels"]),
        "power": (sums["power"][:, 0] / sums["power"][:, 1]).tolist(),
    }


def _kinds(event: RainEvent) -> ScoreKinds:
    inner = [size - 2 * _MARGIN_PX for size in event.rain_mm_h.shape[1:]]
    return ScoreKinds(
        thresholds_mm_h=LIMITS_MM_H,
        levels_mm_h=LIMITS_MM_H,
        windows_px=(1,),
        bands=scale_bands((inner[0], inner[1]), event.pixel_km),
        margin_px=_MARGIN_PX,
    )


def _starts(event: RainEvent) -> Iterator[int]:
    """Yields pictures ten minutes apart that have a past and a future."""
    last = -np.inf
    for number, minute in enumerate(event.minutes):
        has_room = _EARLIEST_MINUTES <= minute <= event.minutes[-1] - LEADS_MINUTES[0]
        if has_room and minute - last >= _EVERY_MINUTES - 1e-6:
            last = minute
            yield number


def _grid_at(event: RainEvent, minute: float) -> RadarGrid | None:
    nearest = event.nearest(minute)
    if nearest is None:
        return None
    rain: NDArray[np.float32] = event.rain_mm_h[nearest]
    rows, columns = rain.shape
    return RadarGrid(
        rain_rate_mm_h=rain,
        projection="",
        extent=Extent(0, 0, columns, rows),
        observed_us=round(event.minutes[nearest] * 60e6),
    )
