"""What classifying live video costs: each new step, whole clips, and four streams in a graph.

    PYTHONPATH=src python benchmarks/video_speed.py [--repeats 15] [--side 224] [--markdown PAGE]

Needs the trainers (`make trainers`), which export networks with fresh weights: time does not depend
on what they are. Numbers are CPU time of LiteRT on one thread, so that other work on the machine
counts little: the median of runs that take turns, and the median of the ratios of neighbouring
runs. `--streams SECONDS` (20) is how long four live streams of `video_classification` run.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from flowlace.inference.find_model import packaged_models

WARM_RUNS = 2
STREAMS = 4


@dataclass(frozen=True)
class Timed:
    """A model, or two that run one after the other."""

    name: str
    multiply_adds: int
    parts: Sequence[bytes]
    """`.tflite` content."""


def runner(content: bytes) -> Callable[[], None]:
    """Returns a run on made-up input."""
    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    given = interpreter.get_input_details()[0]
    noise = np.random.default_rng(0).uniform(-1, 1, given["shape"]).astype(np.float32)
    interpreter.set_tensor(given["index"], noise)
    return interpreter.invoke


def cpu_ms(models: Sequence[Timed], repeats: int) -> list[list[float]]:
    """Returns CPU times of each model; all take turns."""
    runs = [[runner(part) for part in one.parts] for one in models]
    times: list[list[float]] = [[] for _ in models]
    for number in range(WARM_RUNS + repeats):
        for place, parts in enumerate(runs):
            began = time.thread_time()
            for run in parts:
                run()
            if number >= WARM_RUNS:
                times[place].append((time.thread_time() - began) * 1000)
    return times


def table(models: Sequence[Timed], repeats: int) -> Iterator[str]:
    """Yields a table; ratios are to the first."""
    yield "| network | GMAC | ratio | CPU ms | ratio |"
    yield "|---|---|---|---|---|"
    times = cpu_ms(models, repeats)
    for one, taken in zip(models, times, strict=True):
        of_macs = one.multiply_adds / models[0].multiply_adds
        of_time = statistics.median(a / b for a, b in zip(taken, times[0], strict=True))
        yield (
            f"| {one.name} | {one.multiply_adds / 1e9:.3f} | {of_macs:.3f} "
            f"| {statistics.median(taken):.1f} | {of_time:.3f} |"
        )


def converted(module: Any, *shape: int) -> bytes:
    """Returns a module as `.tflite`; pictures come with channels first, as torch has them."""
    import litert_torch
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the converter, about itself
        exported = litert_torch.convert(module.eval(), (torch.zeros(1, *shape),))
        return bytes(exported.model_content())


def one_part(name: str, make: Callable[[], Any], *shape: int) -> Timed:
    """Returns a network that is one model."""
    from flowlace_trainers.video.computation import multiply_adds

    return Timed(name, multiply_adds(make, 1, *shape), [converted(make(), *shape)])


def clip_networks(side_px: int) -> list[Timed]:
    """Returns ViViT-Ti on clips of 32 frames: without, and with tokens learned at three depths."""
    from flowlace_trainers.video.embedding import PatchOptions
    from flowlace_trainers.video.joint_clip_network import JointClipNetwork, JointClipOptions
    from flowlace_trainers.video.sizes import TI
    from flowlace_trainers.video.token_learner import TokenLearnerOptions

    tubelets = PatchOptions(width_px=side_px, height_px=side_px, frames=2)
    whole = JointClipOptions(classes=400, size=TI, tubelets=tubelets)
    kinds = {"ViViT-Ti/16x2, 32 frames": whole}
    for at in (3, 6, 9):
        learner = TokenLearnerOptions(at=at, tokens=8)
        kinds[f"8 tokens a step after {at} of 12 layers"] = replace(whole, token_learner=learner)
    shape = (3 * 32, side_px, side_px)
    return [
        one_part(name, partial(JointClipNetwork, options), *shape)
        for name, options in kinds.items()
    ]


def step_networks() -> list[Timed]:
    """Returns what each new step on a stream runs: 2 frames of 112 px, a window of 16 steps."""
    from flowlace_trainers.video.computation import multiply_adds
    from flowlace_trainers.video.embedding import PatchOptions
    from flowlace_trainers.video.sizes import TI
    from flowlace_trainers.video.stepped_network import FrameTokens, SteppedOptions, TemporalHead
    from flowlace_trainers.video.token_learner import TokenLearnerOptions

    made = []
    for early in (3, 6, 9):
        options = SteppedOptions(
            classes=400,
            tubelets=PatchOptions(width_px=112, height_px=112, frames=2),
            spatial_layers=early,
            temporal_layers=TI.layers - early,
            token_learner=TokenLearnerOptions(at=early, tokens=8),
        )
        parts: dict[tuple[int, ...], Callable[[], Any]] = {
            (6, 112, 112): partial(FrameTokens, options),
            (16, 8, TI.width): partial(TemporalHead, options, 8),
        }
        cost = sum(multiply_adds(make, 1, *shape) for shape, make in parts.items())
        models = [converted(make(), *shape) for shape, make in parts.items()]
        name = f"ring of learned tokens, {early} + {TI.layers - early} layers"
        made.append(Timed(name, cost, models))
    return made


def exported_streams(folder: Path, side_px: int) -> str:
    """Writes an untrained pair, 6 + 6 layers of Ti, and returns its first part."""
    from flowlace_trainers.fit import FitOptions
    from flowlace_trainers.schedule import Phase
    from flowlace_trainers.video.config import VideoConfig
    from flowlace_trainers.video.embedding import PatchOptions
    from flowlace_trainers.video.export import export_classifier
    from flowlace_trainers.video.motions import MotionClips
    from flowlace_trainers.video.stepped_network import SteppedNetwork, SteppedOptions

    from flowlace.sources.testsrc.motion_frames import MotionOptions

    def clips(_: Path) -> MotionClips:
        return MotionClips(8, 1, MotionOptions(side_px=side_px, frames=32))

    options = SteppedOptions(
        classes=8, tubelets=PatchOptions(width_px=side_px, height_px=side_px, frames=2)
    )
    phase = Phase(share=1.0, width_px=side_px, height_px=side_px, strength=0.0, drop=0.0)
    config = VideoConfig(
        name="untrained", network=options, training=clips, development=clips, evaluation=clips,
        fit=FitOptions(steps=1, phases=(phase,), peak_learning_rate=1e-3),
    )  # fmt: skip
    export_classifier(SteppedNetwork(options), config, clips(folder), folder, {})
    return str(folder / "untrained_frame_tokens_f32.tflite")


LIVE = """
import sys, time
from flowlace.cli.run import make_runners, run_all
from flowlace.framework.validation import validate_graph
from flowlace.runner.node_settings import configured_graph
model, streams, seconds, side, shared = sys.argv[1:]
settings = [f"classifier.share_model={shared}"]
plan = validate_graph(configured_graph("video_classification", [model], settings))
def ran(options):
    url = f"testsrc:motions?size={side}&seconds={seconds}{options}&seed="
    sources = [f"{url}{seed}" for seed in range(1, int(streams) + 1)]
    runners = make_runners(plan, sources, ["classes=none", "overlay=none"], [], [])
    began = time.process_time()
    run_all(runners, quiet=True)
    return time.process_time() - began, [one.summary for one in runners]
cpu, _ = ran("")
_, live = ran("&live=1")
read, drops = sum(one.frames for one in live), sum(one.drops for one in live)
# Not ru_maxrss: a process that was forked counts its parent's.
(peak,) = (int(line.split()[1]) / 1024 for line in open("/proc/self/status") if "VmHWM" in line)
print(cpu, read, drops, peak)
"""


def live_line(what: str, model: str, streams: int, seconds: float, side: int, shared: bool) -> str:
    """Returns what live streams took, in a process of their own."""
    arguments = [model, str(streams), str(seconds), str(side), str(shared).lower()]
    done = subprocess.run(
        [sys.executable, "-c", LIVE, *arguments], check=True, capture_output=True, text=True
    )
    cpu, read, drops, peak = map(float, done.stdout.split())
    way = "one for all" if shared else "one each"
    return (
        f"| {what} | {streams} | {way} | {100 * cpu / seconds / 2:.1f} | {read + drops:.0f} "
        f"| {drops:.0f} | {peak:.0f} |"
    )


def live_lines(seconds: float) -> Iterator[str]:
    """Yields a table of live streams of 15 frames a second."""
    yield "| model | streams | loaded models | % of 2 cores | frames | dropped | peak MiB |"
    yield "|---|---|---|---|---|---|---|"
    with tempfile.TemporaryDirectory() as folder:
        untrained = exported_streams(Path(folder), 112)
        kinds = [("Ti, 6 + 6 layers, 112 px, float32", untrained, 112)]
        if "motions_frame_tokens" in packaged_models():
            kinds += [
                (f"motions:{one}, 96 px", f"motions:{one}", 96) for one in ("float32", "int8")
            ]
        for what, model, side in kinds:
            yield live_line(what, model, 1, seconds, side, shared=True)
            yield live_line(what, model, STREAMS, seconds, side, shared=True)
            yield live_line(what, model, STREAMS, seconds, side, shared=False)


def page(repeats: int, sides: Sequence[int], seconds: float) -> Iterator[str]:
    """Yields the lines of the page."""
    yield "# What classifying video costs"
    yield ""
    yield "Made by `benchmarks/video_speed.py`, which says what is measured how: CPU time of one"
    yield "thread through LiteRT, float32, fresh weights, medians, ratios to a table's first row."
    yield f"Load of the machine when it began: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores."
    clips = {side: clip_networks(side) for side in sides}
    again = clips[112]
    yield ""
    yield "## Each new step of a stream"
    yield ""
    yield "2 new frames of 112 px, a window of 16 steps. The first row runs the clip again at each"
    yield "step; the others run `frame_tokens` on the step and `temporal_head` on the ring."
    yield ""
    yield from table(
        [replace(again[0], name="the clip again, ViViT-Ti/16x2"), *step_networks()], repeats
    )
    for side, models in clips.items():
        yield ""
        yield f"## Whole clips, {side} px"
        yield ""
        yield from table(models, max(3, repeats * 112 * 112 // (side * side)))
    if seconds:
        yield ""
        yield "## Live streams"
        yield ""
        yield f"`video_classification` on {seconds:g} s of `testsrc:motions`, drawing included,"
        yield "15 frames a second. The share of two cores is CPU time of a run that drops nothing."
        yield "Live, frames are dropped where the graph is busy when the next one comes; other work"
        yield "on the machine adds to that."
        yield ""
        yield from live_lines(seconds)


def main() -> None:
    """Prints the page, and writes it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--sides", type=int, nargs="+", default=[112, 224], help="112 is needed")
    parser.add_argument("--streams", type=float, default=20.0, help="seconds; 0 leaves them out")
    parser.add_argument("--markdown", type=Path, help="page to write")
    arguments = parser.parse_args()
    lines = []
    for line in page(arguments.repeats, arguments.sides, arguments.streams):
        print(line, flush=True)
        lines.append(line)
    if arguments.markdown is not None:
        arguments.markdown.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
