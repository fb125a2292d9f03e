"""How the nodes around a sound classifier are set: from its spec, or from what its file says.

A sound classifier is one of two kinds. *Waveform* models take samples at 16 kHz: `[n]` or
`[1, n]`. *Log-mel* models take `[1, frames, bands]`, or the same with a last dimension of 1: frames
10 ms apart, computed as YAMNet does unless the spec says otherwise. Both give one score from 0 to 1
a class.

A spec (`nodes` of a `ModelSpec`) may set, each with the fields of the calculator's options:

- `SpectrogramCalculator`, `MelSpectrumCalculator`, `StabilizedLogCalculator`: the front end of a
  log-mel model.
- `ScoreCalibrationCalculator`: what scores mean. Platt's sigmoid(a * logit(score) + b) is
  `{"score_transformation": "INVERSE_LOGISTIC", "sigmoids": [{"scale": 1, "slope": a, "offset": b},
  …]}` with one entry a class.
- `SoundScoresCalculator`: `{"threshold": 0.5, "release_ratio": 0.3, "reach_us": 200000,
  "sound_class": [{"label": "dog_bark", "threshold": 0.7, "reach_us": 150000}, …]}`: thresholds of
  calibrated scores, and by how much a window reaches over the sound in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flowlace.inference.errors import ModelError
from flowlace.inference.find_model import find_described
from flowlace.inference.model_spec import ModelSpec
from flowlace.inference.public_models import public_model_of
from flowlace.inference.tflite_file import TfliteFile

TASK: Final = "sound_events"
SAMPLE_RATE_HZ: Final = 16_000

_FRONT_END: Final[Mapping[str, Mapping[str, Any]]] = {
    "SpectrogramCalculator": {
        "frame_duration_seconds": 0.025,
        "frame_overlap_seconds": 0.015,
        "fft_size": 512,
    },
    "MelSpectrumCalculator": {
        "channel_count": 64,
        "min_frequency_hertz": 125.0,
        "max_frequency_hertz": 7500.0,
    },
    "StabilizedLogCalculator": {"stabilizer": 0.001},
}
"""YAMNet's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SoundClassifier:
    """What a graph needs to know about a sound classifier."""

    spec: ModelSpec
    """Its labels and how nodes are set; one label for each score."""
    shape: tuple[int, ...]
    """Of its input."""
    frames: int | None
    """Log-mel frames it takes; None for a waveform model."""

    @property
    def samples(self) -> int:
        """Samples at 16 kHz one window covers."""
        if self.frames is None:
            return self.shape[-1]
        duration, step = self.frame_samples
        return (self.frames - 1) * step + duration

    @property
    def frame_samples(self) -> tuple[int, int]:
        """Samples a spectrum is computed from, and samples from one to the next."""
        options = self.front_end("SpectrogramCalculator")
        duration = round(options["frame_duration_seconds"] * SAMPLE_RATE_HZ)
        overlap = round(options.get("frame_overlap_seconds", 0.0) * SAMPLE_RATE_HZ)
        return duration, duration - overlap

    def front_end(self, calculator: str) -> Mapping[str, Any]:
        """Returns the options of a node of the front end."""
        return self.spec.options(calculator) or _FRONT_END[calculator]


def sound_classifier(file: TfliteFile) -> SoundClassifier:
    """Returns what a model file is as a sound classifier.

    Raises:
        ModelError: it is none, or its labels are not known.
    """
    frames = _frames(file)
    shape = tuple(max(size, 1) for size in file.main.inputs[0].shape)
    made = SoundClassifier(spec=_spec(file), shape=shape, frames=frames)
    if frames is not None:
        bands = made.front_end("MelSpectrumCalculator")["channel_count"]
        if shape[2] != bands:
            raise ModelError(
                f"model {file.path.name!r} takes {shape[2]} bands, but its front end makes {bands};"
                " set MelSpectrumCalculator in its spec"
            )
    return made


def _spec(file: TfliteFile) -> ModelSpec:
    packaged = find_described(file.path)
    known = public_model_of(file.sha256)
    if packaged is not None:
        spec = packaged.spec
    else:
        spec = ModelSpec(
            name=known.name if known else file.path.stem,
            task=known.task if known else TASK,
            licence=known.licence if known else "",
            labels=file.labels or (known.labels if known else ()),
            nodes=known.nodes if known else {},
        )
    if spec.task != TASK:
        raise ModelError(
            f"model {spec.name!r} is for {spec.task}; sound events need a sound classifier"
        )
    _check_labels(file, spec)
    return spec


def _check_labels(file: TfliteFile, spec: ModelSpec) -> None:
    outputs = file.main.outputs
    scores = outputs[0].shape if outputs else ()
    if not scores or any(size != 1 for size in scores[:-1]) or scores[-1] < 1:
        listed = "; ".join(map(str, outputs)) or "none"
        raise ModelError(
            f"model {file.path.name!r} is no sound classifier: its first output has to be "
            f"[1, classes], found {listed}"
        )
    if len(spec.labels) != scores[-1]:
        raise ModelError(
            f"model {file.path.name!r} gives {scores[-1]} scores, but {len(spec.labels)} labels "
            "are known; pack a label file into the model, or write a spec"
        )


def _frames(file: TfliteFile) -> int | None:
    """Returns the log-mel frames a model takes; None if it takes samples."""
    inputs = file.main.inputs
    shape = inputs[0].shape if len(inputs) == 1 else ()
    if len(shape) in (1, 2) and shape[-1] > 1 and all(size in (1, -1) for size in shape[:-1]):
        return None
    is_image = len(shape) == 4 and shape[3] == 1
    if (len(shape) == 3 or is_image) and shape[0] in (1, -1) and min(shape[1:3]) > 1:
        return shape[1]
    listed = "; ".join(map(str, inputs)) or "none"
    raise ModelError(
        f"model {file.path.name!r} takes no sound: one input is needed, samples [n] or log-mel "
        f"frames [1, frames, bands], found {listed}"
    )
