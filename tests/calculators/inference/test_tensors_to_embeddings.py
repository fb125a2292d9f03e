"""Embeddings; the numbers are those of MediaPipe's own tests."""

from math import nan
from typing import Any

import numpy as np
import pytest

from flowlace.calculators.inference.tensors_to_embeddings import (
    EmbedderOptions,
    TensorsToEmbeddingsCalculator,
    TensorsToEmbeddingsOptions,
)
from flowlace.formats.embedding import EmbeddingResult
from flowlace.formats.tensor import Quantization, Tensor
from flowlace.framework.errors import CalculatorError
from flowlace.testing import CalculatorRun, at, run_calculator
from tests.calculators.inference.graph_text import options_in

VECTORS = ([0.1, 0.2], [-0.2, -0.3])


def run_on(*vectors: Any, **options: Any) -> CalculatorRun:
    tensors = [Tensor(np.array([vector], np.float32)) for vector in vectors]
    embedder = {name: options.pop(name) for name in ("l2_normalize", "quantize") if name in options}
    return run_calculator(
        TensorsToEmbeddingsCalculator,
        TensorsToEmbeddingsOptions(embedder_options=EmbedderOptions(**embedder), **options),
        TENSORS=[at(3, tensors)],
    )


def result(*vectors: Any, **options: Any) -> EmbeddingResult:
    run = run_on(*vectors, **options)
    assert run.timestamps("EMBEDDINGS") == [3]
    (found,) = run.payloads("EMBEDDINGS")
    assert isinstance(found, EmbeddingResult)
    return found


def test_every_output_is_an_embedding() -> None:
    first, second = result(*VECTORS).embeddings
    assert first.values == pytest.approx([0.1, 0.2])
    assert second.values == pytest.approx([-0.2, -0.3])
    assert (first.head_index, second.head_index, first.head_name) == (0, 1, "")


def test_outputs_are_named() -> None:
    names = [each.head_name for each in result(*VECTORS, head_names=("foo", "bar")).embeddings]
    assert names == ["foo", "bar"]


def test_outputs_may_be_left_out_by_name() -> None:
    options = {"head_names": ("foo", "bar"), "ignored_head_names": ("foo",)}
    (kept,) = result(*VECTORS, **options).embeddings
    assert (kept.head_index, kept.head_name) == (1, "bar")
    assert len(result(*VECTORS, ignored_head_names=("",)).embeddings) == 2


def test_vectors_are_made_as_long_as_one() -> None:
    first, second = result(*VECTORS, l2_normalize=True).embeddings
    assert first.values == pytest.approx([0.44721356, 0.8944271])
    assert second.values == pytest.approx([-0.5547002, -0.8320503])


def test_a_vector_of_zeros_stays_one() -> None:
    assert result([0, 0], l2_normalize=True).embeddings[0].values.tolist() == [0, 0]


def test_values_are_rounded_to_bytes() -> None:
    first, second = result(*VECTORS, quantize=True).embeddings
    assert (first.values.tolist(), second.values.tolist()) == ([13, 26], [-26, -38])
    assert first.is_quantized
    first, second = result(*VECTORS, quantize=True, l2_normalize=True).embeddings
    assert (first.values.tolist(), second.values.tolist()) == ([57, 114], [-71, -107])


def test_halves_go_away_from_zero_and_ends_are_limited() -> None:
    (found,) = result([2.5 / 128, -2.5 / 128, 1, -1, 5, -5], quantize=True).embeddings
    assert found.values.tolist() == [3, -3, 127, -128, 127, -128]


def test_quantised_outputs_are_read_as_what_they_stand_for() -> None:
    tensor = Tensor(np.array([3], np.uint8), quantization=Quantization(scale=0.5, zero_point=1))
    run = run_calculator(TensorsToEmbeddingsCalculator, TENSORS=[at(0, [tensor])])
    assert run.payloads("EMBEDDINGS")[0].embeddings[0].values.tolist() == [1.0]


def test_a_broken_vector_is_left_out_and_counted() -> None:
    run = run_on([0.1, nan], [0.2, 0.3])
    (kept,) = run.payloads("EMBEDDINGS")[0].embeddings
    assert kept.head_index == 1
    assert run.counters == {"non_finite_embeddings": 1}


def test_what_the_model_should_not_give_is_an_error() -> None:
    with pytest.raises(CalculatorError, match="has 1 names, but the model gives 2 tensors"):
        result(*VECTORS, head_names=("foo",))
    with pytest.raises(CalculatorError, match=r"tensor 0 \(foo\) holds nothing but NaN"):
        result([nan], head_names=("foo",))


def test_mediapipes_graph_text_is_understood() -> None:
    text = """
        embedder_options { l2_normalize: true quantize: true }
        head_names: "foo" head_names: "bar" ignored_head_names: "bar"
    """
    assert options_in(text, TensorsToEmbeddingsOptions) == TensorsToEmbeddingsOptions(
        embedder_options=EmbedderOptions(l2_normalize=True, quantize=True),
        head_names=("foo", "bar"),
        ignored_head_names=("bar",),
    )
