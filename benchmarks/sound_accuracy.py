"""Compares sound classifiers on clips and soundscapes they were not set on.

    PYTHONPATH=src:benchmarks python benchmarks/sound_accuracy.py [--markdown PAGE]

Ours is the classifier of `benchmarks/without_fold_4`: made as the packaged one, but for fold 4.
Clips: fold 4 of ESC-10, of speech and of music, one answer a clip. Soundscapes: 24 of 30 s, with
events of these clips and of sounds the classifier does not know, some at the same time. Thresholds
and calibration were set on folds 1 to 3: ours by its trainer, YAMNet's by sound_development.py.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sound_clips import DATA, Clip, clips, read_sound, soundscapes
from sound_models import YAMNET, YAMNET_NODES, SoundModel, events_in, scores_of, yamnet
from yamnet_groups import YAMNET_GROUPS

from flowlace.formats.sound_event import SoundEvent
from flowlace.inference.cpu_model import CpuModel
from flowlace.inference.tflite_file import TfliteFile
from flowlace.testing.sound_scores import Score, event_based_score, segment_based_score

LABELS = tuple(YAMNET_GROUPS)
PACKAGED = "sound_classifier"
WITHOUT_FOLD_4 = Path(__file__).parent / "without_fold_4"
"""The packaged classifier learnt from all folds; this one, made alike, can be judged on fold 4."""
UNKNOWN_TO_ESC10 = ("music", "speech")
PAGE = Path("docs/benchmarks/sound_accuracy.md")

POOLINGS: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "mean": lambda s: s.mean(axis=0),
    "root mean square": lambda s: np.sqrt(np.square(s).mean(axis=0)),
    "best half": lambda s: np.sort(s, axis=0)[-max(1, len(s) // 2) :].mean(axis=0),
    "maximum": lambda s: s.max(axis=0),
}
"""Of `[window, class]`; the second is PooledSoundScoresCalculator's."""


def models() -> Iterator[SoundModel]:
    """Yields what is compared: the classifier that learnt without fold 4, and YAMNet."""
    for file in sorted(WITHOUT_FOLD_4.glob("*.tflite")):
        yield SoundModel(name=file.stem, path=str(file))
    if YAMNET.exists():
        yield yamnet(is_calibrated=False)
        if YAMNET_NODES.exists():
            yield yamnet(is_calibrated=True)


def window_scores(model: SoundModel, sounds: Sequence[Clip]) -> list[NDArray[Any]]:
    """Returns `[window, class]` of each clip, without silent windows."""
    found = []
    for clip in sounds:
        values = [one.values for one in scores_of(model, clip.samples) if not one.is_silence]
        found.append(np.array(values or [np.zeros(len(LABELS))]))
    return found


def answers(
    scores: Sequence[NDArray[Any]], pool: Callable[[NDArray[Any]], NDArray[Any]]
) -> NDArray[np.intp]:
    """Returns the number of the best class of each clip."""
    return np.array([int(pool(one).argmax()) for one in scores])


def clip_row(model: SoundModel, sounds: Sequence[Clip]) -> str:
    """Returns accuracies of whole clips."""
    truth = np.array([LABELS.index(clip.label) for clip in sounds])
    is_esc10 = np.array([clip.label not in UNKNOWN_TO_ESC10 for clip in sounds])
    given = answers(window_scores(model, sounds), POOLINGS["root mean square"])
    right = given == truth
    balanced = np.mean([right[truth == number].mean() for number in range(len(LABELS))])
    speech = right[truth == LABELS.index("speech")].mean()
    music = right[truth == LABELS.index("music")].mean()
    return (
        f"| {model.name} | {size_kb(model):.0f} | {milliseconds(model):.2f} "
        f"| {right[is_esc10].mean():.3f} | {speech:.3f} | {music:.3f} | {balanced:.3f} |"
    )


def size_kb(model: SoundModel) -> float:
    """Returns the size of the model file."""
    return model.file.stat().st_size / 1000


def milliseconds(model: SoundModel) -> float:
    """Returns the CPU time of one window, the shortest of several tries."""
    file = TfliteFile(model.file)
    runner = CpuModel(file)
    info = file.main.inputs[0]
    rng = np.random.default_rng(0)
    shape = tuple(max(size, 1) for size in info.shape)
    from flowlace.formats.tensor import Tensor

    tensor = Tensor(rng.uniform(-0.1, 0.1, shape).astype(np.float32))
    tries = []
    for _ in range(10):
        begin = time.process_time()
        for _ in range(20):
            runner.run([tensor])
        tries.append((time.process_time() - begin) / 20 * 1e3)
    runner.close()
    return min(tries)


def event_rows(model: SoundModel, scapes: dict[str, list[SoundEvent]]) -> Iterator[str]:
    """Yields scores of soundscapes, with the median filter and without."""
    for what, steps in (("on", []), ("off", ["median_filter.max_steps=1"])):
        events, segments = Score(), Score()
        for file, truth in scapes.items():
            found = events_in(model, read_sound(DATA / file), steps)
            known = [event for event in truth if event.label in LABELS]
            events += event_based_score(known, found)
            segments += segment_based_score(known, found)
        yield f"| {model.name} | {what} | {_cells(events)} | {_cells(segments)} |"
        if what == "on":
            LATEST[model.name] = (events, segments)


LATEST: dict[str, tuple[Score, Score]] = {}
"""Scores with the median filter, for the table by class."""


def _cells(score: Score) -> str:
    total = score.total
    return f"{total.f1:.3f} | {total.precision:.3f} | {total.recall:.3f}"


def class_table() -> Iterator[str]:
    """Yields segment-based F1 by class."""
    names = list(LATEST)
    yield "| class | " + " | ".join(names) + " |"
    yield "|---" * (len(names) + 1) + "|"
    for label in LABELS:
        cells = [
            f"{LATEST[name][1].of(label).f1:.2f} ({LATEST[name][0].of(label).f1:.2f})"
            for name in names
        ]
        yield f"| {label} | " + " | ".join(cells) + " |"


def pooling_rows(model: SoundModel, sounds: Sequence[Clip]) -> Iterator[str]:
    """Yields the accuracy of each way of pooling on the development folds."""
    truth = np.array([LABELS.index(clip.label) for clip in sounds])
    scores = window_scores(model, sounds)
    for name, pool in POOLINGS.items():
        right = answers(scores, pool) == truth
        balanced = np.mean([right[truth == number].mean() for number in range(len(LABELS))])
        yield f"| {name} | {balanced:.3f} |"


def page(compared: Sequence[SoundModel]) -> Iterator[str]:
    """Yields the lines of the page."""
    yield "# Sound classifiers, side by side"
    yield ""
    yield "Made by `benchmarks/sound_accuracy.py`, which says what is measured how."
    yield "`sound_classifier` is not the packaged file, which learnt from all folds, but one made"
    yield "alike that learnt without fold 4. The packaged one's card has all four folds."
    yield ""
    yield "## Clips"
    yield ""
    yield "Fold 4, one answer a clip: 80 of ESC-10, 62 of speech, 45 of music. Balanced: the mean"
    yield f"over all {len(LABELS)} classes. CPU of one window, one thread, without the front end of"
    yield "models that take log-mel frames (docs/benchmarks/sound_speed.md)."
    yield ""
    yield "| model | kB | CPU ms | ESC-10 | speech | music | balanced |"
    yield "|---|---|---|---|---|---|---|"
    sounds = list(clips(("4",), LABELS))
    for model in compared:
        yield clip_row(model, sounds)
    yield ""
    yield from _soundscape_lines(compared)
    yield ""
    yield "## How clips are pooled"
    yield ""
    yield "Balanced accuracy on folds 1 to 3, of the last model above: why clip scores are root"
    yield "mean squares."
    yield ""
    yield "| pooling of window scores | balanced accuracy |"
    yield "|---|---|"
    yield from pooling_rows(compared[-1], _few(list(clips(("1", "2", "3"), LABELS))))


def _few(sounds: list[Clip]) -> list[Clip]:
    counted: dict[str, int] = {}
    kept = []
    for clip in sounds:
        counted[clip.label] = counted.get(clip.label, 0) + 1
        if counted[clip.label] <= 24:
            kept.append(clip)
    return kept


def _soundscape_lines(compared: Sequence[SoundModel]) -> Iterator[str]:
    scapes = soundscapes()
    truth = [event.label for events in scapes.values() for event in events]
    unknown = sorted({label for label in truth if label not in LABELS})
    known = sum(label in LABELS for label in truth)
    yield "## Soundscapes"
    yield ""
    yield f"{len(scapes)} of 30 s with {known} events of these classes. Not in the truth, as no"
    yield f"model here has a class for them, but to be heard: {', '.join(unknown)}; what is taken"
    yield "for music, speech or a dog there counts as a false alarm, right or wrong. Event-based:"
    yield "onset within 200 ms, offset within 200 ms or 20 % of the length. Segment-based: 1 s."
    yield ""
    scores = "| F1 | precision | recall "
    yield f"| model | median filter {scores.replace('F1', 'event F1')}" + (
        f"{scores.replace('F1', 'segment F1')}|"
    )
    yield "|---|---|---|---|---|---|---|---|"
    for model in compared:
        yield from event_rows(model, scapes)
    yield ""
    yield "Segment-based F1 by class, event-based in brackets:"
    yield ""
    yield from class_table()


def main() -> None:
    """Prints the page, and writes it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--markdown", type=Path, default=None, help=f"page to write, e.g. {PAGE}")
    arguments = parser.parse_args()
    compared = list(models())
    if not DATA.exists() or not compared:
        raise SystemExit(f"needs {DATA} and a model")
    lines = []
    for line in page(compared):
        print(line, flush=True)
        lines.append(line)
    if arguments.markdown is not None:
        arguments.markdown.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
