"""SoundClassificationSubgraph: any classifier, set by what its file says, from sound to scores."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flowlace.calculators.audio.sound_classification_subgraph import (
    DEFAULT_MODEL,
    SoundClassificationOptions,
)
from flowlace.formats.sound_scores import SoundScores
from flowlace.framework.errors import GraphConfigError
from flowlace.framework.graph import CalculatorGraph
from tests.calculators.audio.sounds import cut, header, noise
from tests.inference.tiny_models import TinyModel, adding, answering
from tests.inference.tiny_sound_models import log_mel_model, waveform_model

RATE = 16_000
YAMNET = Path("../shared/data/models/yamnet_audio_classifier_with_metadata.tflite")


def scored(
    model: Path | str, sound: Any, more: str = "", sizes: Sequence[int] = ()
) -> dict[int, SoundScores]:
    graph = CalculatorGraph(f"""
        input_stream: "sounds"
        output_stream: "scores"
        node {{
          calculator: "SoundClassificationSubgraph"
          input_stream: "SOUND:sounds"
          output_stream: "SCORES:scores"
          options {{
            [flowlace.SoundClassificationOptions.ext] {{ model_path: "{model}" {more} }}
          }}
        }}
    """)
    found: dict[int, SoundScores] = {}
    graph.observe_output_stream("scores", lambda p: found.__setitem__(p.timestamp, p.payload))
    graph.start_run(headers={"sounds": header(RATE)})
    for packet in cut(sound, sizes, RATE):
        graph.add_packet_to_input_stream("sounds", packet)
    graph.close_all_input_streams()
    graph.wait_until_done()
    return found


def tone(hertz: float, begin_s: float, end_s: float, seconds: float) -> Any:
    """Returns a quiet room with a tone in it."""
    time = np.arange(round(seconds * RATE)) / RATE
    is_on = (time >= begin_s) & (time < end_s)
    made = 0.3 * np.sin(2 * np.pi * hertz * time) * is_on
    return (made + 1e-3 * noise(len(time))[0])[None].astype(np.float32)


@pytest.fixture(scope="module")
def log_mel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return log_mel_model(tmp_path_factory.mktemp("models"))


@pytest.mark.parametrize(
    ("samples", "count"), [(RATE * 3, 60), (1, 1), (799, 1), (800, 1), (801, 2), (7000, 9)]
)
def test_every_step_of_the_sound_has_scores(log_mel: Path, samples: int, count: int) -> None:
    found = scored(log_mel, noise(samples))
    assert list(found) == [50_000 * place for place in range(count)]


def test_a_score_stands_for_the_middle_of_its_window(log_mel: Path) -> None:
    found = scored(log_mel, tone(300, 2.0, 4.0, 6))
    heard = [time for time, scores in found.items() if scores.values[0] >= 0.5]
    assert (min(heard) + max(heard) + 50_000) / 2 == pytest.approx(3_000_000, abs=26_000)
    assert 1_700_000 < max(heard) - min(heard) < 2_100_000
    assert max(scores.values[1] for scores in found.values()) < 0.1


def test_labels_come_from_the_file(log_mel: Path) -> None:
    assert scored(log_mel, noise(800))[0].classes.labels == ("low", "high")


@pytest.mark.parametrize("shape", [(1, 96, 64, 1), (1, 96, 64)])
def test_log_mel_models_have_either_shape(shape: tuple[int, ...], tmp_path: Path) -> None:
    found = scored(log_mel_model(tmp_path, shape), tone(3000, 0, 2, 2))
    assert found[1_000_000].values[1] > 0.9


@pytest.mark.parametrize("shape", [(15_600,), (1, 15_600)])
def test_waveform_models_have_either_shape(shape: tuple[int, ...], tmp_path: Path) -> None:
    sound = np.zeros((1, RATE * 3), np.float32)
    sound[:, RATE : 2 * RATE] = -0.5
    found = scored(waveform_model(tmp_path, shape), sound)
    assert [round(float(s.values[1]), 2) for s in (found[500_000], found[1_500_000])] == [0, 1]


def test_scores_do_not_depend_on_how_the_sound_is_cut(log_mel: Path) -> None:
    sound = tone(300, 1, 2, 3)
    whole, pieces = scored(log_mel, sound), scored(log_mel, sound, sizes=[777, 1, 800, 16_000])
    assert pieces == whole


def test_no_model_is_asked_about_silence(log_mel: Path) -> None:
    sound = np.zeros((1, RATE * 6), np.float32)
    sound[:, :RATE] = tone(300, 0, 1, 1)
    found = scored(log_mel, sound)
    silent = [time for time, scores in found.items() if scores.is_silence]
    assert silent == [time for time in found if time >= 1_000_000 + 450_000]
    assert not any(found[time].values.any() for time in silent)


GROUPS = """
  label_group { label: "any" member: ["low", "high"] }
  label_group { label: "deep" member: "low" }
"""


def test_classes_can_be_grouped(log_mel: Path) -> None:
    found = scored(log_mel, tone(3000, 0, 2, 2), GROUPS)[1_000_000]
    assert found.classes.labels == ("any", "deep")
    assert found.values[0] > 0.9 > 0.1 > found.values[1]


def test_groups_can_be_calibrated(log_mel: Path) -> None:
    plain = scored(log_mel, tone(3000, 0, 2, 2), GROUPS)[1_000_000]
    curve = "sigmoids { scale: 1 slope: 0.5 offset: -1 }"
    more = f"{GROUPS} calibration {{ {curve} {curve} score_transformation: INVERSE_LOGISTIC }}"
    found = scored(log_mel, tone(3000, 0, 2, 2), more)[1_000_000]
    logit = np.log(plain.values / (1 - plain.values.astype(float)))
    np.testing.assert_allclose(found.values, 1 / (1 + np.exp(1 - 0.5 * logit)), rtol=1e-4)


@pytest.mark.parametrize(
    ("more", "labels"),
    [
        ('ignore_labels: "low"', ("high",)),
        ('allow_labels: "low"', ("low",)),
        (GROUPS + 'ignore_labels: "any"', ("deep",)),
    ],
)
def test_labels_can_be_left_out(log_mel: Path, more: str, labels: tuple[str, ...]) -> None:
    assert scored(log_mel, noise(800), more)[0].classes.labels == labels


def test_thresholds_can_be_set_for_all_and_for_one(log_mel: Path) -> None:
    more = 'min_score_threshold: 0.7 class_threshold { label: "high" threshold: 0.9 }'
    found = scored(log_mel, noise(800), more)[0].classes
    np.testing.assert_allclose(found.thresholds, [0.7, 0.9])


def with_spec(folder: Path, nodes: Mapping[str, Any], **fields: Any) -> Path:
    """Writes a model with a spec beside it, and returns its path."""
    file = log_mel_model(folder)
    spec = {
        "name": "tiny_sounds",
        "task": "sound_events",
        "labels": ["deep", "shrill"],
        "files": {"float32": {"file": file.name, "sha256": sha256(file.read_bytes()).hexdigest()}},
        "default": "float32",
        "nodes": nodes,
        **fields,
    }
    file.with_suffix(".json").write_text(json.dumps(spec))
    return file


NODES: Mapping[str, Any] = {
    "ScoreCalibrationCalculator": {
        "score_transformation": "INVERSE_LOGISTIC",
        "sigmoids": [
            {"scale": 1, "slope": 2, "offset": 0},
            {"scale": 1, "slope": 1, "offset": -3},
        ],
    },
    "SoundScoresCalculator": {
        "threshold": 0.6,
        "reach_us": 100_000,
        "sound_class": [{"label": "shrill", "threshold": 0.8, "reach_us": 0}],
    },
}


def test_the_spec_calibrates_and_sets_thresholds(tmp_path: Path, log_mel: Path) -> None:
    models, sound = (with_spec(tmp_path, NODES), log_mel), tone(300, 0, 2, 2)
    found, plain = (scored(model, sound)[1_000_000] for model in models)
    logit = np.log(plain.values / (1 - plain.values.astype(float)))
    wanted = 1 / (1 + np.exp(-(logit * [2, 1] + [0, -3])))
    np.testing.assert_allclose(found.values, wanted, rtol=1e-3, atol=1e-6)
    assert found.classes.labels == ("deep", "shrill")
    np.testing.assert_allclose(found.classes.thresholds, [0.6, 0.8])
    assert found.classes.reaches_us.tolist() == [100_000, 0]


def test_options_go_before_the_spec(tmp_path: Path) -> None:
    name = with_spec(tmp_path, NODES)
    found = scored(name, noise(800), "min_score_threshold: 0.3 reach_us: 50000")[0].classes
    np.testing.assert_allclose(found.thresholds, [0.3, 0.3])
    assert found.reaches_us.tolist() == [50_000, 50_000]


@pytest.mark.parametrize(
    ("more", "thresholds"),
    [
        ("least_threshold: 0.7", [0.7, 0.8]),
        ("least_threshold: 0.9", [0.9, 0.9]),
        ("least_threshold: 0.9 min_score_threshold: 0.3", [0.3, 0.3]),
        ('least_threshold: 0.9 class_threshold { label: "deep" threshold: 0.2 }', [0.2, 0.9]),
    ],
)
def test_the_thresholds_of_a_spec_can_be_raised(
    more: str, thresholds: list[float], tmp_path: Path
) -> None:
    found = scored(with_spec(tmp_path, NODES), noise(800), more)[0].classes
    np.testing.assert_allclose(found.thresholds, thresholds)


def test_what_scores_mean_has_to_be_known_to_raise_thresholds(log_mel: Path) -> None:
    found = scored(log_mel, noise(800), "least_threshold: 0.9")[0].classes
    np.testing.assert_allclose(found.thresholds, [0.5, 0.5])


def test_a_spec_can_change_the_front_end(tmp_path: Path) -> None:
    nodes = {
        "SpectrogramCalculator": {
            "frame_duration_seconds": 0.032, "frame_overlap_seconds": 0.022, "fft_size": 512,
        },
        "MelSpectrumCalculator": {"channel_count": 64, "max_frequency_hertz": 8000.0},
    }  # fmt: skip
    found = scored(with_spec(tmp_path, nodes), noise(RATE))
    assert list(found) == [50_000 * place for place in range(20)]


@pytest.mark.parametrize(
    ("nodes", "fields", "message"),
    [
        ({}, {"labels": ["one"]}, "gives 2 scores, but 1 labels are known"),
        ({}, {"task": "object_detection"}, "is for object_detection; sound events need"),
        ({"MelSpectrumCalculator": {"channel_count": 40}}, {}, "takes 64 bands, but its front"),
        (
            {
                "SpectrogramCalculator": {
                    "frame_duration_seconds": 0.025, "frame_overlap_seconds": 0.013,
                }
            },
            {},
            "frames 192 samples apart do not fit into steps of 800",
        ),
    ],
)  # fmt: skip
def test_a_spec_that_does_not_fit_is_refused(
    nodes: Mapping[str, Any],
    fields: Mapping[str, Any],
    message: str,
    tmp_path: Path,
) -> None:
    name = with_spec(tmp_path, nodes, **fields)
    with pytest.raises(GraphConfigError, match=message):
        scored(name, noise(800))


def test_a_label_the_model_does_not_have_is_refused(log_mel: Path) -> None:
    with pytest.raises(GraphConfigError, match="has no label 'cat'; it has: low, high"):
        scored(log_mel, noise(800), 'label_group { label: "pet" member: "cat" }')


def test_a_picture_model_is_refused(tmp_path: Path) -> None:
    path = TinyModel(graphs=[answering({"score": [[0.5]]})]).write(tmp_path / "picture.tflite")
    with pytest.raises(GraphConfigError, match="takes no sound: one input is needed, samples"):
        scored(path, noise(800))


def test_a_model_without_labels_is_refused(tmp_path: Path) -> None:
    path = TinyModel(graphs=[adding(shape=(1, 800))]).write(tmp_path / "plain.tflite")
    with pytest.raises(GraphConfigError, match="gives 800 scores, but 0 labels are known"):
        scored(path, noise(800))


def test_the_default_model_is_the_packaged_one() -> None:
    assert SoundClassificationOptions().model_path == DEFAULT_MODEL


@pytest.mark.data
@pytest.mark.skipif(not YAMNET.exists(), reason="needs ../shared/data/models")
def test_yamnet_hears_a_tone() -> None:
    sound = tone(1000, 0, 2, 2)
    found = scored(YAMNET, sound)[1_000_000]
    assert len(found.values) == 521
    best = found.classes.labels[int(found.values.argmax())]
    assert best in ("Sine wave", "Beep, bleep", "Dial tone", "Tuning fork")
