"""What is told of a model without running it: its cost, and whether GPUs get it right."""

from pathlib import Path

import numpy as np
import pytest

from flowlace.inference.gpu_safety import gpu_problems
from flowlace.inference.model_cost import multiply_adds
from flowlace.inference.tflite_file import TfliteFile
from tests.inference.test_tflite_file import MODELS, needs_models
from tests.inference.tiny_models import TinyGraph, TinyModel, TinyTensor, adding


def written(folder: Path, graph: TinyGraph) -> TfliteFile:
    return TfliteFile(TinyModel(graphs=[graph]).write(folder / "tiny.tflite"))


def binary(kind: str, left: TinyTensor, right: TinyTensor, made: TinyTensor) -> TinyGraph:
    inputs = [one.name for one in (left, right) if one.values is None]
    names = [left.name, right.name]
    return TinyGraph(
        tensors=[left, right, made],
        inputs=inputs,
        outputs=[made.name],
        operators=[(kind, names, [made.name])],
    )


def test_a_convolution_costs_its_outputs_times_its_window(tmp_path: Path) -> None:
    graph = binary(
        "CONV_2D",
        TinyTensor(name="x", shape=(1, 8, 8, 3)),
        TinyTensor(name="w", values=np.zeros((16, 3, 3, 3))),
        TinyTensor(name="y", shape=(1, 8, 8, 16)),
    )
    assert multiply_adds(written(tmp_path, graph)) == {"CONV_2D": 8 * 8 * 16 * 3 * 3 * 3}


def test_a_matrix_product_costs_its_outputs_times_its_inner_side(tmp_path: Path) -> None:
    graph = binary(
        "BATCH_MATMUL",
        TinyTensor(name="a", shape=(2, 5, 7)),
        TinyTensor(name="b", shape=(2, 7, 3)),
        TinyTensor(name="y", shape=(2, 5, 3)),
    )
    assert multiply_adds(written(tmp_path, graph)) == {"BATCH_MATMUL": 2 * 5 * 3 * 7}


def test_what_does_not_multiply_costs_nothing(tmp_path: Path) -> None:
    assert multiply_adds(written(tmp_path, adding())) == {}


def test_a_plain_model_is_safe(tmp_path: Path) -> None:
    assert gpu_problems(written(tmp_path, adding())) == []


def test_a_constant_with_a_batch_is_told(tmp_path: Path) -> None:
    graph = binary(
        "ADD",
        TinyTensor(name="x", shape=(2, 3)),
        TinyTensor(name="bias", values=np.zeros((2, 3))),
        TinyTensor(name="y", shape=(2, 3)),
    )
    assert gpu_problems(written(tmp_path, graph)) == [
        "ADD: constant 'bias' has a batch dimension of 2"
    ]


def test_weights_are_no_constants_with_a_batch(tmp_path: Path) -> None:
    graph = binary(
        "CONV_2D",
        TinyTensor(name="x", shape=(1, 8, 8, 3)),
        TinyTensor(name="w", values=np.zeros((16, 3, 3, 3))),
        TinyTensor(name="y", shape=(1, 8, 8, 16)),
    )
    assert gpu_problems(written(tmp_path, graph)) == []


def test_five_dimensions_and_open_sizes_are_told(tmp_path: Path) -> None:
    found = gpu_problems(written(tmp_path, adding(shape=(-1, 1, 1, 2, 3))))
    assert "ADD: tensor 'x' has 5 dimensions, more than 4" in found
    assert "input 'x' has an open size: x float32[?, 1, 1, 2, 3]" in found


def test_operators_gpus_do_not_have_are_told(tmp_path: Path) -> None:
    graph = TinyGraph(
        tensors=[
            TinyTensor(name="x", shape=(1, 3)),
            TinyTensor(name="shape", values=[2, 3], dtype="int32"),
            TinyTensor(name="y", shape=(2, 3)),
        ],
        inputs=["x"],
        outputs=["y"],
        operators=[("BROADCAST_TO", ["x", "shape"], ["y"])],
    )
    assert gpu_problems(written(tmp_path, graph)) == ["operator BROADCAST_TO"]


@pytest.mark.data
@needs_models
def test_a_public_model_costs_what_its_paper_says() -> None:
    file = TfliteFile(MODELS / "mobilenet_v2_1.0_224_quant.tflite")
    # Sandler et al. 2018, table 4: 300 million multiply-adds.
    assert sum(multiply_adds(file).values()) / 1e6 == pytest.approx(300, rel=0.01)
    assert gpu_problems(file) == []
