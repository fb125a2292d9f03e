"""The packaged graphs still give what was looked at and kept, on sources the project makes itself.

The scenes were chosen so that noise in the pixels (a step of 255 in six of a hundred values) stays
within the tolerances: other processors add in another order, and that is no regression.
"""

from pathlib import Path
from typing import Any

import pytest

from flowlace.inference.find_model import packaged_models
from flowlace.testing import GoldenMismatch, GoldenResult, Replayed, replay_graph
from tests.inference.tiny_clip_models import TinyClipModels
from tests.inference.tiny_sound_models import log_mel_model

BOXES = {
    "graph": "box_tracking",
    "source": "testsrc:street?width=320&height=240&seconds=1&seed=5",
    "boxes": ["truth"],
    "streams": ["boxes"],
}
OBJECTS: dict[str, Any] = {
    "graph": "object_tracking",
    "source": "testsrc:street?width=320&height=240&seconds=1&seed=2",
    "streams": ["objects"],
    "settings": {"detector.min_score_threshold": 0.8},
}
SOUNDS = {
    "graph": "sound_events",
    "source": "testsrc:sounds?seconds=8&seed=1",
    "streams": ["events", "bars"],
}
RAIN = {
    "graph": "nowcast",
    "source": "testsrc:storm?minutes=8&width=48&height=48",
    "streams": ["nowcasts", "summaries"],
}
MOTIONS: dict[str, Any] = {
    "graph": "video_classification",
    "source": "testsrc:motions?seconds=4.8&seed=1",
    "streams": ["classes"],
    "settings": {"classifier.top_k": 1},
}
CLIP = Path(__file__).parents[3] / "shared" / "data" / "audio" / "soundscapes" / "scape_00.flac"


@pytest.mark.replay(**BOXES)
def test_box_tracking_gives_what_was_kept(replayed: Replayed, golden: GoldenResult) -> None:
    golden(replayed, "box=0.8", "confidence=0.2")


@pytest.mark.replay(**OBJECTS)
def test_object_tracking_gives_what_was_kept(replayed: Replayed, golden: GoldenResult) -> None:
    # Objects of almost one score may be numbered in another order.
    golden(replayed, "box=0.7", "score=0.1", ignore=["confidence"], are_ids_renamed=True)


@pytest.mark.replay(**SOUNDS)
def test_sound_events_gives_what_was_kept(replayed: Replayed, golden: GoldenResult) -> None:
    golden(replayed, "time=100ms", "score=0.1", "dbfs=0.5")


@pytest.mark.replay(**RAIN)
def test_nowcast_gives_what_was_kept(replayed: Replayed, golden: GoldenResult) -> None:
    golden(replayed, "number=0.02", "relative=2%", "outliers=1%")


# To be kept anew (--golden-update) with every newly trained model.
@pytest.mark.skipif(
    "motions_frame_tokens" not in packaged_models(), reason="no packaged model 'motions' yet"
)
@pytest.mark.replay(**MOTIONS)
def test_video_classification_gives_what_was_kept(replayed: Replayed, golden: GoldenResult) -> None:
    golden(replayed, "score=0.1")


def kept(test: str) -> GoldenResult:
    return GoldenResult(Path(__file__).parent / "golden" / "test_golden_graphs" / test)


def test_another_threshold_of_the_detector_is_found_in_the_first_frame() -> None:
    source = OBJECTS["source"].replace("seconds=1", "seconds=0.1")  # the rest will be missing
    settings = {"detector.min_score_threshold": 0.87}
    changed = replay_graph(**{**OBJECTS, "source": source, "settings": settings})
    with pytest.raises(GoldenMismatch) as caught:
        kept("test_object_tracking_gives_what_was_kept")(
            changed, "box=0.7", "score=0.1", ignore=["confidence"], are_ids_renamed=True
        )
    lines = str(caught.value).splitlines()
    assert lines[1].startswith("first difference: objects at 0 µs (0.000 s), [")
    assert lines[1].endswith("]: is missing")
    assert lines[4].split() == ["actual", "nothing"]


def test_another_threshold_of_sounds_is_found_where_an_event_is_gone() -> None:
    changed = replay_graph(**{**SOUNDS, "settings": {"classifier.least_threshold": 0.95}})
    with pytest.raises(GoldenMismatch, match=r"bars at 4\d{6} µs .*label: differs"):
        kept("test_sound_events_gives_what_was_kept")(
            changed, "time=100ms", "score=0.1", "dbfs=0.5"
        )


def test_another_cap_of_rain_is_found_with_its_pixel(tmp_path: Path) -> None:
    changed = replay_graph(**{**RAIN, "settings": {"quality_control.max_rate_mm_h": 3.0}})
    compare = GoldenResult(kept("test_nowcast_gives_what_was_kept").path, pictures=tmp_path)
    with pytest.raises(GoldenMismatch, match=r"rain_mm_h: \d+ of \d+ values are off"):
        compare(changed, "number=0.02", "relative=2%", "outliers=1%")
    assert (tmp_path / "test_nowcast_gives_what_was_kept-difference.png").stat().st_size > 0


@pytest.mark.data
@pytest.mark.skipif(not CLIP.exists(), reason="needs ../shared/data/audio/soundscapes")
def test_real_sound_gives_the_same_twice(tmp_path: Path) -> None:
    run = {"graph": "sound_events", "source": str(CLIP)}
    GoldenResult(tmp_path / "kept", updates=True)(replay_graph(**run))
    GoldenResult(tmp_path / "kept")(replay_graph(**run))


def test_sound_events_with_a_model_of_known_answers_are_the_same_twice(tmp_path: Path) -> None:
    model = str(log_mel_model(tmp_path))
    GoldenResult(tmp_path / "kept", updates=True)(replay_graph(**SOUNDS, models=[model]))
    GoldenResult(tmp_path / "kept")(replay_graph(**SOUNDS, models=[model]))


def test_video_classification_with_models_of_known_answers_is_the_same_twice(
    tmp_path: Path,
) -> None:
    model = str(TinyClipModels().write(tmp_path))
    GoldenResult(tmp_path / "kept", updates=True)(replay_graph(**MOTIONS, models=[model]))
    GoldenResult(tmp_path / "kept")(replay_graph(**MOTIONS, models=[model]))
