"""Prints how well boxes are tracked on the evaluation clips, and at what cost.

    python benchmarks/tracking_accuracy.py --data ../shared/data/video --report report.json

One pass from the first ground-truth box of each track, motion alone and with appearance, and
one that is set back to the truth every two seconds. CPU time of one thread.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from tracking_clips import CLIPS, DATA, Clip, analyse, load_clip, track
from tracking_page import COST, INTRODUCTION, LIMITS, MANY_STARTS
from tracking_runs import many_starts, run_all
from tracking_speed import COUNTS, look_ms, measured

from flowlace.tracking.appearance import AppearanceModel
from flowlace.tracking.evaluation import auroc, calibration_error, precision, success_auc
from flowlace.tracking.step_options import TrackStepOptions

PEERS = {
    "MediaPipe C++": (0.368, 0.457),
    "CSRT": (0.585, 0.786),
    "KCF": (0.242, 0.213),
    "MOSSE": (0.179, 0.260),
    "MedianFlow": (0.208, 0.268),
}
"""Success AUC and precision of one pass on the same clips, from facts/tracking.md §9."""

COLUMNS = ("motion", "P@20", "+look", "P@20", "2 s", "fps", "+look fps")


def main() -> None:
    """Runs everything and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--report", type=Path)
    parser.add_argument("--clips", nargs="*", default=list(CLIPS))
    parser.add_argument("--motion-only", action="store_true")
    parser.add_argument("--markdown", type=Path, help="write the page of the documentation")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    rows, scores, hits = [], [], []
    clips = [load_clip(arguments.data, name) for name in arguments.clips]
    for clip in clips:
        analyse(clip)
        clip_rows, confidence, hit = evaluate_clip(clip, arguments.motion_only)
        rows += clip_rows
        scores += confidence
        hits += hit
    report = summary(rows, np.array(scores), np.array(hits))
    print_table(rows, report)
    if arguments.markdown:
        arguments.markdown.write_text(page(arguments.data, clips, rows, report))
    if arguments.report:
        arguments.report.write_text(json.dumps({"tracks": rows, "mean": report}, indent=1))


def evaluate_clip(
    clip: Clip, is_motion_only: bool
) -> tuple[list[dict[str, Any]], list[float], list[bool]]:
    """Returns a row a track, and confidence and success of every frame of the motion pass."""
    options = TrackStepOptions()
    rows, scores, hits = [], [], []
    for number, truth in clip.tracks.items():
        motion = track(clip, truth, options)
        often = track(clip, truth, options, reinitialise_s=2)
        row = {
            "track": f"{clip.name}/{number}",
            "auc": success_auc(motion.overlaps()),
            "p20": precision(motion.distances_px()),
            "reinit_auc": success_auc(often.overlaps()),
            "fps": 1e3 / (clip.flow_ms + motion.cpu_ms),
        }
        if not is_motion_only:
            looked = track(clip, truth, options, appearance=AppearanceModel())
            row["look_auc"] = success_auc(looked.overlaps())
            row["look_p20"] = precision(looked.distances_px())
            row["look_fps"] = 1e3 / (clip.flow_ms + looked.cpu_ms)
            is_right = looked.overlaps() > 0.5
            row["look_auroc"] = auroc(np.array(looked.confidence), is_right)
        rows.append(row)
        scores += motion.confidence
        hits += (motion.overlaps() > 0.5).tolist()
    return rows, scores, hits


def summary(
    rows: list[dict[str, Any]], scores: np.ndarray[Any, Any], hits: np.ndarray[Any, Any]
) -> dict[str, float]:
    """Returns means over tracks and the scores of the confidence over all frames."""
    keys = [k for k in rows[0] if k != "track"]
    mean = {k: float(np.nanmean([row[k] for row in rows])) for k in keys}
    mean["confidence_auroc"] = auroc(scores, hits)
    mean["confidence_calibration_error"] = calibration_error(scores, hits)
    return mean


def print_table(rows: list[dict[str, Any]], mean: dict[str, float]) -> None:
    """Prints the tracks, their mean, and the peers."""
    print("| track | " + " | ".join(COLUMNS) + " |")
    print("|---" * (len(COLUMNS) + 1) + "|")
    for row in [*rows, {"track": "**mean**", **mean}]:
        cells = [row.get(k, float("nan")) for k in ("auc", "p20", "look_auc", "look_p20")]
        cells += [row["reinit_auc"]]
        fps = [row["fps"], row.get("look_fps", float("nan"))]
        text = " | ".join(f"{v:.3f}" for v in cells) + " | " + " | ".join(f"{v:.0f}" for v in fps)
        print(f"| {row['track']} | {text} |")
    for name, (auc, p20) in PEERS.items():
        print(f"| {name} | {auc:.3f} | {p20:.3f} | | | | | |")
    print(
        f"\nconfidence: AUROC {mean['confidence_auroc']:.3f}, "
        f"calibration error {mean['confidence_calibration_error']:.3f}"
    )


def page(
    folder: Path, clips: list[Clip], rows: list[dict[str, Any]], mean: dict[str, float]
) -> str:
    """Returns the benchmark page; it measures many starts and the cost of boxes as well."""
    lines = [INTRODUCTION]
    for row in [*rows, {"track": "**mean**", **mean}]:
        fps = f"{row['fps']:.0f} | {row['look_fps']:.0f}"
        scores = " | ".join(
            f"{row[k]:.3f}"
            for k in ("auc", "p20", "look_auc", "look_p20", "reinit_auc", "look_auroc")
        )
        lines.append(f"| {row['track']} | {scores} | {fps} |")
    for name, (auc, p20) in PEERS.items():
        lines.append(f"| {name} | {auc:.3f} | {p20:.3f} | | | | | | |")
    lines.append(MANY_STARTS)
    lines += many_starts_rows(clips)
    lines.append(COST)
    clip = load_clip(folder, "carchase2")
    for count in COUNTS:
        flow, step = measured(clip, count, 100)
        look = look_ms(clip, count, 20)
        lines.append(f"| {count} | {flow:.2f} | {step:.2f} | {look:.2f} |")
    return "\n".join([*lines, LIMITS, ""])


def many_starts_rows(clips: list[Clip]) -> list[str]:
    """Returns a row a clip: mean success and spread over six starts a track."""
    lines, motion_all, look_all = [], [], []
    for clip in clips:
        starts = many_starts(clip)
        motion = np.array([success_auc(r.overlaps()) for r in run_all(clip, starts)])
        frames = list(clip.frames())
        look = np.array([success_auc(r.overlaps()) for r in run_all(clip, starts, frames)])
        motion_all.append(motion)
        look_all.append(look)
        lines.append(
            f"| {clip.name} | {_spread(motion)} | {_spread(look)} | {(look - motion).min():+.3f} |"
        )
    motion, look = np.concatenate(motion_all), np.concatenate(look_all)
    lines.append(
        f"| **all starts** | {_spread(motion)} | {_spread(look)} | {(look - motion).min():+.3f} |"
    )
    return lines


def _spread(values: np.ndarray[Any, Any]) -> str:
    return f"{values.mean():.3f} ± {values.std():.3f}"


if __name__ == "__main__":
    main()
