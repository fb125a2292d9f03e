"""Nowcasts of the development events: the U-Net beside the baselines, and those beside pysteps'.

    python benchmarks/nowcast_accuracy.py

Reads ../shared/data/radar/train and writes docs/benchmarks/nowcast_accuracy.md. pysteps is run
beside where it is installed (`pip install pysteps`); its scores of the data's README stand in the
table anyway. One thread; 512 × 512 crops, inner 384 × 384 scored, start times pooled.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from flowlace.nowcast_verification.score_formulas import csi_of_cuts
from flowlace.nowcasting.decibels import DRY_DB, to_decibels
from flowlace.nowcasting.nowcast import nowcast
from flowlace.nowcasting.verification import (
    Contingency,
    FractionSkill,
    MeanOf,
    ProbabilityCounts,
    brier,
    contingency,
    fractions_skill,
    mean_absolute_error,
    probability_counts,
)

THRESHOLDS = (0.2, 1.0, 2.0, 5.0)
WINDOWS = (1, 5, 17)
PAGE = Path("docs/benchmarks/nowcast_accuracy.md")
HISTORY = 13
BANDS_KM = ((4.0, 8.0), (8.0, 16.0), (16.0, 32.0))
"""Scales of which the power is compared with that of the rain that came."""
METHODS = ("persistence", "extrapolation", "sprog", "unet")

README = {
    ("mch2016", 30, "persistence"): ".358/.261/.190/.053 .942",
    ("mch2016", 30, "extrapolation"): ".679/.570/.457/.236 .581",
    ("mch2016", 30, "sprog"): ".718/.618/.510/.251 .531",
    ("mch2016", 60, "persistence"): ".200/.133/.090/.019 1.102",
    ("mch2016", 60, "extrapolation"): ".518/.401/.304/.122 .751",
    ("mch2016", 60, "sprog"): ".557/.443/.331/.134 .762",
    ("mrms A0-A2", 30, "persistence"): ".755/.558/.284/.120 .645",
    ("mrms A0-A2", 30, "extrapolation"): ".837/.685/.405/.213 .465",
    ("mrms A0-A2", 30, "sprog"): ".855/.723/.464/.248 .437",
    ("mrms A0-A2", 60, "persistence"): ".679/.487/.231/.064 .744",
    ("mrms A0-A2", 60, "extrapolation"): ".773/.597/.298/.088 .595",
    ("mrms A0-A2", 60, "sprog"): ".790/.644/.359/.090 .597",
}
"""pysteps 1.21.5, CSI at 0.2/1/2/5 mm/h and MAE: Lucas-Kanade extrapolation, S-PROG."""

README_PROBABILITY = {
    ("mch2016", 30): ".771 / .0489",
    ("mch2016", 60): ".576 / .0728",
    ("mrms A0-A2", 30): ".899 / .0696",
    ("mrms A0-A2", 60): ".845 / .0914",
}


@dataclass
class Case:
    """One start time of one event."""

    event: str
    lead: int
    frames: NDArray[np.float32]
    step: int
    truth: NDArray[np.float32]


@dataclass
class Score:
    """Pooled scores of one method on one event at one lead."""

    tables: list[Contingency] = field(default_factory=lambda: [Contingency()] * len(THRESHOLDS))
    error: MeanOf = field(default_factory=MeanOf)
    skills: list[FractionSkill] = field(default_factory=lambda: [FractionSkill()] * len(WINDOWS))
    cpu_ms: list[float] = field(default_factory=list)

    power: NDArray[np.float64] = field(default_factory=lambda: np.zeros((len(BANDS_KM), 2)))

    def add(self, forecast: NDArray[np.float32], truth: NDArray[np.float32], ms: float) -> None:
        """Adds one forecast."""
        said, seen = inner(forecast), inner(truth)
        self.tables = [
            table + contingency(said, seen, one)
            for table, one in zip(self.tables, THRESHOLDS, strict=True)
        ]
        self.error += mean_absolute_error(said, seen)
        self.skills = [
            skill + fractions_skill(said, seen, 1.0, one)
            for skill, one in zip(self.skills, WINDOWS, strict=True)
        ]
        self.power += [
            [power_within(one, *band) for one in (np.nan_to_num(said), np.nan_to_num(seen))]
            for band in BANDS_KM
        ]
        self.cpu_ms.append(ms)

    @property
    def text(self) -> str:
        """CSI by threshold, then MAE."""
        shown = "/".join(f"{one.csi:.3f}".lstrip("0") for one in self.tables)
        return f"{shown} {self.error.value:.3f}".replace(" 0.", " .")


def inner(field_: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns the middle 384 × 384 of 512 × 512."""
    return field_[64:448, 64:448]


def power_within(rain: NDArray[np.float32], shortest_px: float, longest_px: float) -> float:
    """Returns the power of rain in decibels between two wavelengths, tapered at the edges."""
    decibels = to_decibels(rain) - np.float32(DRY_DB)
    rows, columns = decibels.shape
    taper = np.hanning(rows)[:, None] * np.hanning(columns)
    spectrum = np.abs(np.fft.fft2((decibels - decibels.mean()) * taper)) ** 2
    waves = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.fftfreq(columns))
    return float(spectrum[(waves > 1 / longest_px) & (waves <= 1 / shortest_px)].sum())


def load(path: Path) -> tuple[NDArray[np.float32], int]:
    """Returns rain `[time, y, x]` and the step in minutes."""
    with np.load(path) as file:
        return file["lut"][file["codes"]], int(file["dt_minutes"])


def cases(folder: Path) -> Iterator[Case]:
    """Yields the cases as the data's README scores them."""
    rain, step = load(folder / "mch_20160711.npz")
    rain = rain[:, 64:576, 128:640]
    for minutes in (60, 90, 120, 150):
        yield from _cases_at("mch2016", rain, step, minutes, (30, 60))
    for name in ("A0", "A1", "A2"):
        rain, step = load(folder / f"mrms_20190610_{name}.npz")
        for minutes in (20, 40):
            yield from _cases_at("mrms A0-A2", rain, step, minutes, (30,))
        yield from _cases_at("mrms A0-A2", rain, step, 10, (60,))


def _cases_at(
    event: str, rain: NDArray[np.float32], step: int, minutes: int, leads: tuple[int, ...]
) -> Iterator[Case]:
    start = minutes // step
    for lead in leads:
        if (end := start + lead // step) < len(rain):
            frames = rain[max(0, start + 1 - HISTORY) : start + 1]
            yield Case(event, lead, frames, step, rain[end])


Forecast = Callable[[Case], NDArray[np.float32]]


def ours(method: str) -> Forecast:
    """Returns our forecast of every lead each 5 minutes up to the wanted one; the last of them."""

    def forecast(case: Case) -> NDArray[np.float32]:
        leads = list(range(5, case.lead + 1, 5))
        return nowcast(case.frames, case.step, leads, method)[-1]

    return forecast


def pysteps_methods() -> dict[str, Forecast]:
    """Returns pysteps' extrapolation and S-PROG, where pysteps is there."""
    try:
        os.environ.setdefault("PYSTEPSRC", "")
        from pysteps import motion, nowcasts
        from pysteps.utils import transformation
    except ImportError:
        return {}

    def run(case: Case, name: str) -> NDArray[np.float32]:
        stride = max(1, round(5 / case.step))
        frames = np.nan_to_num(case.frames[::-1][::stride][:3][::-1])
        minutes = case.step * stride
        decibels, _ = transformation.dB_transform(frames, threshold=0.1, zerovalue=-15.0)
        flow = motion.get_method("LK")(decibels)
        steps = [lead / minutes for lead in range(5, case.lead + 1, 5)]
        if name == "extrapolation":
            return nowcasts.get_method("extrapolation")(frames[-1], flow, steps)[-1]
        made = nowcasts.get_method("sprog")(
            decibels, flow, steps, n_cascade_levels=6, precip_thr=-10.0
        )[-1]
        rain, _ = transformation.dB_transform(made, threshold=-10.0, inverse=True)
        return rain

    return {
        "extrapolation": lambda case: run(case, "extrapolation"),
        "sprog": lambda case: run(case, "sprog"),
    }


def score(all_cases: list[Case], methods: dict[str, Forecast]) -> dict[Any, Score]:
    """Returns the pooled scores by event, lead and method."""
    scores: dict[Any, Score] = {}
    for name, forecast in methods.items():
        forecast(all_cases[0])  # what is loaded or planned once does not count
        for case in all_cases:
            started = time.process_time()
            made = forecast(case)
            ms = 1e3 * (time.process_time() - started)
            scores.setdefault((case.event, case.lead, name), Score()).add(made, case.truth, ms)
    return scores


@dataclass
class Chances:
    """Pooled scores of probabilities."""

    counts: list[ProbabilityCounts | None] = field(default_factory=lambda: [None] * len(THRESHOLDS))
    error: MeanOf = field(default_factory=MeanOf)

    def add(self, chance: NDArray[np.float32], truth: NDArray[np.float32]) -> None:
        """Adds probabilities `[threshold, y, x]`."""
        seen = inner(truth)
        for place, threshold in enumerate(THRESHOLDS):
            new, old = probability_counts(inner(chance[place]), seen, threshold), self.counts[place]
            self.counts[place] = new if old is None else old + new
        self.error += brier(inner(chance[THRESHOLDS.index(1.0)]), seen, 1.0)

    @property
    def text(self) -> str:
        """Best CSI of all cuts by threshold, PR area and Brier score at 1 mm/h."""
        counts = [one for one in self.counts if one is not None]
        best = "/".join(f"{best_csi(one):.3f}"[1:] for one in counts)
        area = counts[THRESHOLDS.index(1.0)].pr_area
        return f"{best} | {area:.3f} | {self.error.value:.4f}".replace(" 0.", " .")


def best_csi(counts: ProbabilityCounts) -> float:
    """Returns the CSI of the cut where it is highest."""
    chances = np.stack([counts.forecasts, counts.events], -1).astype(np.float64)
    return float(np.nan_to_num(csi_of_cuts(chances)).max())


def probabilities(all_cases: list[Case]) -> dict[Any, Chances]:
    """Returns the scores of probabilities by event, lead and method."""
    found: dict[Any, Chances] = {}
    for name in ("extrapolation", "unet"):
        for case in all_cases:
            chance = nowcast(case.frames, case.step, [case.lead], name, THRESHOLDS)[0]
            found.setdefault((case.event, case.lead, name), Chances()).add(chance, case.truth)
    return found


def page(scores: dict[Any, Score], peers: dict[Any, Score], chances: dict[Any, Any]) -> str:
    """Returns the page."""
    lines = [
        "# Accuracy of nowcasts",
        "",
        "Made by `python benchmarks/nowcast_accuracy.py`, one thread. Development events, "
        "512 × 512 crops of 1 km,",
        "the inner 384 × 384 scored, start times pooled; no value counts as dry. "
        "CSI at 0.2/1/2/5 mm/h and MAE in mm/h.",
        "CPU is for motion and a forecast every 5 minutes up to the lead. Power is that of the "
        "forecast for each of the rain that",
        "came, at 4–8, 8–16 and 16–32 km.",
        "",
        "| event, lead | method | flowlace | power | pysteps 1.21.5, published with the data "
        "| pysteps here "
        "| FSS at 1 mm/h, 1/5/17 km | CPU ms | pysteps CPU ms |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for event, lead, name in in_order(scores):
        one, peer = scores[event, lead, name], peers.get((event, lead, name))
        skills = "/".join(f"{skill.value:.3f}"[1:] for skill in one.skills)
        power = "/".join(f"{said / seen:.2f}" for said, seen in one.power)
        lines.append(
            f"| {event} +{lead} | {name} | {one.text} | {power} "
            f"| {README.get((event, lead, name), '—')} "
            f"| {peer.text if peer else '—'} | {skills} | {np.median(one.cpu_ms):.0f} "
            f"| {f'{np.median(peer.cpu_ms):.0f}' if peer else '—'} |"
        )
    lines += [
        "",
        "Probabilities: CSI at 0.2/1/2/5 mm/h of the cut where it is highest, average precision "
        "and Brier score at 1 mm/h.",
        "Extrapolation's are Lagrangian probabilities.",
        "",
        "| event, lead | method | best CSI | average precision | Brier score "
        "| published with the data |",
        "|---|---|---|---|---|---|",
    ]
    for event, lead, name in in_order(chances):
        published = README_PROBABILITY[event, lead] if name == "extrapolation" else "—"
        text = chances[event, lead, name].text
        lines.append(f"| {event} +{lead} | {name} | {text} | {published} |")
    return "\n".join([*lines, ""])


def in_order(scores: dict[Any, Any]) -> list[Any]:
    """Returns the keys by event, lead and method."""
    return sorted(scores, key=lambda one: (one[0], one[1], METHODS.index(one[2])))


def main() -> None:
    """Scores, prints and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/radar/train"))
    folder = parser.parse_args().data
    cv2.setNumThreads(1)
    all_cases = list(cases(folder))
    scores = score(all_cases, {name: ours(name) for name in METHODS})
    text = page(scores, score(all_cases, pysteps_methods()), probabilities(all_cases))
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
