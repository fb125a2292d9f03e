"""Models on the CPU: right results, in place, without copies, and clear errors."""

import gc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from flowlace.formats.tensor import Quantization, Tensor
from flowlace.inference import cpu_model
from flowlace.inference.compiled_model import CompiledModel
from flowlace.inference.cpu_model import CpuModel
from flowlace.inference.errors import ModelError
from flowlace.inference.signature_model import SignatureModel
from flowlace.inference.tflite_file import TfliteFile
from tests.inference.tiny_models import (
    TinyGraph,
    TinyModel,
    TinyTensor,
    accumulating,
    adding,
    logarithm,
    quantised,
)

LARGE = (1, 64, 64)


def opened(folder: Path, *graphs: TinyGraph) -> CpuModel:
    return CpuModel(TfliteFile(TinyModel(graphs=graphs).write(folder / "tiny.tflite")))


def floats(*values: float) -> Tensor:
    return Tensor(np.array([values], np.float32))


def test_a_model_gives_its_outputs_with_their_names(tmp_path: Path) -> None:
    (found,) = opened(tmp_path, adding(2)).run([floats(1, 2, 3)])
    assert found.name == "y"
    assert found.array.tolist() == [[3.0, 4.0, 5.0]]


@pytest.mark.parametrize("use_xnnpack", [True, False])
@pytest.mark.parametrize("num_threads", [1, 2])
def test_threads_and_kernels_change_no_result(
    tmp_path: Path, use_xnnpack: bool, num_threads: int
) -> None:
    file = TfliteFile(TinyModel(graphs=[adding(0.5)]).write(tmp_path / "add.tflite"))
    model = CpuModel(file, num_threads=num_threads, use_xnnpack=use_xnnpack)
    assert model.run([floats(1, 2, 3)])[0].array.tolist() == [[1.5, 2.5, 3.5]]


def test_a_deferred_input_is_written_into_the_model_itself(tmp_path: Path) -> None:
    model = opened(tmp_path, adding())
    written: list[bool] = []

    def fill(out: NDArray[np.float32]) -> None:
        written.append(np.shares_memory(out, model._interpreter.tensor(0)()))
        out[...] = 4

    (found,) = model.run([Tensor.deferred((1, 3), np.float32, fill)])
    assert found.array.tolist() == [[5.0, 5.0, 5.0]]
    assert written == [True]


def test_dimensions_of_one_may_be_missing(tmp_path: Path) -> None:
    (found,) = opened(tmp_path, adding()).run([Tensor(np.array([1, 2, 3], np.float32))])
    assert found.array.tolist() == [[2.0, 3.0, 4.0]]


def test_a_large_output_is_not_copied_while_nobody_keeps_it(tmp_path: Path) -> None:
    model = opened(tmp_path, adding(shape=LARGE))
    before = model._interpreter
    first = model.run([Tensor(np.zeros(LARGE, np.float32))])
    address = first[0].array.ctypes.data
    del first
    gc.collect()
    second = model.run([Tensor(np.ones(LARGE, np.float32))])
    assert second[0].array.ctypes.data == address
    assert model._interpreter is before


def test_an_output_somebody_keeps_never_changes(tmp_path: Path) -> None:
    model = opened(tmp_path, adding(shape=LARGE))
    kept = model.run([Tensor(np.zeros(LARGE, np.float32))])[0].array[0, :2]
    later = model.run([Tensor(np.full(LARGE, 6, np.float32))])[0].array
    last = model.run([Tensor(np.full(LARGE, 8, np.float32))])[0].array
    assert (np.unique(kept), np.unique(later), np.unique(last)) == (1, 7, 9)


def test_outputs_outlive_the_model(tmp_path: Path) -> None:
    model = opened(tmp_path, adding(shape=LARGE))
    kept = model.run([Tensor(np.zeros(LARGE, np.float32))])[0]
    model.close()
    gc.collect()
    assert np.unique(kept.array).tolist() == [1.0]


def test_outputs_are_read_only(tmp_path: Path) -> None:
    (found,) = opened(tmp_path, adding(shape=LARGE)).run([Tensor(np.zeros(LARGE, np.float32))])
    with pytest.raises(ValueError, match="read-only"):
        found.array[0, 0, 0] = 1


def test_floats_are_quantised_for_a_quantised_input(tmp_path: Path) -> None:
    (found,) = opened(tmp_path, quantised()).run([floats(-1, 0, 1.5, 10)])
    assert found.array.dtype == np.uint8
    assert found.quantization == Quantization(1.0, 128)
    assert found.floats.tolist() == [[-2.0, 0.0, 3.0, 20.0]]


def test_floats_beyond_a_quantised_range_stop_at_its_ends(tmp_path: Path) -> None:
    (found,) = opened(tmp_path, quantised()).run([floats(-1000, 1000, 0, 0)])
    assert found.floats.tolist() == [[-128.0, 127.0, 0.0, 0.0]]


def test_any_batch_size_runs_where_the_model_leaves_it_open(tmp_path: Path) -> None:
    model = opened(tmp_path, adding(shape=(-1, 3)))
    for size in (1, 4, 2, 4):
        (found,) = model.run([Tensor(np.full((size, 3), size, np.float32))])
        assert found.array.tolist() == [[size + 1.0] * 3] * size


def test_each_signature_is_called_by_its_name(tmp_path: Path) -> None:
    graphs = [accumulating(), adding(10, signature="add")]
    file = TfliteFile(TinyModel(graphs=graphs).write(tmp_path / "two.tflite"))
    assert SignatureModel(file, "add").run([floats(1, 2, 3)])[0].array.tolist() == [[11, 12, 13]]
    step = SignatureModel(file, "step").run([floats(1, 2), floats(10, 20)])
    assert [one.array.tolist() for one in step] == [[[2, 4]], [[11, 22]]]


def test_an_unknown_signature_lists_those_there_are(tmp_path: Path) -> None:
    file = TfliteFile(TinyModel(graphs=[accumulating()]).write(tmp_path / "one.tflite"))
    with pytest.raises(ModelError, match=r"no signature 'walk'; it has: 'step'"):
        SignatureModel(file, "walk")


def test_a_wrong_shape_names_tensor_expected_and_found(tmp_path: Path) -> None:
    with pytest.raises(
        ModelError,
        match=r"'tiny.tflite': input 'x' expects float32\[1, 3\], but got float32\[1, 4\]",
    ):
        opened(tmp_path, adding()).run([floats(1, 2, 3, 4)])


def test_a_size_no_model_takes_leaves_the_model_usable(tmp_path: Path) -> None:
    model = opened(tmp_path, adding(shape=(-1, 3)))
    two = Tensor(np.zeros((2, 3), np.float32))
    row = np.zeros(3, np.float32)
    model.run([two])
    with pytest.raises(ModelError, match=r"'tiny\.tflite' can't take inputs of \[\(100000000000"):
        model.run([Tensor(np.lib.stride_tricks.as_strided(row, (10**11, 3), (0, 4)))])
    assert model.run([two])[0].array.tolist() == [[1.0] * 3] * 2


def test_a_size_the_memory_does_not_hold_leaves_the_model_usable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = opened(tmp_path, adding(shape=(-1, 3)))
    two, five = (Tensor(np.zeros((rows, 3), np.float32)) for rows in (2, 5))
    model.run([two])

    def refuse(*_: object) -> None:
        raise ModelError("no memory")

    with monkeypatch.context() as full, pytest.raises(ModelError, match="no memory"):
        full.setattr(cpu_model, "allocate", refuse)
        model.run([five])
    assert model.run([two])[0].array.tolist() == [[1.0] * 3] * 2


def test_a_wrong_number_of_tensors_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"takes 1 input tensors .*, but got 2"):
        opened(tmp_path, adding()).run([floats(1, 2, 3), floats(1, 2, 3)])


def test_numbers_of_another_quantisation_are_quantised_anew(tmp_path: Path) -> None:
    model = opened(tmp_path, quantised())
    # 3 in quarters; the model takes halves from -64.
    given = Tensor(np.full((1, 4), 12, np.uint8), quantization=Quantization(0.25, 0))
    assert model.run([given])[0].floats.tolist() == [[6.0] * 4]


def test_nan_does_not_become_a_whole_number(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"'x' takes uint8, which has no NaN, but 25% of"):
        opened(tmp_path, quantised()).run([floats(1, 2, np.nan, np.inf)])


@pytest.mark.parametrize("number", [2**31, -(2**31) - 1])
def test_whole_numbers_that_do_not_fit_are_refused(tmp_path: Path, number: int) -> None:
    graph = adding()
    for tensor in graph.tensors:
        tensor.dtype = "int32"
    model = opened(tmp_path, graph)
    (found,) = model.run([Tensor(np.array([[1, 2, 3]], np.int64))])
    assert found.array.tolist() == [[2, 3, 4]]
    with pytest.raises(ModelError, match=r"takes int32 within -2147483648 and 2147483647, but"):
        model.run([Tensor(np.array([[1, 2, number]], np.int64))])


def test_complex_numbers_do_not_go_into_floats(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="expects float32, but got complex64; convert"):
        opened(tmp_path, adding()).run([Tensor(np.ones((1, 3), np.complex64))])


def test_an_output_that_is_no_number_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(
        ModelError, match=r"'tiny.tflite': output 'y' .* 33% of its 3 values are NaN"
    ):
        opened(tmp_path, logarithm()).run([floats(1, -1, 2)])


def test_infinite_outputs_are_numbers(tmp_path: Path) -> None:
    (found,) = opened(tmp_path, adding()).run([floats(np.inf, -np.inf, 0)])
    assert found.array.tolist() == [[np.inf, -np.inf, 1.0]]


def test_a_model_with_an_unknown_operator_is_refused_by_name(tmp_path: Path) -> None:
    graph = adding()
    graph.operators = [("CUSTOM", ["x"], ["y"])]
    with pytest.raises(ModelError, match=r"tiny\.tflite"):
        opened(tmp_path, graph)


@pytest.mark.parametrize("num_threads", [-1, 0, 257, 100_000])
def test_too_few_and_too_many_threads_are_refused(tmp_path: Path, num_threads: int) -> None:
    file = TfliteFile(TinyModel(graphs=[adding()]).write(tmp_path / "add.tflite"))
    with pytest.raises(ModelError, match=f"1 to 256 threads, not {num_threads}"):
        CpuModel(file, num_threads=num_threads)
    with pytest.raises(ModelError, match=f"1 to 256 threads, not {num_threads}"):
        CompiledModel(file, "CPU", num_threads=num_threads)


def test_a_model_without_inputs_gives_its_outputs(tmp_path: Path) -> None:
    constant = TinyGraph(
        tensors=[TinyTensor(name="a", values=[1.0, 2.0]), TinyTensor(name="y", shape=(2,))],
        inputs=[],
        outputs=["y"],
        operators=[("ADD", ["a", "a"], ["y"])],
    )
    (found,) = opened(tmp_path, constant).run([])
    assert found.array.tolist() == [2.0, 4.0]


def test_outputs_kept_in_several_threads_never_change(tmp_path: Path) -> None:
    file = TfliteFile(TinyModel(graphs=[adding(shape=LARGE)]).write(tmp_path / "add.tflite"))

    def keep_some(first: int) -> list[tuple[int, NDArray[np.float32]]]:
        model, kept = CpuModel(file), []
        for value in range(first, first + 40):
            (found,) = model.run([Tensor(np.full(LARGE, value, np.float32))])
            if value % 3 == 0:
                kept.append((value, found.array[0, 1:3]))
        model.close()
        return kept

    with ThreadPoolExecutor(4) as threads:
        kept = [pair for pairs in threads.map(keep_some, range(0, 400, 100)) for pair in pairs]
    assert [np.unique(array).tolist() for _, array in kept] == [[value + 1] for value, _ in kept]
