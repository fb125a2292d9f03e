"""Bundles: all a graph needs in one zip, with digests and costs, and run as they are."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flowlace.bundle import BundleError, is_bundle, opened_bundle, write_bundle
from flowlace.bundle.mediapipe_library import MEDIAPIPE_CALCULATORS, Target
from flowlace.calculators.inference.inference_options import InferenceOptions
from flowlace.formats.tensor import Tensor
from flowlace.framework.config_load import load_graph_config
from flowlace.framework.errors import GraphConfigError
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from flowlace.framework.registry import find_calculator
from tests.inference.tiny_models import TinyModel, adding

GRAPH = """
input_stream: "tensors"
output_stream: "found"
node {
  name: "adder"
  calculator: "InferenceCalculator"
  input_stream: "TENSORS:tensors"
  output_stream: "TENSORS:sums"
  options { [mediapipe.InferenceCalculatorOptions.ext] { model_path: "%s" } }
}
node { calculator: "PassThroughCalculator" input_stream: "sums" output_stream: "found" }
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    tiny = TinyModel(graphs=[adding(2)], packed={"labels.txt": "car\nvan\n"})
    return tiny.write(tmp_path / "add.tflite")


@pytest.fixture
def bundle(tmp_path: Path, model: Path) -> Path:
    out = tmp_path / "app.zip"
    write_bundle(GRAPH % model, out, name="adding", targets=[Target.ANDROID])
    return out


def manifest_of(bundle: Path) -> dict[str, Any]:
    with zipfile.ZipFile(bundle) as archive:
        content: dict[str, Any] = json.loads(archive.read("manifest.json"))
    return content


def rewritten(bundle: Path, out: Path, changes: dict[str, bytes | None]) -> Path:
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(out, "w") as new:
        content = {name: old.read(name) for name in old.namelist()} | changes
        for name, data in content.items():
            if data is not None:
                new.writestr(name, data)
    return out


def test_a_bundle_holds_the_graph_its_models_and_labels(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        assert archive.namelist() == [
            "graph.binarypb",
            "graph.pbtxt",
            "manifest.json",
            "models/add.labels.txt",
            "models/add.tflite",
        ]
        assert archive.read("models/add.labels.txt") == b"car\nvan\n"
        assert archive.getinfo("models/add.tflite").compress_type == zipfile.ZIP_STORED


def test_the_graph_names_its_model_as_it_lies_in_the_bundle(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        config = load_graph_config(archive.read("graph.pbtxt").decode())
        assert load_graph_config(archive.read("graph.binarypb")) == config
    given = config.nodes[0].given_options("mediapipe.InferenceCalculatorOptions")
    assert given is not None
    assert given.read_as(InferenceOptions).model_path == "models/add.tflite"


def test_the_manifest_tells_digests_costs_and_what_a_gpu_makes_of_it(bundle: Path) -> None:
    content = manifest_of(bundle)
    assert content["graph"] == "adding"
    assert {one["path"] for one in content["files"]} >= {"graph.pbtxt", "models/add.tflite"}
    (model,) = content["models"]
    assert model["operators"] == {"ADD": 1}
    assert model["gpu_problems"] == []
    assert model["nodes"] == ["adder"]
    assert model["cpu_ms"] > 0
    assert [one["calculator"] for one in content["nodes"]] == [
        "InferenceCalculator",
        "PassThroughCalculator",
    ]


def test_the_same_graph_gives_the_same_files(tmp_path: Path, model: Path, bundle: Path) -> None:
    write_bundle(GRAPH % model, tmp_path / "again.zip", name="adding", targets=[Target.ANDROID])
    assert manifest_of(bundle)["files"] == manifest_of(tmp_path / "again.zip")["files"]


def test_a_bundle_runs_as_it_is_without_the_files_it_was_made_of(bundle: Path, model: Path) -> None:
    model.unlink()
    graph = CalculatorGraph(opened_bundle(bundle))
    found: list[Any] = []
    graph.observe_output_stream("found", lambda packet: found.append(packet.payload[0].array))
    graph.start_run()
    tensor = Tensor(np.array([[1, 2, 3]], np.float32))
    graph.add_packet_to_input_stream("tensors", Packet([tensor], 0))
    graph.close_all_packet_sources()
    graph.wait_until_done()
    assert found[0].tolist() == [[3.0, 4.0, 5.0]]


def test_subgraphs_are_put_in_their_places(tmp_path: Path) -> None:
    out = tmp_path / "tracking.zip"
    manifest = write_bundle(
        'input_stream: "a" output_stream: "b" input_stream: "c"'
        'node { calculator: "BoxTracking" input_stream: "VIDEO:a" input_stream: "START_POS:c"'
        ' output_stream: "BOXES:b" }',
        out,
    )
    kinds = [node.calculator for node in manifest.nodes]
    assert "BoxTrackerCalculator" in kinds
    assert "BoxTracking" not in kinds


def test_a_target_lists_what_mediapipe_does_not_have(tmp_path: Path) -> None:
    text = """
    input_stream: "a" output_stream: "b"
    node { calculator: "BoxTracking" input_stream: "VIDEO:a" input_stream: "START_POS:c"
           output_stream: "VIDEO:b" }
    input_stream: "c"
    """
    missing = write_bundle(text, tmp_path / "t.zip", targets=list(Target)).targets
    assert any("has no BoxesToRowsCalculator" in line for line in missing["android"])
    assert any("has no field show_ids" in line for line in missing["ios"])
    assert set(missing) == {"android", "ios", "linux"}


def test_a_graph_of_mediapipe_s_own_calculators_lacks_nothing(bundle: Path) -> None:
    assert manifest_of(bundle)["targets"] == {"android": []}


@pytest.mark.parametrize("name", sorted(MEDIAPIPE_CALCULATORS))
def test_every_calculator_of_the_list_is_one_of_ours(name: str) -> None:
    assert find_calculator(name) is not None


def test_a_missing_model_is_named_with_its_node(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"node 'adder' .*'no-such' is neither a file"):
        write_bundle(GRAPH % "no-such", tmp_path / "app.zip")
    assert not (tmp_path / "app.zip").exists()


def test_a_graph_with_mistakes_is_not_bundled(tmp_path: Path) -> None:
    with pytest.raises(GraphConfigError):
        write_bundle('node { calculatr: "X" }', tmp_path / "app.zip")


def test_a_place_that_can_not_be_written_is_an_error(tmp_path: Path, model: Path) -> None:
    with pytest.raises(BundleError, match=r"can't be written"):
        write_bundle(GRAPH % model, tmp_path / "nowhere" / "app.zip")


def test_a_name_nobody_could_run_the_bundle_by_is_refused(tmp_path: Path, model: Path) -> None:
    with pytest.raises(BundleError, match=r"app': the name has to end in \.zip"):
        write_bundle(GRAPH % model, tmp_path / "app")


def test_a_precision_no_model_comes_in_is_refused(tmp_path: Path, model: Path) -> None:
    with pytest.raises(BundleError, match="precision 'int8' is for models with a spec"):
        write_bundle(GRAPH % model, tmp_path / "app.zip", precision="int8")
    assert not (tmp_path / "app.zip").exists()


def test_a_changed_file_is_refused(bundle: Path, tmp_path: Path) -> None:
    changed = rewritten(bundle, tmp_path / "changed.zip", {"models/add.tflite": b"something else"})
    with pytest.raises(BundleError, match=r"'models/add\.tflite' is not what the manifest says"):
        opened_bundle(changed)


def test_a_missing_file_is_named(bundle: Path, tmp_path: Path) -> None:
    changed = rewritten(bundle, tmp_path / "less.zip", {"models/add.tflite": None})
    with pytest.raises(BundleError, match=r"no whole bundle.*models/add\.tflite"):
        opened_bundle(changed)


@pytest.mark.parametrize("place", [0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
@pytest.mark.parametrize("damage", [b"", b"\xff" * 40, b"\x00" * 40])
def test_a_damaged_bundle_is_an_error_and_nothing_else(
    bundle: Path, tmp_path: Path, place: float, damage: bytes
) -> None:
    whole = bundle.read_bytes()
    start = int(len(whole) * place)
    rest = whole[start + len(damage) :] if damage else b""
    damaged = tmp_path / "damaged.zip"
    damaged.write_bytes(whole[:start] + damage + rest)
    with pytest.raises(BundleError, match=r"damaged\.zip"):
        opened_bundle(damaged)


def test_a_file_that_unpacks_to_another_size_is_not_unpacked(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = rewritten(bundle, tmp_path / "large.zip", {"graph.binarypb": bytes(1_000_000)})
    unpacked: list[str] = []
    read = zipfile.ZipFile.read

    def noted(archive: zipfile.ZipFile, name: str) -> bytes:
        unpacked.append(name)
        return read(archive, name)

    monkeypatch.setattr(zipfile.ZipFile, "read", noted)
    with pytest.raises(BundleError, match=r"'graph\.binarypb' is not what the manifest says"):
        opened_bundle(changed)
    assert unpacked == ["manifest.json"]


def test_a_file_outside_of_the_bundle_is_not_written(bundle: Path, tmp_path: Path) -> None:
    content = manifest_of(bundle)
    content["files"].append({"path": "../evil", "size_bytes": 1, "sha256": "0"})
    changed = rewritten(
        bundle,
        tmp_path / "evil.zip",
        {"manifest.json": json.dumps(content).encode(), "../evil": b"x"},
    )
    with pytest.raises(BundleError, match="outside of the bundle"):
        opened_bundle(changed)


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (b"[]", "lists no files"),
        (b'{"files": [], "format": 9}', "format 9"),
        (b'{"files": [], "format": 1}', r"lists no graph\.pbtxt"),
        (
            b'{"files": [{"path": 5, "size_bytes": 1, "sha256": ""}], "format": 1}',
            "path is no text",
        ),
        (b'{"files": null, "format": 1}', "list of files is odd"),
        (b"{", "Expecting"),
        (b"\xff", "can't be opened as a bundle"),
    ],
)
def test_an_odd_manifest_is_told(
    bundle: Path, tmp_path: Path, manifest: bytes, message: str
) -> None:
    changed = rewritten(bundle, tmp_path / "odd.zip", {"manifest.json": manifest})
    with pytest.raises(BundleError, match=message):
        opened_bundle(changed)


@pytest.mark.parametrize("cut", [0, 10, 200])
def test_a_cut_off_bundle_is_an_error(bundle: Path, tmp_path: Path, cut: int) -> None:
    path = tmp_path / "cut.zip"
    path.write_bytes(bundle.read_bytes()[:cut])
    with pytest.raises(BundleError, match=r"cut\.zip.* can't be opened"):
        opened_bundle(path)


def test_a_bundle_is_told_by_its_ending() -> None:
    assert is_bundle("app.zip")
    assert not is_bundle("graph.pbtxt")
