"""The two parts of a video classifier: how they are found, and whether they belong together.

A stepped network comes as `NAME_frame_tokens`, `[1, y, x, frame · 3]` of one step to
`[1, token, value]`, and `NAME_temporal_head`, `[1, step, token, value]` to `[1, class]`. Sizes are
those of the files; the time from frame to frame is in the card inside them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from flowlace.inference.errors import ModelError
from flowlace.inference.find_model import find_described, find_model, packaged_models
from flowlace.inference.tflite_file import TensorInfo, TfliteFile

TASK: Final = "video_classification"
CARD_ENTRY: Final = "FLOWLACE_CARD"
"""Name of the metadata entry with the facts of training, as JSON."""

_TOKENS, _HEAD = "_frame_tokens", "_temporal_head"
_CHANNELS: Final = 3
_SHARED_FACTS: Final = ("period_us", "steps", "frames_a_step", "seed", "data_digest", "commit")
"""What two parts of one training agree on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClipClassifier:
    """What a graph needs to know about a video classifier."""

    tokens_path: Path
    """The model a step goes through."""
    head_path: Path
    """The model the window goes through."""
    labels: tuple[str, ...]
    """Names of the classes by number."""
    image_input: Mapping[str, Any]
    """Options of ImageToTensorCalculator."""
    frames_a_step: int
    """Stacked in a step."""
    steps: int
    """Of the window."""
    period_us: int
    """From frame to frame; 0 where the models don't tell."""

    @property
    def step_us(self) -> int:
        """From step to step."""
        return self.frames_a_step * self.period_us


def clip_classifier(model: str, head: str = "", period_us: int = 0) -> ClipClassifier:
    """Returns a video classifier made of two models that fit each other.

    Args:
        model: `NAME` or `NAME:PRECISION` of a packaged one, or the file of either part; the other
            part lies beside it.
        head: the second part, where it is not the one beside the first.
        period_us: from frame to frame; what the models tell if 0.

    Raises:
        ModelError: a part is missing, is something else, or doesn't fit the other.
    """
    tokens_path = _part(model, _TOKENS)
    tokens = TfliteFile(tokens_path)
    head_file = TfliteFile(_part(head, _HEAD) if head else _beside(tokens_path, _TOKENS, _HEAD))
    step = _only(tokens, tokens.main.inputs, "input", 4)
    if step.shape[3] % _CHANNELS or step.dtype.name != "float32":
        raise ModelError(
            f"model {tokens_path.name!r} takes no steps of frames: its input has to be "
            f"float32[1, height, width, 3 · frames], found {step}"
        )
    window = _checked_window(tokens, head_file)
    cards = _card(tokens), _card(head_file)
    _check_cards(tokens, head_file, *cards)
    labels = _labels(head_file)
    return ClipClassifier(
        tokens_path=tokens_path,
        head_path=head_file.path,
        labels=labels,
        image_input=_image_input(tokens, step),
        frames_a_step=step.shape[3] // _CHANNELS,
        steps=window.shape[1],
        period_us=period_us or _told_period(tokens, cards[0]),
    )


def _part(text: str, part: str) -> Path:
    """Returns the file of a part, by the name of the whole or the file of either part."""
    other = _HEAD if part == _TOKENS else _TOKENS
    path = Path(text)
    if path.is_file():
        return _beside(path, other, part) if other in path.stem else path
    name, colon, precision = text.partition(":")
    whole = name.removesuffix(_TOKENS).removesuffix(_HEAD)
    known = packaged_models()
    if f"{whole}{part}" in known:
        return known[f"{whole}{part}"].file(precision)
    if name in known or not colon:
        wholes = [one.removesuffix(_TOKENS) for one in known if one.endswith(_TOKENS)]
        listed = ", ".join(wholes) or "none"
        raise ModelError(
            f"video classifier {text!r} is neither a file …{part}….tflite nor one of: {listed}"
        )
    return find_model(text)


def _beside(path: Path, part: str, wanted: str) -> Path:
    """Returns the other part's file, of the same precision, in the same folder."""
    if part not in path.stem:
        raise ModelError(
            f"model {str(path)!r} is no part of a video classifier: its name has to hold "
            f"{_TOKENS!r} or {_HEAD!r}; or give both parts, model_path and head_path"
        )
    found = path.with_name(path.name.replace(part, wanted))
    if not found.is_file():
        raise ModelError(
            f"model {str(path)!r} is one part of a video classifier, but the other, "
            f"{found.name!r}, does not lie beside it; give it as head_path"
        )
    return found


def _only(
    file: TfliteFile, infos: tuple[TensorInfo, ...], what: str, dimensions: int
) -> TensorInfo:
    shape = infos[0].shape if infos else ()
    if len(infos) != 1 or len(shape) != dimensions or shape[0] != 1 or min(shape) < 1:
        listed = "; ".join(map(str, infos)) or "none"
        raise ModelError(
            f"model {file.path.name!r} is no part of a video classifier: one {what} of "
            f"{dimensions} dimensions, the first of them 1, is needed, found {listed}"
        )
    return infos[0]


def _checked_window(tokens: TfliteFile, head: TfliteFile) -> TensorInfo:
    given = _only(tokens, tokens.main.outputs, "output", 3)
    window = _only(head, head.main.inputs, "input", 4)
    if window.shape[2:] != given.shape[1:]:
        raise ModelError(
            f"models {str(tokens.path)!r} and {str(head.path)!r} do not fit each other: the first "
            f"gives {_words(given.shape[1:])}, the second takes {_words(window.shape[2:])} a step; "
            f"export both from one run"
        )
    return window


def _words(shape: tuple[int, ...]) -> str:
    return f"{shape[0]} tokens of {shape[1]} values"


def _card(file: TfliteFile) -> Mapping[str, Any]:
    data = file.metadata_entries.get(CARD_ENTRY)
    try:
        facts = json.loads(data) if data else {}
    except ValueError as error:
        raise ModelError(
            f"model {str(file.path)!r}: its metadata {CARD_ENTRY!r} is no JSON: {error}"
        ) from error
    return facts if isinstance(facts, dict) else {}


def _check_cards(
    tokens: TfliteFile, head: TfliteFile, first: Mapping[str, Any], second: Mapping[str, Any]
) -> None:
    names = f"models {str(tokens.path)!r} and {str(head.path)!r} do not fit each other"
    for fact in _SHARED_FACTS:
        if fact in first and fact in second and first[fact] != second[fact]:
            raise ModelError(
                f"{names}: {fact} is {first[fact]} for the first and {second[fact]} for the "
                f"second; export both from one run"
            )
    steps = head.main.inputs[0].shape[1]
    if first.get("steps", steps) != steps:
        raise ModelError(
            f"{names}: the first was trained for a window of {first['steps']} steps, the second "
            f"takes {steps}; export both from one run"
        )


def _told_period(file: TfliteFile, card: Mapping[str, Any]) -> int:
    told = card.get("period_us", 0)
    if not isinstance(told, int) or told < 1:
        raise ModelError(
            f"model {str(file.path)!r} does not tell the time from frame to frame; give period_us"
        )
    return told


def _labels(head: TfliteFile) -> tuple[str, ...]:
    described = find_described(head.path)
    labels = described.spec.labels if described else head.labels
    scores = _only(head, head.main.outputs, "output", 2).shape[1]
    if len(labels) != scores:
        raise ModelError(
            f"model {str(head.path)!r} gives {scores} scores, but {len(labels)} labels are known; "
            f"pack a label file into the model, or write a spec"
        )
    return labels


def _image_input(tokens: TfliteFile, step: TensorInfo) -> Mapping[str, Any]:
    described = find_described(tokens.path)
    told = described.spec.options("ImageToTensorCalculator") if described else {}
    _, height, width, _ = step.shape
    plain = {"keep_aspect_ratio": False, "output_tensor_float_range": {"min": -1.0, "max": 1.0}}
    return {
        **(told or plain),
        "output_tensor_width": width,
        "output_tensor_height": height,
    }
