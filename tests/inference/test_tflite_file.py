"""Model files: what is read from them, and what is said about files that are none."""

from pathlib import Path

import numpy as np
import pytest

from flowlace.formats.tensor import Quantization
from flowlace.inference.errors import ModelError
from flowlace.inference.tflite_file import TfliteFile
from tests.inference.tiny_models import TinyModel, accumulating, adding, quantised

MODELS = Path(__file__).parents[2].parent / "shared" / "data" / "models"
needs_models = pytest.mark.skipif(
    not MODELS.is_dir(), reason="needs the public models of ../shared/data/models"
)


def test_a_model_without_signatures_has_one_without_a_name(tmp_path: Path) -> None:
    file = TfliteFile(TinyModel(graphs=[adding()]).write(tmp_path / "add.tflite"))
    assert file.main.key == ""
    assert [str(one) for one in file.main.inputs] == ["x float32[1, 3]"]
    assert [str(one) for one in file.main.outputs] == ["y float32[1, 3]"]


def test_signatures_name_their_tensors_in_the_order_of_the_graph(tmp_path: Path) -> None:
    graphs = [accumulating(), adding(signature="add")]
    file = TfliteFile(TinyModel(graphs=graphs).write(tmp_path / "two.tflite"))
    assert [one.key for one in file.signatures] == ["step", "add"]
    assert file.main.key == "step"
    assert [one.name for one in file.main.inputs] == ["x", "sum"]


def test_quantised_tensors_tell_scale_and_zero_point(tmp_path: Path) -> None:
    file = TfliteFile(TinyModel(graphs=[quantised()]).write(tmp_path / "q.tflite"))
    assert file.main.inputs[0].quantization == Quantization(0.5, 128)
    assert file.main.inputs[0].dtype == np.uint8


def test_open_sizes_are_shown_with_a_question_mark(tmp_path: Path) -> None:
    file = TfliteFile(TinyModel(graphs=[adding(shape=(-1, 3))]).write(tmp_path / "d.tflite"))
    assert str(file.main.inputs[0]) == "x float32[?, 3]"


def test_operators_are_counted(tmp_path: Path) -> None:
    file = TfliteFile(TinyModel(graphs=[accumulating()]).write(tmp_path / "a.tflite"))
    assert [(one.name, one.count, one.is_custom) for one in file.operators] == [("ADD", 2, False)]


def test_packed_labels_and_metadata_entries_are_read(tmp_path: Path) -> None:
    model = TinyModel(
        graphs=[adding()], metadata={"note": b"hello"}, packed={"labels.txt": "car\nvan\n"}
    )
    file = TfliteFile(model.write(tmp_path / "packed.tflite"))
    assert file.labels == ("car", "van")
    assert file.metadata_entries == {"note": b"hello"}


def test_packed_files_do_not_change_what_a_model_is(tmp_path: Path) -> None:
    plain = TfliteFile(TinyModel(graphs=[adding()]).write(tmp_path / "plain.tflite"))
    packed = TinyModel(graphs=[adding()], packed={"labels.txt": "car"})
    assert TfliteFile(packed.write(tmp_path / "packed.tflite")).main == plain.main


@pytest.mark.parametrize("dtype", ["string", "int4", "resource"])
def test_inputs_of_a_type_nobody_can_give_are_refused(tmp_path: Path, dtype: str) -> None:
    graph = adding()
    graph.tensors[0].dtype = dtype
    file = TfliteFile(TinyModel(graphs=[graph]).write(tmp_path / "odd.tflite"))
    with pytest.raises(ModelError, match=f"type {dtype.upper()} are not supported, but 'x' is one"):
        _ = file.main
    assert [one.name for one in file.operators] == ["ADD"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nowhere\.tflite.*No such file"):
        TfliteFile(tmp_path / "nowhere.tflite")


def test_a_file_that_is_no_model_shows_what_it_starts_with(tmp_path: Path) -> None:
    path = tmp_path / "page.tflite"
    path.write_bytes(b"<html>not found</html>")
    with pytest.raises(ModelError, match=r"page\.tflite.*TFL3, but are b'l>no'"):
        TfliteFile(path)


def test_a_cut_off_model_is_an_error(tmp_path: Path) -> None:
    whole = TinyModel(graphs=[adding()]).write(tmp_path / "add.tflite")
    path = tmp_path / "cut.tflite"
    path.write_bytes(whole.read_bytes()[:100])
    with pytest.raises(ModelError, match=r"cut\.tflite.*cut off or damaged"):
        _ = TfliteFile(path).main


def test_damaged_metadata_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    model = TinyModel(graphs=[adding()], metadata={"TFLITE_METADATA": b"\xff" * 40})
    file = TfliteFile(model.write(tmp_path / "odd.tflite"))
    with pytest.raises(ModelError, match=r"odd\.tflite"):
        _ = file.metadata


@pytest.mark.data
@needs_models
def test_the_metadata_of_a_public_detector_is_read() -> None:
    file = TfliteFile(MODELS / "coco_ssd_mobilenet_v1_1.0_quant_2018_06_29.tflite")
    assert file.metadata.name == "Coco SSD MobileNetV1"
    assert file.metadata.inputs[0].mean == (127.5,)
    assert file.metadata.outputs[0].box_order == (1, 0, 3, 2)
    assert len(file.labels) == 90
    assert file.labels[0] == "person"


@pytest.mark.data
@needs_models
def test_the_digest_is_that_of_the_registered_file() -> None:
    file = TfliteFile(MODELS / "face_detection_front.tflite")
    assert file.sha256 == "a31cce739e9f5b9b08a15ef5ff90c500a46e96bd2c87f329d58a008dfd6c42ff"
