"""Damaged model files: whatever byte is wrong, the file is refused by name or still understood."""

from pathlib import Path

import pytest

from flowlace.inference.errors import ModelError
from flowlace.inference.gpu_safety import gpu_problems
from flowlace.inference.model_cost import multiply_adds
from flowlace.inference.tflite_file import TfliteFile
from tests.inference.tiny_models import TinyModel, accumulating, adding, quantised


@pytest.fixture
def whole(tmp_path: Path) -> bytes:
    graphs = [accumulating(), adding(signature="add"), quantised()]
    model = TinyModel(
        graphs=graphs, metadata={"note": b"hello"}, packed={"labels.txt": "car\nvan\n"}
    )
    return model.write(tmp_path / "whole.tflite").read_bytes()


def refusal(folder: Path, content: bytes) -> str:
    """Reads all there is to read; returns why it can't be, or nothing."""
    path = folder / "damaged.tflite"
    path.write_bytes(content)
    try:
        file = TfliteFile(path)
        assert file.main.inputs is not None
        assert file.operators is not None
        assert file.metadata is not None
        assert file.labels is not None
        assert multiply_adds(file) is not None
        assert gpu_problems(file) is not None
    except ModelError as error:
        return str(error)
    return ""


def test_a_model_cut_off_anywhere_is_refused_by_name_or_understood(
    whole: bytes, tmp_path: Path
) -> None:
    refusals = [refusal(tmp_path, whole[:length]) for length in range(0, len(whole), 7)]
    assert all("damaged.tflite" in text for text in refusals if text)
    # The last bytes are the packed files; a model without them is whole.
    assert sum(map(bool, refusals)) > len(refusals) * 0.8


@pytest.mark.parametrize("value", [0, 1, 127, 255])
def test_a_model_with_a_wrong_byte_is_refused_by_name_or_understood(
    whole: bytes, tmp_path: Path, value: int
) -> None:
    refusals = [
        refusal(tmp_path, whole[:place] + bytes([value]) + whole[place + 1 :])
        for place in range(value % 5, len(whole), 5)
    ]
    assert all("damaged.tflite" in text for text in refusals if text)


def test_a_tensor_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = TinyModel(graphs=[adding()]).write(tmp_path / "add.tflite")
    # Inputs are a vector of one number: length 1, tensor 0.
    content, outputs = path.read_bytes(), (1).to_bytes(4, "little") + (2).to_bytes(4, "little")
    assert content.count(outputs) >= 1
    path.write_bytes(content.replace(outputs, outputs[:4] + (7).to_bytes(4, "little")))
    with pytest.raises(ModelError, match=r"add\.tflite.*names tensor 7, but has 3 of these"):
        _ = TfliteFile(path).main
