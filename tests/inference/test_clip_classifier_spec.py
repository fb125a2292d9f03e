"""How the two parts of a video classifier are found, and what is said where they don't fit."""

from dataclasses import replace
from pathlib import Path

import pytest

from flowlace.inference.clip_classifier_spec import clip_classifier
from flowlace.inference.errors import ModelError
from flowlace.inference.model_spec import ModelFile, ModelSpec, write_model_spec
from tests.inference.tiny_clip_models import LABELS, PERIOD_US, TinyClipModels
from tests.inference.tiny_models import TinyModel, adding

TINY = TinyClipModels()


def test_sizes_come_from_the_files_and_the_period_from_their_cards(tmp_path: Path) -> None:
    model = clip_classifier(str(TINY.write(tmp_path)))
    assert (model.steps, model.frames_a_step, model.period_us) == (3, 2, PERIOD_US)
    assert model.step_us == 2 * PERIOD_US
    assert model.labels == LABELS
    assert model.image_input == {
        "output_tensor_width": 4,
        "output_tensor_height": 4,
        "keep_aspect_ratio": False,
        "output_tensor_float_range": {"min": -1.0, "max": 1.0},
    }


def test_either_part_leads_to_the_other(tmp_path: Path) -> None:
    tokens = TINY.write(tmp_path)
    head = tmp_path / "tiny_temporal_head_f32.tflite"
    assert clip_classifier(str(head)) == clip_classifier(str(tokens))
    assert clip_classifier(str(head)).head_path == head


def test_parts_of_other_names_are_given_both(tmp_path: Path) -> None:
    tokens, head = tmp_path / "a.tflite", tmp_path / "b.tflite"
    TINY.write_tokens(tokens)
    TINY.write_head(head)
    model = clip_classifier(str(tokens), str(head))
    assert (model.tokens_path, model.head_path) == (tokens, head)
    with pytest.raises(ModelError, match=r"its name has to hold '_frame_tokens'.*head_path"):
        clip_classifier(str(tokens))


def test_a_spec_says_how_pictures_are_prepared_and_what_classes_are_called(tmp_path: Path) -> None:
    tokens = TINY.write(tmp_path)
    names = {
        "tiny_frame_tokens": tokens.name,
        "tiny_temporal_head": "tiny_temporal_head_f32.tflite",
    }
    specs = {
        name: ModelSpec(
            name=name,
            task="video_classification",
            labels=("a", "b", "c"),
            files={"float32": ModelFile(file=file, sha256="")},
            default="float32",
            nodes={"ImageToTensorCalculator": {"output_tensor_float_range": {"min": 0, "max": 1}}},
        )
        for name, file in names.items()
    }
    write_model_spec(specs["tiny_frame_tokens"], tmp_path / "tiny_frame_tokens.json")
    write_model_spec(specs["tiny_temporal_head"], tmp_path / "tiny_temporal_head.json")
    model = clip_classifier(str(tokens))
    assert model.labels == ("a", "b", "c")
    assert model.image_input["output_tensor_float_range"] == {"min": 0, "max": 1}


def test_a_part_that_is_missing_is_named(tmp_path: Path) -> None:
    tokens = TINY.write(tmp_path)
    (tmp_path / "tiny_temporal_head_f32.tflite").unlink()
    with pytest.raises(
        ModelError, match=r"the other, 'tiny_temporal_head_f32.tflite', does not lie"
    ):
        clip_classifier(str(tokens))


def test_a_name_nobody_knows_is_refused() -> None:
    with pytest.raises(ModelError, match=r"'waving' is neither a file …_frame_tokens….tflite nor"):
        clip_classifier("waving")


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"tokens": 3}, "gives 2 tokens of 5 values, the second takes 3 tokens of 5 values a step"),
        ({"width": 6}, "gives 2 tokens of 5 values, the second takes 2 tokens of 6 values a step"),
        ({"steps": 4}, "steps is 3 for the first and 4 for the second"),
        ({"facts": {"seed": 2}}, "seed is 1 for the first and 2 for the second"),
        ({"facts": {"period_us": 40_000}}, "period_us is 66667 for the first and 40000"),
    ],
)
def test_parts_that_do_not_fit_are_named_both(
    tmp_path: Path, other: dict[str, object], message: str
) -> None:
    tokens, head = tmp_path / "a.tflite", tmp_path / "b.tflite"
    replace(TINY, facts={"seed": 1}).write_tokens(tokens)
    replace(TINY, **other).write_head(head)  # type: ignore[arg-type]  # any of the fields
    with pytest.raises(ModelError, match=rf"a\.tflite' and '.*b\.tflite' do not fit.*{message}"):
        clip_classifier(str(tokens), str(head))


def test_a_window_of_another_length_is_told_without_a_card_of_the_head(tmp_path: Path) -> None:
    tokens, head = TINY.write(tmp_path), tmp_path / "b.tflite"
    replace(TINY, steps=5, facts={"steps": 3}).write_head(head)
    with pytest.raises(ModelError, match=r"for a window of 3 steps, the second takes 5"):
        clip_classifier(str(tokens), str(head))


def test_a_period_nobody_tells_has_to_be_given(tmp_path: Path) -> None:
    tokens = replace(TINY, facts={"period_us": 0}).write(tmp_path)
    with pytest.raises(ModelError, match=r"does not tell the time from frame to frame; give"):
        clip_classifier(str(tokens))
    assert clip_classifier(str(tokens), period_us=40_000).period_us == 40_000


def test_other_models_are_refused(tmp_path: Path) -> None:
    other = TinyModel(graphs=[adding()]).write(tmp_path / "x_frame_tokens.tflite")
    TINY.write_head(tmp_path / "x_temporal_head.tflite")
    with pytest.raises(ModelError, match=r"no part of a video classifier: one input of 4"):
        clip_classifier(str(other))
    picture = TinyModel(graphs=[adding(shape=(1, 4, 4, 4))]).write(tmp_path / "y.tflite")
    with pytest.raises(ModelError, match=r"takes no steps of frames: .*3 · frames"):
        clip_classifier(str(picture), str(tmp_path / "x_temporal_head.tflite"))


def test_as_many_labels_as_scores_are_needed(tmp_path: Path) -> None:
    tokens = TINY.write(tmp_path)
    head = tmp_path / "b.tflite"
    made = TINY.write_head(tmp_path / "c.tflite")
    head.write_bytes(made.read_bytes().replace(b"still\nwave\njump", b"still\nwave_jump"))
    with pytest.raises(ModelError, match=r"gives 3 scores, but .* labels are known|can't be read"):
        clip_classifier(str(tokens), str(head))
