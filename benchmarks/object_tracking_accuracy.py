"""Object tracking from detections: streets with exact truth, and real clips.

PYTHONPATH=src:benchmarks python benchmarks/object_tracking_accuracy.py \
    --markdown docs/benchmarks/object_tracking.md

Needs `pip install -e '.[bench]'` and, for the real clips, ../shared/data/video. Settings were
chosen on seeds 100 to 115; the page reports seeds 1 to 8, and, for streets that hide nothing, the
first eight seeds from 1 on whose street does not.
"""

import argparse
import tempfile
import time
from dataclasses import replace
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np
from object_tracking_page import (
    AFTER_BUSY,
    AFTER_CLEAR,
    AFTER_CLIPS,
    COST,
    INTRODUCTION,
    LIMITS,
    WITH_DETECTOR,
)
from object_tracking_runs import (
    NOISE,
    Setting,
    Street,
    clip_aucs,
    hides_nothing,
    jitter,
    load_street,
    run,
    scored,
    scores,
)
from tracking_clips import CLIPS, DATA

from flowlace.framework.config_load import load_graph_config
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet

EVERY_FRAME_US = 1
PERIODS = {"0.5": 2_000_000, "1": 1_000_000, "3": 333_333, "30": EVERY_FRAME_US}
WAYS = {
    "area (MediaPipe's)": Setting(by_area=True, reacquires=False),
    "IoU": Setting(reacquires=False),
    "IoU, reacquisition": Setting(),
}
CLEAR_DENSITY, CLEAR_SECONDS = 0.1, 8.0
BUSY_DENSITY, BUSY_SECONDS = 1.0, 5.0
COST_SECONDS = 2.0
DETECTOR_OPTIONS = "min_score_threshold: 0.3"
"""As in the graph."""
COLUMNS = ("HOTA", "MOTA", "IDF1")


def main() -> None:
    """Prints the tables, and writes the page if asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--videos", type=Path, default=DATA)
    parser.add_argument("--models", type=Path, default=DATA.parent / "models")
    given = parser.parse_args()
    lines = [INTRODUCTION]
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        clear = list(
            islice(
                (s for s in count(1) if hides_nothing(s, CLEAR_DENSITY, CLEAR_SECONDS)), given.seeds
            )
        )
        lines += told([f"seeds {', '.join(map(str, clear))}:", "", *head()])
        clear_settings = {
            f"{rate} fps": replace(Setting(), period_us=us) for rate, us in PERIODS.items()
        }
        clear_settings["3 fps, people left out"] = Setting(leaves_out="person")
        lines += table(clear_settings, clear, (CLEAR_DENSITY, CLEAR_SECONDS), work)
        lines += told([AFTER_CLEAR, *head()])
        lines += table(
            busy_settings(), list(range(1, given.seeds + 1)), (BUSY_DENSITY, BUSY_SECONDS), work
        )
        lines += told([WITH_DETECTOR, *head()])
        busy = list(range(1, given.seeds + 1))
        for kind, seeds, size in (
            ("clear", clear, (CLEAR_DENSITY, CLEAR_SECONDS)),
            ("busy", busy, (BUSY_DENSITY, BUSY_SECONDS)),
        ):
            real = {
                f"{rate} fps, {kind} streets": Setting(
                    period_us=PERIODS[rate], detector=DETECTOR_OPTIONS
                )
                for rate in ("3", "30")
            }
            lines += table(real, seeds, size, work)
        lines += told([COST])
        lines += cost(work)
        lines += ["", *detector_cost(detectors(given.models))]
        lines += told([AFTER_BUSY])
        if given.videos.is_dir():
            lines += clips(given.videos, work)
        lines += told([AFTER_CLIPS, LIMITS])
    if given.markdown:
        given.markdown.write_text("\n".join(lines) + "\n")


def busy_settings() -> dict[str, Setting]:
    """Returns what is run on busy streets."""
    found = {}
    for rate, period_us in PERIODS.items():
        for way, setting in WAYS.items():
            if rate in ("3", "30") or setting != WAYS["IoU"]:
                found[f"{rate} fps, {way}"] = replace(setting, period_us=period_us)
    for rate in ("3", "30"):
        for way, setting in WAYS.items():
            noisy = replace(setting, period_us=PERIODS[rate], noise=NOISE)
            found[f"{rate} fps, {way}, noisy"] = noisy
    found["3 fps, IoU, reacquisition, robust tracker"] = Setting(is_robust=True)
    return found


def head() -> list[str]:
    """Returns the head of a table."""
    return [
        f"| detections | {' | '.join(COLUMNS)} | switches | jitter |",
        "|---|---|---|---|---|---|",
    ]


def table(
    settings: dict[str, Setting], seeds: list[int], street_kind: tuple[float, float], work: Path
) -> list[str]:
    """Returns a row a setting; streets are made once and seen by all settings.

    `street_kind` is density and seconds.
    """
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in settings}
    jitters: dict[str, list[float]] = {name: [] for name in settings}
    for seed in seeds:
        street: Street = load_street(seed, *street_kind)
        for name, setting in settings.items():
            known = street.without(setting.leaves_out)
            rows, _ = run(street.frames, known.counted(), setting, work, street.motion)
            runs[name].append(scored(known, rows))
            jitters[name].append(jitter(rows))
    lines = []
    for name in settings:
        result = scores(runs[name])
        values = " | ".join(f"{result[column]:.3f}" for column in COLUMNS)
        lines.append(
            f"| {name} | {values} | {result['switches']:.0f} | {np.mean(jitters[name]):.4f} |"
        )
    return told(lines)


def cost(work: Path) -> list[str]:
    """Returns a row a setting: CPU time of the whole graph, without detector and drawing."""
    street = load_street(1, BUSY_DENSITY, COST_SECONDS)
    lines = ["| three detections a second | CPU ms a frame |", "|---|---|"]
    for name, setting in {
        **WAYS,
        "IoU, reacquisition, robust tracker": Setting(is_robust=True),
    }.items():
        _, seconds = run(street.frames, street.counted(), setting, work)
        lines.append(f"| {name} | {1e3 * seconds / len(street.frames):.1f} |")
    return told(lines)


def detectors(folder: Path) -> dict[str, str]:
    """Returns the detectors that are here: the packaged one, and COCO SSD."""
    coco_ssd = folder / "coco_ssd_mobilenet_v1_1.0_quant_2018_06_29.tflite"
    found = {"street_detector, int8": "street_detector"}
    return found | ({"COCO SSD MobileNet v1": str(coco_ssd)} if coco_ssd.is_file() else {})


def detector_cost(models: dict[str, str]) -> list[str]:
    """Returns a row a detector: CPU time of a frame in which it looks."""
    street = load_street(1, BUSY_DENSITY, COST_SECONDS)
    lines = ["| detector, alone | CPU ms a picture |", "|---|---|"]
    for name, model in models.items():
        graph = CalculatorGraph(
            load_graph_config(
                f"""
                input_stream: "frames"
                executor {{ type: "ApplicationThreadExecutor" }}
                node {{ calculator: "ObjectDetectionSubgraph"
                       input_stream: "IMAGE:frames" output_stream: "DETECTIONS:found"
                       options {{ [flowlace.ObjectDetectionOptions.ext] {{
                         model_path: "{model}" }} }} }}"""
            )
        )
        graph.start_run()
        with graph:
            spent = []
            for timestamp, image in street.frames:
                started = time.process_time()
                graph.add_packet_to_input_stream("frames", Packet(image, timestamp))
                graph.wait_until_idle()
                spent.append(time.process_time() - started)
        lines.append(f"| {name} | {1e3 * float(np.median(spent)):.1f} |")
    return told(lines)


def clips(folder: Path, work: Path) -> list[str]:
    """Returns a row a track of the real clips, detected every two seconds."""
    settings = [Setting(period_us=2_000_000, is_robust=is_robust) for is_robust in (False, True)]
    found: dict[str, list[float]] = {}
    for name in CLIPS:
        found |= clip_aucs(folder, name, settings, work)
    lines = ["| track | success AUC | robust tracker |", "|---|---|---|"]
    lines += [f"| {track} | {motion:.3f} | {look:.3f} |" for track, (motion, look) in found.items()]
    means = np.array(list(found.values())).mean(axis=0)
    return told([*lines, f"| **mean** | {means[0]:.3f} | {means[1]:.3f} |"])


def told(lines: list[str]) -> list[str]:
    """Prints lines as they come, and returns them for the page."""
    print("\n".join(lines), flush=True)
    return lines


if __name__ == "__main__":
    main()
