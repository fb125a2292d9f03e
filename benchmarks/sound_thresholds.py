"""Shows what thresholds are worth where half of the sounds are unknown to the classifier.

    PYTHONPATH=src:benchmarks python benchmarks/sound_thresholds.py [--yamnet]

Soundscapes are made of clips of folds 1 to 3 and of nine sounds the classifier has no class for,
from UrbanSound8K's folds 1 and 2: never of fold 4 and the soundscapes that scores are reported on.
Own thresholds are raised to each of several; YAMNet's are its groups, calibrated.
"""

import sys
from pathlib import Path
from typing import Final

import numpy as np
from sound_clips import Clip, clips, made_soundscapes
from sound_models import SoundModel, events_in, yamnet
from yamnet_groups import YAMNET_GROUPS

from flowlace.testing.sound_scores import Score, event_based_score, segment_based_score

UNKNOWN: Final = (
    "air_conditioner", "car_horn", "children_playing", "drilling", "engine_idling", "gun_shot",
    "jackhammer", "siren", "street_music",
)  # fmt: skip
WITHOUT_FOLD_4 = Path(__file__).parent / "without_fold_4" / "sound_classifier_int8.tflite"
KNOWN_CLIPS, UNKNOWN_CLIPS, SCAPES = 24, 15, 16
LEAST = (0.01, 0.7, 0.8, 0.9, 0.95, 0.98)


def few(sounds: list[Clip], most: int) -> list[Clip]:
    """Returns so many clips of each class at most."""
    drawn = np.random.default_rng(1)
    by_label: dict[str, list[Clip]] = {}
    for place in drawn.permutation(len(sounds)):
        by_label.setdefault(sounds[place].label, []).append(sounds[place])
    return [clip for found in by_label.values() for clip in found[:most]]


def raised(model: SoundModel, least: float) -> SoundModel:
    """Returns a model whose thresholds are at least so high."""
    given = model.options.get("class_threshold", ())
    higher = [{**one, "threshold": max(one["threshold"], least)} for one in given]
    options = {**model.options, "least_threshold": least, "class_threshold": higher}
    return SoundModel(name=model.name, path=model.path, options=options)


def main() -> None:
    """Prints a table."""
    labels = list(YAMNET_GROUPS)
    known = few(list(clips(("1", "2", "3"), labels)), KNOWN_CLIPS)
    unknown = few(list(clips(("us1", "us2"), UNKNOWN)), UNKNOWN_CLIPS)
    scapes = made_soundscapes([*known, *unknown], SCAPES, seed=5)
    ours = SoundModel(name="sound_classifier int8", path=str(WITHOUT_FOLD_4))
    print("| model | thresholds at least | event F1 | segment F1 | precision | recall |")
    print("|---|---|---|---|---|---|")
    is_both = "--yamnet" in sys.argv
    for model in (ours, *([yamnet(is_calibrated=True)] if is_both else ())):
        for least in LEAST:
            events, segments = Score(), Score()
            for sound, every in scapes:
                truth = [event for event in every if event.label in labels]
                found = events_in(raised(model, least), sound)
                events += event_based_score(truth, found)
                segments += segment_based_score(truth, found)
            whole = segments.total
            print(
                f"| {model.name} | {least:g} | {events.total.f1:.3f} | {whole.f1:.3f} "
                f"| {whole.precision:.3f} | {whole.recall:.3f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
