"""`--model` and `--set` change the nodes they name, and say what there is when they can't."""

from pathlib import Path

import pytest

from flowlace.calculators.core.packet_resampler import PacketResamplerOptions
from flowlace.calculators.inference.inference_options import InferenceOptions
from flowlace.calculators.radar.nowcast import NowcastOptions
from flowlace.framework.config import GivenOptions, GraphConfig
from flowlace.framework.config_load import load_graph_config
from flowlace.runner.errors import RunnerError
from flowlace.runner.find_graph import find_graph
from flowlace.runner.node_settings import configured_graph, set_models, set_options

TEXT = """
input_stream: "frames"
node {
  name: "rate"
  calculator: "PacketResamplerCalculator"
  input_stream: "frames"
  output_stream: "slow_frames"
  options { [mediapipe.PacketResamplerCalculatorOptions.ext] { frame_rate: 3 max_frame_rate: 9 } }
}
node {
  name: "detector"
  calculator: "InferenceCalculator"
  input_stream: "TENSORS:slow_frames"
  output_stream: "TENSORS:found"
  options {
    [mediapipe.InferenceCalculatorOptions.ext] {
      model_path: "old.tflite"
      delegate { xnnpack { num_threads: 2 } }
    }
  }
}
"""
TWO = (
    TEXT
    + """
node {
  name: "classifier"
  calculator: "InferenceCalculator"
  input_stream: "TENSORS:found"
  output_stream: "TENSORS:classes"
}
"""
)


def rate(config: GraphConfig) -> PacketResamplerOptions:
    given = config.nodes[0].given_options("mediapipe.PacketResamplerCalculatorOptions")
    assert given is not None
    found = given.read_as(PacketResamplerOptions)
    assert isinstance(found, PacketResamplerOptions)
    return found


def inference(config: GraphConfig, place: int = 1) -> InferenceOptions:
    given = config.nodes[place].given_options("mediapipe.InferenceCalculatorOptions")
    assert given is not None
    found = given.read_as(InferenceOptions)
    assert isinstance(found, InferenceOptions)
    return found


def test_a_model_goes_to_the_only_node_that_runs_one() -> None:
    config = load_graph_config(TEXT)
    set_models(config, ["new.tflite"])
    assert inference(config).model_path == "new.tflite"


def test_a_model_leaves_the_node_s_other_options_alone() -> None:
    config = load_graph_config(TEXT)
    set_models(config, ["new.tflite"])
    delegate = inference(config).delegate
    assert delegate is not None
    assert delegate.xnnpack is not None
    assert delegate.xnnpack.num_threads == 2


def test_a_named_node_gets_its_model_also_without_options_before() -> None:
    config = load_graph_config(TWO)
    set_models(config, ["classifier=c.tflite"])
    assert inference(config, 2).model_path == "c.tflite"
    assert inference(config).model_path == "old.tflite"


@pytest.mark.parametrize(
    ("text", "model", "message"),
    [
        (TWO, "new.tflite", "which node is meant.*detector, classifier"),
        (TEXT, "detectr=new.tflite", r"no node 'detectr'.*did you mean 'detector'"),
        ('input_stream: "a"', "new.tflite", "no node of this graph runs a model"),
    ],
)
def test_a_model_without_a_place_is_an_error(text: str, model: str, message: str) -> None:
    with pytest.raises(RunnerError, match=message):
        set_models(load_graph_config(text), [model])


def test_an_option_is_set_and_the_others_stay() -> None:
    config = load_graph_config(TEXT)
    set_options(config, ["rate.frame_rate=0.5"])
    assert (rate(config).frame_rate, rate(config).max_frame_rate) == (0.5, 9)


def test_a_list_takes_the_place_of_the_one_there_was() -> None:
    config = load_graph_config(find_graph("nowcast"))
    set_options(config, ["nowcast.lead_minutes=[15, 45]", "nowcast.threshold_mm_h=[2]"])
    (node,) = (one for one in config.nodes if one.name == "nowcast")
    given = node.given_options("flowlace.NowcastCalculatorOptions")
    assert given is not None
    options = given.read_as(NowcastOptions)
    assert isinstance(options, NowcastOptions)
    assert (options.lead_minutes, options.threshold_mm_h) == ((15.0, 45.0), (2.0,))
    assert options.method == "unet"


def test_inner_options_are_reached_with_dots() -> None:
    config = load_graph_config(TEXT)
    set_options(config, ["detector.delegate.xnnpack.num_threads=4"])
    delegate = inference(config).delegate
    assert delegate is not None
    assert delegate.xnnpack is not None
    assert delegate.xnnpack.num_threads == 4


def test_another_choice_of_a_oneof_replaces_the_first() -> None:
    config = load_graph_config(TEXT)
    set_options(config, ["detector.delegate.gpu.allow_precision_loss=false"])
    delegate = inference(config).delegate
    assert delegate is not None
    assert delegate.xnnpack is None
    assert delegate.gpu is not None


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("rate.frame_rate", "expected NODE.FIELD=VALUE"),
        ("speed=1", "the graph has no option 'speed'; it has: none"),
        ("speed.frame_rate=1", "no node 'speed'"),
        ("rate.frame_speed=1", r"no option 'frame_speed': frame_rate, .*did you mean"),
        ("rate.=1", r"no option '': frame_rate, "),
        ("rate.frame_rate.more=1", r"rate.frame_rate.more=1"),
        ("detector.delegate.cpu.num_threads=1", r"no option 'delegate.cpu': tflite, gpu, "),
        ("rate.frame_rate=fast", "rate.frame_rate=fast"),
    ],
)
def test_an_option_that_is_none_is_an_error(setting: str, message: str) -> None:
    with pytest.raises(RunnerError, match=message):
        set_options(load_graph_config(TEXT), [setting])


def test_an_option_of_the_graph_itself_is_set_without_a_node() -> None:
    config = load_graph_config(
        """
        graph_options {
          [type.googleapis.com/mediapipe.PacketResamplerCalculatorOptions] {
            frame_rate: 3 jitter: 0.5
          }
        }
        """
    )
    set_options(config, ["frame_rate=0.5"])
    given = config.options[0]
    assert isinstance(given, GivenOptions)
    found = given.read_as(PacketResamplerOptions)
    assert (found.frame_rate, found.jitter) == (0.5, 0.5)


def test_a_graph_without_settings_is_its_file(tmp_path: Path) -> None:
    path = tmp_path / "graph.pbtxt"
    path.write_text(TEXT)
    assert configured_graph(str(path), [], []) == path
    changed = configured_graph(str(path), ["new.tflite"], [])
    assert isinstance(changed, GraphConfig)
    assert inference(changed).model_path == "new.tflite"


OUTER = """
input_stream: "frames"
node { name: "inner" calculator: "InnerGraph" input_stream: "FRAMES:frames" }
"""


def test_nodes_inside_subgraphs_of_files_are_reached(tmp_path: Path) -> None:
    (tmp_path / "inner.pbtxt").write_text(
        'type: "InnerGraph"\n' + TEXT.replace('"frames"', '"FRAMES:frames"', 1)
    )
    outer = tmp_path / "outer.pbtxt"
    outer.write_text(OUTER)
    config = configured_graph(str(outer), ["new.tflite"], ["inner__rate.frame_rate=7"])
    assert isinstance(config, GraphConfig)
    assert (rate(config).frame_rate, rate(config).max_frame_rate) == (7, 9)
    assert inference(config).model_path == "new.tflite"
    with pytest.raises(RunnerError, match=r"no node 'inner__rat'.*did you mean 'inner__rate'"):
        configured_graph(str(outer), [], ["inner__rat.frame_rate=7"])


def test_subgraphs_made_by_functions_keep_their_options(tmp_path: Path) -> None:
    path = tmp_path / "outer.pbtxt"
    path.write_text(
        'input_stream: "frames" output_stream: "found" node { name: "detector" '
        'calculator: "ObjectDetectionSubgraph" input_stream: "IMAGE:frames" '
        'output_stream: "DETECTIONS:found" }'
        'node { name: "inner" calculator: "InnerGraph" input_stream: "FRAMES:frames" }'
    )
    (tmp_path / "inner.pbtxt").write_text(
        'type: "InnerGraph"\n' + TEXT.replace('"frames"', '"FRAMES:frames"', 1)
    )
    config = configured_graph(str(path), ["detector=a.tflite", "inner__detector=b.tflite"], [])
    assert isinstance(config, GraphConfig)
    assert [node.calculator for node in config.nodes] == [
        "ObjectDetectionSubgraph", "PacketResamplerCalculator", "InferenceCalculator",
    ]  # fmt: skip
    assert inference(config, 2).model_path == "b.tflite"
