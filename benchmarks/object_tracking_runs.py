"""Runs `graphs/object_tracking` with a replayed detector, and scores what comes out.

Scores: TrackEval's HOTA, CLEAR (MOTA) and Identity (IDF1); `pip install -e '.[bench]'`. What counts
as truth: rows with visible_fraction >= .3 and both sides >= 12 px; the detector replays these too.
A result that lies on an object that does not count is neither right nor wrong, as in MOT Challenge.
"""

import io
import re
import time
from collections.abc import Iterable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tracking_clips import load_clip

from flowlace.formats.image import Image
from flowlace.formats.object_row import ObjectRow
from flowlace.formats.tracking_data import TrackingData
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.framework.validation import validate_graph
from flowlace.runner.find_graph import graphs_folder
from flowlace.sources.registry import open_source
from flowlace.sources.testsrc.scene import SceneBox
from flowlace.sources.testsrc.street import StreetOptions, StreetSource
from flowlace.testing.replay_detector import TrueBox
from flowlace.tracking.box_matching import overlaps, pairs_one_to_one
from flowlace.tracking.evaluation import intersection_over_union, success_auc
from flowlace.tracking.motion_analysis import MotionAnalysis

FloatArray = NDArray[np.float64]
Rows = list[list[ObjectRow]]
Frames = list[tuple[int, Image]]
Motion = dict[int, TrackingData]

LEAST_VISIBLE = 0.3
LEAST_SIDE_PX = 12
FOLDER = graphs_folder() / "object_tracking"
DETECTOR = re.compile(r'node \{[^{}]*"ObjectDetectionSubgraph"(?:[^{}]|\{(?:[^{}]|\{.*?\})*\})*\}')
REPLAY = """node {
  calculator: "ReplayDetectorCalculator"
  input_stream: "IMAGE:detection_frames"
  input_side_packet: "TRUTH:truth"
  output_stream: "DETECTIONS:detections"
  options { [flowlace.ReplayDetectorCalculatorOptions.ext] { %s } }
}"""
REAL = """node {
  calculator: "ObjectDetectionSubgraph"
  input_stream: "IMAGE:detection_frames"
  output_stream: "DETECTIONS:detections"
  options { [flowlace.ObjectDetectionOptions.ext] { %s } }
}"""
TRUTH = '\ninput_side_packet: "TRUTH:truth"\nexecutor { type: "ApplicationThreadExecutor" }\n'
MOTION = """node {
  calculator: "ReplayMotionCalculator"
  input_stream: "VIDEO:camera_frames"
  input_side_packet: "MOTION:motion"
  output_stream: "TRACKING:tracking_data"
}
"""
BY_AREA = "association: AREA"
"""MediaPipe's manager: this rule and nothing else."""
NOISE = "jitter: 0.05 miss_rate: 0.1 false_alarms: 0.2 seed: 5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One way to run the graph."""

    period_us: int = 333_333
    """Between two detections."""
    noise: str = ""
    """Options of the replayed detector."""
    by_area: bool = False
    """MediaPipe's manager instead of the graph's."""
    reacquires: bool = True
    """Whether lost objects come back by their look."""
    is_robust: bool = False
    """Whether the look corrects the boxes between detections."""
    detector: str = ""
    """Options of a real detector, in the place of the replayed one."""
    leaves_out: str = ""
    """A class the detector does not know and the truth does not hold."""


@dataclass(slots=True)
class Street:
    """A procedural street and the truth about it."""

    frames: Frames
    truth: list[list[SceneBox]]
    motion: Motion

    def counted(self) -> dict[int, list[TrueBox]]:
        """Returns what a detector may find, by timestamp."""
        return {
            timestamp: [
                TrueBox(label=b.label, x=b.x, y=b.y, w=b.w, h=b.h) for b in boxes if counts(b)
            ]
            for (timestamp, _), boxes in zip(self.frames, self.truth, strict=True)
        }

    def without(self, label: str) -> "Street":
        """Returns the same street with the truth of the other classes alone."""
        others = [[box for box in boxes if box.label != label] for boxes in self.truth]
        return replace(self, truth=others)


def load_street(seed: int, density: float, seconds: float = 10.0) -> Street:
    """Returns a street, all frames in memory."""
    source = StreetSource(StreetOptions(seed=seed, density=density, seconds=seconds))
    frames = [(frame.timestamp_us, frame.payload) for frame in source]
    truth = [source.ground_truth(index) for index in range(len(frames))]
    return Street(frames, truth, motion_of(frames))


def motion_of(frames: Iterable[tuple[int, Image]]) -> Motion:
    """Returns what the graph's motion nodes make of the frames: the same for every setting."""
    analysis = MotionAnalysis()
    return {
        timestamp: analysis.analyze(image.gray().pixels, timestamp) for timestamp, image in frames
    }


@register_calculator
class ReplayMotionCalculator(Calculator[NoOptions]):
    """Gives the motion of frames that was found before, in the place of the nodes that find it."""

    input_ports = (Port("VIDEO", Image),)
    output_ports = (Port("TRACKING", TrackingData),)
    side_input_ports = (Port("MOTION", dict),)
    timestamp_offset = 0

    def process(self, packets: PacketSet) -> None:
        """Gives the motion of one frame."""
        motion = self.side_packets["MOTION"][packets.timestamp]
        self.outputs["TRACKING"].send(Packet(motion, packets.timestamp))


def counts(box: SceneBox) -> bool:
    """Tells whether a row of truth counts."""
    return box.visible_fraction >= LEAST_VISIBLE and min(box.w, box.h) >= LEAST_SIDE_PX


def hides_nothing(seed: int, density: float, seconds: float = 10.0) -> bool:
    """Tells whether no object of a street is hidden by another or by a post or tree.

    Of an object's pixels inside the picture at least 30 % show in every fifth frame.
    """
    source = StreetSource(StreetOptions(seed=seed, density=density, seconds=seconds))
    width, height = source.info.width_px, source.info.height_px
    for index in range(0, source.info.frame_count or 0, 5):
        for box in source.ground_truth(index):
            across = min(width, box.x + box.w) - max(0.0, box.x)
            down = min(height, box.y + box.h) - max(0.0, box.y)
            inside = across * down / (box.w * box.h)
            is_large = min(box.w, box.h) >= LEAST_SIDE_PX
            if is_large and inside >= 0.3 and box.visible_fraction < LEAST_VISIBLE * inside:
                return False
    return True


def graph_text(setting: Setting) -> str:
    """Returns the packaged graph with a replayed detector and without drawing."""
    text = (FOLDER / "object_tracking.pbtxt").read_text()
    head, _, rest = text.rpartition('node {\n  calculator: "RendererSubgraph"')
    assert rest
    text = head.replace('output_stream: "VIDEO:annotated_frames"\n', "")
    text = text.replace("detection_period_us: 333333", f"detection_period_us: {setting.period_us}")
    detector = REAL % setting.detector if setting.detector else REPLAY % setting.noise
    text, count = DETECTOR.subn(detector, text)
    assert count == 1
    return text + TRUTH


def subgraph_text(setting: Setting) -> str:
    """Returns the tracking subgraph, changed as a setting says."""
    text = (FOLDER / "subgraphs" / "object_tracking_subgraph.pbtxt").read_text()
    if setting.by_area:
        start = text.index("tracked_detection_manager_options {") + 36
        text = text[:start] + BY_AREA + text[text.index("}", start) :]
    if not setting.reacquires:
        text = text.replace("reacquire_us: 5000000", "reacquire_us: 0")
    if setting.is_robust:
        text = text.replace('"BoxTrackingInStep"', '"BoxTrackingInStepRobust"')
    return text


def tracker_text(setting: Setting) -> str:
    """Returns the subgraph that tracks boxes, its motion replayed."""
    name = f"box_tracking_in_step{'_robust' if setting.is_robust else ''}.pbtxt"
    text = (FOLDER / "subgraphs" / name).read_text()
    start = text.index('node {\n  calculator: "MotionAnalysisCalculator"')
    end = text.index("# What was cancelled")
    text = text[:start] + MOTION + text[end:]
    return text.replace("output_stream: ", 'input_side_packet: "MOTION:motion"\noutput_stream: ', 1)


def run(
    frames: Iterable[tuple[int, Image]],
    truth: Any,
    setting: Setting,
    folder: Path,
    motion: Motion | None = None,
) -> tuple[Rows, float]:
    """Returns the objects of each frame and the CPU seconds they took.

    With `motion` the graph's motion nodes are left out: the results are the same, in less time.
    """
    (folder / "subgraphs").mkdir(exist_ok=True)
    subgraph, tracker = subgraph_text(setting), folder / "subgraphs" / "tracker.pbtxt"
    tracker.unlink(missing_ok=True)
    text = graph_text(setting)
    sides = {"truth": truth}
    if motion is not None:
        tracker.write_text(tracker_text(setting))
        side = 'input_side_packet: "MOTION:motion"\n'
        at = subgraph.index('  input_stream: "CANCEL_IDS')
        subgraph = side + subgraph[:at] + "  " + side + subgraph[at:]
        at = text.index('  input_stream: "DETECTIONS:detections"')
        text = side + text[:at] + "  " + side + text[at:]
        sides["motion"] = motion
    (folder / "subgraphs" / "object_tracking_subgraph.pbtxt").write_text(subgraph)
    path = folder / "object_tracking_replayed.pbtxt"
    path.write_text(text)
    graph = CalculatorGraph(validate_graph(path))
    rows: Rows = []
    graph.observe_output_stream("objects", lambda packet: rows.append(packet.payload))
    graph.start_run(sides)
    spent = 0.0
    with graph:
        for timestamp, image in frames:
            started = time.process_time()
            graph.add_packet_to_input_stream("camera_frames", Packet(image, timestamp))
            graph.wait_until_idle()
            spent += time.process_time() - started
    return rows, spent


def edges(boxes: Sequence[Any]) -> FloatArray:
    """Returns `[box, (left, top, right, bottom)]` of anything with x, y, w, h."""
    return np.array([(b.x, b.y, b.x + b.w, b.y + b.h) for b in boxes]).reshape(-1, 4)


def scored(street: Street, rows: Rows) -> dict[str, Any]:
    """Returns the arrays TrackEval's metrics want."""
    truth_ids: dict[int, int] = {}
    found_ids: dict[int, int] = {}
    data: dict[str, Any] = {"gt_ids": [], "tracker_ids": [], "similarity_scores": []}
    for boxes, found in zip(street.truth, rows, strict=True):
        wanted = [box for box in boxes if counts(box)]
        kept = _without_uncounted(wanted, [box for box in boxes if not counts(box)], found)
        data["gt_ids"].append(_numbered([box.id for box in wanted], truth_ids))
        data["tracker_ids"].append(_numbered([row.id for row in kept], found_ids))
        data["similarity_scores"].append(overlaps(edges(wanted), edges(kept)))
    data["num_timesteps"] = len(rows)
    data["num_gt_ids"], data["num_tracker_ids"] = len(truth_ids), len(found_ids)
    data["num_gt_dets"] = sum(map(len, data["gt_ids"]))
    data["num_tracker_dets"] = sum(map(len, data["tracker_ids"]))
    return data


def _numbered(ids: list[int], known: dict[int, int]) -> NDArray[np.int64]:
    return np.array([known.setdefault(id_, len(known)) for id_ in ids], np.int64)


def _without_uncounted(
    wanted: list[SceneBox], uncounted: list[SceneBox], found: list[ObjectRow]
) -> list[ObjectRow]:
    if not uncounted or not found:
        return found
    overlap = overlaps(edges([*wanted, *uncounted]), edges(found))
    overlap[: len(wanted)] += overlap[: len(wanted)] >= 0.5  # what counts chooses first
    pairs = pairs_one_to_one(overlap, 0.5)
    gone = {column for row, column in pairs if row >= len(wanted)}
    return [row for index, row in enumerate(found) if index not in gone]


def scores(runs: list[dict[str, Any]]) -> dict[str, float]:
    """Returns HOTA, MOTA, IDF1 and identity switches over several runs."""
    import trackeval

    with redirect_stdout(io.StringIO()):
        metrics = trackeval.metrics
        hota, clear, identity = (
            kind.combine_sequences({str(k): kind.eval_sequence(run) for k, run in enumerate(runs)})
            for kind in (metrics.HOTA(), metrics.CLEAR(), metrics.Identity())
        )
    return {
        "HOTA": float(np.mean(hota["HOTA"])),
        "MOTA": float(clear["MOTA"]),
        "IDF1": float(identity["IDF1"]),
        "switches": float(clear["IDSW"]),
    }


def jitter(rows: Rows) -> float:
    """Returns the mean acceleration of middles from frame to frame, in box sizes."""
    paths: dict[int, dict[int, FloatArray]] = {}
    for index, found in enumerate(rows):
        for row in found:
            place = np.array([row.x + row.w / 2, row.y + row.h / 2, (row.w * row.h) ** 0.5])
            paths.setdefault(row.id, {})[index] = place
    changes = [
        float(np.hypot(*(path[at - 1] - 2 * here + path[at + 1])[:2])) / max(float(here[2]), 1.0)
        for path in paths.values()
        for at, here in path.items()
        if at - 1 in path and at + 1 in path
    ]
    return float(np.mean(changes)) if changes else 0.0


def clip_aucs(
    folder: Path, name: str, settings: Sequence[Setting], work: Path
) -> dict[str, list[float]]:
    """Returns the success AUC of each track of a real clip, one a setting.

    A frame without a box overlaps by 0.
    """
    clip = load_clip(folder, name)
    with open_source(str(clip.path)) as source:
        frames = [(frame.timestamp_us, frame.payload) for frame in source]
    times, motion = [time for time, _ in frames], motion_of(frames)
    truth: dict[int, list[TrueBox]] = {}
    for number, track in clip.tracks.items():
        for index, box in track.items():
            x, y, w, h = box.tolist()
            one = TrueBox(label=f"track {number}", x=x, y=y, w=w, h=h)
            truth.setdefault(times[index], []).append(one)
    runs = [run(frames, truth, setting, work, motion)[0] for setting in settings]
    return {
        f"{name}/{number}": [
            success_auc(_overlaps_of(track, f"track {number}", rows)) for rows in runs
        ]
        for number, track in clip.tracks.items()
    }


def _overlaps_of(track: dict[int, FloatArray], label: str, rows: Rows) -> FloatArray:
    found = []
    for index, wanted in sorted(track.items()):
        fitting = [row for row in rows[index] if row.label == label]
        best = max(fitting, key=lambda row: row.confidence, default=None)
        here = np.zeros(4) if best is None else np.array([best.x, best.y, best.w, best.h])
        found.append(float(intersection_over_union(here[None], wanted[None])[0]))
    return np.array(found)
