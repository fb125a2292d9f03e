"""InferenceCalculator: models on streams of tensors, their state, and what they refuse."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flowlace.calculators.inference.inference import InferenceCalculator
from flowlace.calculators.inference.inference_options import (
    DelegateMessage,
    FeedbackTensorLink,
    GpuDelegate,
    InferenceOptions,
    InputOutputConfig,
    TensorIndicesMap,
    TensorNamesMap,
    TfLiteDelegate,
    XnnpackDelegate,
)
from flowlace.formats.tensor import Tensor
from flowlace.framework.config_load import load_graph_config
from flowlace.framework.errors import FlowlaceError, GraphConfigError
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.inference.tflite_file import TfliteFile
from flowlace.testing import CalculatorRun, at, run_calculator
from tests.inference.tiny_models import TinyGraph, TinyModel, accumulating, adding


def floats(*values: float) -> Tensor:
    return Tensor(np.array([values], np.float32))


def model(folder: Path, *graphs: TinyGraph) -> str:
    return str(TinyModel(graphs=graphs).write(folder / "tiny.tflite"))


def run(options: InferenceOptions, *given: list[Tensor], **arguments: Any) -> CalculatorRun:
    packets = [at(time, tensors) for time, tensors in enumerate(given)]
    outputs = arguments.pop("outputs", ["TENSORS"])
    return run_calculator(
        InferenceCalculator, options, inputs={"TENSORS": packets}, outputs=outputs, **arguments
    )


def values(result: CalculatorRun, port: str = "TENSORS") -> list[Any]:
    return [[one.array.tolist()[0] for one in tensors] for tensors in result.payloads(port)]


def test_gives_the_outputs_at_the_time_of_the_inputs(tmp_path: Path) -> None:
    result = run(
        InferenceOptions(model_path=model(tmp_path, adding(2))),
        [floats(1, 2, 3)],
        [floats(4, 5, 6)],
    )
    assert result.timestamps("TENSORS") == [0, 1]
    assert values(result) == [[[3, 4, 5]], [[6, 7, 8]]]


def test_takes_the_model_from_a_side_packet(tmp_path: Path) -> None:
    path = model(tmp_path, adding())
    for given in (path, TfliteFile(path)):
        result = run(InferenceOptions(), [floats(1, 1, 1)], side_packets={"MODEL": given})
        assert values(result) == [[[2, 2, 2]]]


@pytest.mark.parametrize(
    "delegate",
    [
        DelegateMessage(tflite=TfLiteDelegate()),
        DelegateMessage(xnnpack=XnnpackDelegate(num_threads=2)),
    ],
)
def test_runs_with_every_kind_of_kernels(tmp_path: Path, delegate: DelegateMessage) -> None:
    options = InferenceOptions(model_path=model(tmp_path, adding()), delegate=delegate)
    assert values(run(options, [floats(1, 1, 1)])) == [[[2, 2, 2]]]


def test_falls_back_to_the_cpu_where_no_gpu_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    options = InferenceOptions(
        model_path=model(tmp_path, adding()), delegate=DelegateMessage(gpu=GpuDelegate())
    )
    with caplog.at_level(logging.WARNING):
        assert values(run(options, [floats(1, 1, 1)])) == [[[2, 2, 2]]]
    assert len(caplog.messages) == 1
    assert "tiny.tflite runs on the CPU, not the GPU:" in caplog.messages[0]


def test_takes_and_gives_single_tensors(tmp_path: Path) -> None:
    result = run_calculator(
        InferenceCalculator,
        InferenceOptions(model_path=model(tmp_path, accumulating())),
        inputs={"TENSOR": [at(0, floats(1, 2))], "TENSOR:1": [at(0, floats(10, 20))]},
        outputs=["TENSOR", "TENSOR:1"],
    )
    assert result.payloads("TENSOR")[0].array.tolist() == [[2, 4]]
    assert result.payloads("TENSOR:1")[0].array.tolist() == [[11, 22]]


def test_a_missing_single_tensor_gives_no_output(tmp_path: Path) -> None:
    result = run_calculator(
        InferenceCalculator,
        InferenceOptions(model_path=model(tmp_path, accumulating())),
        inputs={"TENSOR": [at(0, floats(1, 2))], "TENSOR:1": []},
        outputs=["TENSOR"],
    )
    assert result.payloads("TENSOR") == []


def test_linked_tensors_carry_state_from_packet_to_packet(tmp_path: Path) -> None:
    link = FeedbackTensorLink(from_output_tensor_name="next_sum", to_input_tensor_name="sum")
    options = InferenceOptions(
        model_path=model(tmp_path, accumulating()),
        input_output_config=InputOutputConfig(
            feedback_tensor_links=(link,),
            output_tensor_names_map=TensorNamesMap(tensor_names=("next_sum",)),
        ),
    )
    result = run(options, [floats(1, 2)], [floats(1, 2)], [floats(10, 20)])
    assert values(result) == [[[1, 2]], [[2, 4]], [[12, 24]]]


def test_linked_tensors_are_no_inputs_and_outputs_of_the_node(tmp_path: Path) -> None:
    link = FeedbackTensorLink(from_output_tensor_name="next_sum", to_input_tensor_name="sum")
    options = InferenceOptions(
        model_path=model(tmp_path, accumulating()),
        input_output_config=InputOutputConfig(feedback_tensor_links=(link,)),
    )
    assert values(run(options, [floats(1, 2)])) == [[[2, 4]]]


@pytest.mark.parametrize(
    "config",
    [
        InputOutputConfig(
            input_tensor_indices_map=TensorIndicesMap(model_tensor_indices=(1, 0)),
            output_tensor_indices_map=TensorIndicesMap(model_tensor_indices=(1, 0)),
        ),
        InputOutputConfig(
            input_tensor_names_map=TensorNamesMap(tensor_names=("sum", "x")),
            output_tensor_names_map=TensorNamesMap(tensor_names=("next_sum", "double")),
        ),
    ],
)
def test_maps_change_the_order_of_tensors(tmp_path: Path, config: InputOutputConfig) -> None:
    options = InferenceOptions(
        model_path=model(tmp_path, accumulating()), input_output_config=config
    )
    assert values(run(options, [floats(10, 20), floats(1, 2)])) == [[[11, 22], [2, 4]]]


def test_calls_the_signature_it_is_told(tmp_path: Path) -> None:
    path = model(tmp_path, accumulating(), adding(10, signature="add"))
    result = run(InferenceOptions(model_path=path, signature="add"), [floats(1, 2, 3)])
    assert values(result) == [[[11, 12, 13]]]


def test_a_batch_of_any_size_runs(tmp_path: Path) -> None:
    path = model(tmp_path, adding(shape=(-1, 3)))
    result = run(InferenceOptions(model_path=path), [Tensor(np.zeros((5, 3), np.float32))])
    assert result.payloads("TENSORS")[0][0].shape == (5, 3)


def test_kept_outputs_stay_what_they_were(tmp_path: Path) -> None:
    path = model(tmp_path, adding(shape=(1, 64, 64)))
    given = [[Tensor(np.full((1, 64, 64), value, np.float32))] for value in range(5)]
    result = run(InferenceOptions(model_path=path), *given)
    kept = [np.unique(tensors[0].array).tolist() for tensors in result.payloads("TENSORS")]
    assert kept == [[1.0], [2.0], [3.0], [4.0], [5.0]]


def test_several_nodes_share_a_model_file_and_nothing_else(tmp_path: Path) -> None:
    path = model(tmp_path, accumulating())
    node = f"""
      node {{
        calculator: "InferenceCalculator" input_stream: "TENSORS:%s" output_stream: "TENSORS:%s"
        executor: "inference"
        options {{ [mediapipe.InferenceCalculatorOptions.ext] {{
          model_path: "{path}"
          input_output_config {{
            feedback_tensor_links {{
              from_output_tensor_name: "next_sum" to_input_tensor_name: "sum" }}
            output_tensor_names_map {{ tensor_names: "next_sum" }} }} }} }}
      }}"""
    text = f"""
      input_stream: "a" input_stream: "b"
      executor {{
        name: "inference" type: "ThreadPoolExecutor"
        options {{ [mediapipe.ThreadPoolExecutorOptions.ext] {{ num_threads: 2 }} }} }}
      {node % ("a", "sum_a")} {node % ("b", "sum_b")}"""
    graph = CalculatorGraph(load_graph_config(text))
    found: dict[str, list[float]] = {"sum_a": [], "sum_b": []}
    for name, listed in found.items():
        graph.observe_output_stream(
            name, lambda packet, to=listed: to.append(float(packet.payload[0].array[0, 0]))
        )
    graph.start_run()
    for time in range(50):
        graph.add_packet_to_input_stream("a", Packet([floats(1, 0)], time))
        graph.add_packet_to_input_stream("b", Packet([floats(2, 0)], time))
    graph.close_all_packet_sources()
    graph.wait_until_done()
    assert found["sum_a"] == [float(n) for n in range(1, 51)]
    assert found["sum_b"] == [2.0 * n for n in range(1, 51)]


def test_a_wrong_input_names_file_tensor_expected_and_found(tmp_path: Path) -> None:
    options = InferenceOptions(model_path=model(tmp_path, adding()))
    with pytest.raises(
        FlowlaceError,
        match=r"(?s)'tiny.tflite': input 'x' expects float32\[1, 3\], but got float32\[1, 2\]",
    ):
        run(options, [floats(1, 2)])


def test_too_many_tensors_are_an_error(tmp_path: Path) -> None:
    options = InferenceOptions(model_path=model(tmp_path, adding()))
    with pytest.raises(FlowlaceError, match=r"(?s)takes 1 tensors \(x float32.*but got 2"):
        run(options, [floats(1, 2, 3), floats(1, 2, 3)])


def test_a_model_nobody_knows_is_an_error_that_lists_those_known() -> None:
    with pytest.raises(FlowlaceError, match=r"(?s)'no-such' is neither a file .*coco-ssd"):
        run(InferenceOptions(model_path="no-such"), [floats(1)])


def test_a_garbage_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "garbage.tflite"
    path.write_bytes(b"0123" * 100)
    with pytest.raises(FlowlaceError, match=r"(?s)garbage\.tflite.* is no \.tflite file"):
        run(InferenceOptions(model_path=str(path)), [floats(1)])


def test_an_unknown_tensor_in_a_map_lists_the_model_s_own(tmp_path: Path) -> None:
    names = TensorNamesMap(tensor_names=("z",))
    options = InferenceOptions(
        model_path=model(tmp_path, adding()),
        input_output_config=InputOutputConfig(output_tensor_names_map=names),
    )
    with pytest.raises(FlowlaceError, match=r"(?s)has no tensor 'z' there; it has: y"):
        run(options, [floats(1, 2, 3)])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (InferenceOptions(), "give model_path or connect"),
        (
            InferenceOptions(model_path="a.tflite", cpu_num_thread=0),
            "1 to 256, or -1 for one, not 0",
        ),
        (InferenceOptions(model_path="a.tflite", cpu_num_thread=10**6), "not 1000000"),
    ],
)
def test_a_node_that_can_not_work_is_refused(options: InferenceOptions, message: str) -> None:
    with pytest.raises(GraphConfigError, match=message):
        run(options, [floats(1)])


def test_a_graph_in_text_reads_mediapipe_s_options() -> None:
    config = load_graph_config(
        """
        input_stream: "tensors"
        node {
          calculator: "InferenceCalculator"
          input_stream: "TENSORS:tensors"
          output_stream: "TENSORS:found"
          options {
            [mediapipe.InferenceCalculatorOptions.ext] {
              model_path: "face.tflite"
              delegate { gpu { use_advanced_gpu_api: true api: OPENCL } }
              input_output_config {
                input_tensor_indices_map { model_tensor_indices: [1, 0] }
              }
            }
          }
        }"""
    )
    given = config.nodes[0].given_options("mediapipe.InferenceCalculatorOptions")
    assert given is not None
    options = given.read_as(InferenceOptions)
    assert options.delegate.gpu.use_advanced_gpu_api
    assert options.input_output_config.input_tensor_indices_map.model_tensor_indices == (1, 0)


def test_an_empty_tensor_list_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FlowlaceError, match="takes 1 tensors"):
        run(InferenceOptions(model_path=model(tmp_path, adding())), [])
