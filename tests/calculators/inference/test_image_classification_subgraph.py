"""ImageClassificationSubgraph: any classifier, set by what its file says, to named classes."""

from pathlib import Path

import numpy as np
import pytest

from flowlace.formats.classification import Classification
from flowlace.formats.image import Image, ImageFormat
from flowlace.framework.errors import GraphConfigError
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from tests.inference.test_image_classifier_spec import classifier
from tests.inference.tiny_models import TinyModel, adding


def found(model: Path, more: str = "") -> tuple[Classification, ...]:
    graph = CalculatorGraph(f"""
        input_stream: "pictures"
        output_stream: "classes"
        node {{
          calculator: "ImageClassificationSubgraph"
          input_stream: "IMAGE:pictures"
          output_stream: "CLASSIFICATIONS:classes"
          options {{ [flowlace.ImageClassificationOptions.ext] {{ model_path: "{model}" {more} }} }}
        }}
    """)
    results: list[tuple[Classification, ...]] = []
    graph.observe_output_stream("classes", lambda one: results.append(one.payload.classification))
    graph.start_run()
    picture = Image(ImageFormat.SRGB, np.zeros((40, 60, 3), np.uint8))
    graph.add_packet_to_input_stream("pictures", Packet(picture, 0))
    graph.close_all_packet_sources()
    graph.wait_until_done()
    (only,) = results
    return only


def test_classes_come_named_and_best_first(tmp_path: Path) -> None:
    classes = found(classifier(tmp_path))
    assert [(one.label, one.index) for one in classes] == [("dog", 1), ("bird", 2), ("cat", 0)]
    assert [one.score for one in classes] == pytest.approx([0.7, 0.2, 0.1])


def test_only_the_best_or_the_certain_ones_are_given(tmp_path: Path) -> None:
    assert [one.label for one in found(classifier(tmp_path), "top_k: 1")] == ["dog"]
    certain = found(classifier(tmp_path), "min_score_threshold: 0.15")
    assert [one.label for one in certain] == ["dog", "bird"]


def test_without_labels_classes_have_their_numbers(tmp_path: Path) -> None:
    classes = found(classifier(tmp_path, labels={}), "top_k: 1")
    assert [(one.index, one.label) for one in classes] == [(1, None)]


def test_models_that_classify_no_pictures_are_refused(tmp_path: Path) -> None:
    model = TinyModel(graphs=[adding()]).write(tmp_path / "adding.tflite")
    with pytest.raises(GraphConfigError, match=r"model 'adding.tflite' expects no picture"):
        found(model)


def test_a_number_of_classes_below_zero_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GraphConfigError, match="top_k has to be 0 or more, not -1"):
        found(classifier(tmp_path), "top_k: -1")
