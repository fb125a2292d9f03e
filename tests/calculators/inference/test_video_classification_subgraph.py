"""VideoClassificationSubgraph: on a stream the result is that of the whole clip, to 1e-5."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flowlace.formats.classification import Classification
from flowlace.formats.image import Image, ImageFormat
from flowlace.framework.errors import GraphConfigError
from flowlace.framework.graph import CalculatorGraph
from flowlace.framework.packet import Packet
from tests.inference.tiny_clip_models import LABELS, PERIOD_US, TinyClipModels, made_clip

TINY = TinyClipModels()
CLIP = made_clip(16)
TIMES_US = [round(n * 1e6 / 15) for n in range(16)]


class Streamed:
    """Runs a stream through the subgraph."""

    def __init__(self, model: Path, more: str = "") -> None:
        self.graph = CalculatorGraph(f"""
            input_stream: "pictures"
            output_stream: "classes"
            output_stream: "warming_up"
            node {{
              calculator: "VideoClassificationSubgraph"
              input_stream: "IMAGE:pictures"
              output_stream: "CLASSIFICATIONS:classes"
              output_stream: "WARMING_UP:warming_up"
              options {{
                [flowlace.VideoClassificationOptions.ext] {{ model_path: "{model}" {more} }}
              }}
            }}
        """)
        self.classes: list[Sequence[Classification]] = []
        self.times_us: list[int] = []
        self.warming_up: list[bool] = []
        self.graph.observe_output_stream("classes", self._take)
        self.graph.observe_output_stream("warming_up", lambda p: self.warming_up.append(p.payload))

    def _take(self, packet: Packet[Any]) -> None:
        self.classes.append(packet.payload.classification)
        self.times_us.append(packet.timestamp)

    def see(self, frames: Sequence[Any], times_us: Sequence[int]) -> "Streamed":
        self.graph.start_run()
        for pixels, time_us in zip(frames, times_us, strict=True):
            image = Image(ImageFormat.SRGB, pixels)
            self.graph.add_packet_to_input_stream("pictures", Packet(image, time_us))
        return self.end()

    def feed(self, begin: int, end: int) -> None:
        """Adds frames of the clip and waits until they are classified."""
        for pixels, time_us in zip(CLIP[begin:end], TIMES_US[begin:end], strict=True):
            image = Image(ImageFormat.SRGB, pixels)
            self.graph.add_packet_to_input_stream("pictures", Packet(image, time_us))
        self.graph.wait_until_idle()

    def end(self) -> "Streamed":
        self.graph.close_all_packet_sources()
        self.graph.wait_until_done()
        return self

    @property
    def scores(self) -> Any:
        """`[result, class]`, in the order of the labels."""
        ordered = [sorted(one, key=lambda each: each.index or 0) for one in self.classes]
        return np.array([[each.score for each in one] for one in ordered])


def offline(ends: Sequence[int]) -> Any:
    """Returns what the whole clip up to each frame gives, zeros before its beginning."""
    return np.stack([TINY.scores(CLIP[:end]) for end in ends])


def test_every_step_gives_what_the_whole_clip_gives(tmp_path: Path) -> None:
    run = Streamed(TINY.write(tmp_path)).see(CLIP, TIMES_US)
    np.testing.assert_allclose(run.scores, offline(range(2, 17, 2)), atol=1e-5)
    assert run.scores.std(0).min() > 0.01
    assert run.times_us == TIMES_US[1::2]
    assert run.warming_up == [True, True, False, False, False, False, False, False]


def test_classes_are_named_and_best_first(tmp_path: Path) -> None:
    run = Streamed(TINY.write(tmp_path)).see(CLIP, TIMES_US)
    scores = [one.score or 0 for one in run.classes[0]]
    assert scores == sorted(scores, reverse=True)
    assert {one.label for one in run.classes[0]} == set(LABELS)


def test_the_second_part_may_run_less_often(tmp_path: Path) -> None:
    run = Streamed(TINY.write(tmp_path), "every: 3").see(CLIP, TIMES_US)
    np.testing.assert_allclose(run.scores, offline([2, 8, 14]), atol=1e-5)


def test_a_camera_of_twice_the_rate_gives_the_same(tmp_path: Path) -> None:
    doubled, times = np.repeat(CLIP, 2, 0), [round(n * 1e6 / 30) for n in range(32)]
    run = Streamed(TINY.write(tmp_path)).see(doubled, times)
    np.testing.assert_allclose(run.scores, offline(range(2, 17, 2)), atol=1e-5)


def test_pictures_may_change_their_size_in_the_middle(tmp_path: Path) -> None:
    enlarged = [np.kron(one, np.ones((2, 2, 1), np.uint8)) for one in CLIP[6:]]
    run = Streamed(TINY.write(tmp_path)).see([*CLIP[:6], *enlarged], TIMES_US)
    # Two by two pixels of one value: what is seen between their middles is that value.
    np.testing.assert_allclose(run.scores, offline(range(2, 17, 2)), atol=1e-5)


def test_after_a_gap_the_window_fills_anew(tmp_path: Path) -> None:
    times = [time + (time >= TIMES_US[8]) * 5_000_000 for time in TIMES_US]
    run = Streamed(TINY.write(tmp_path)).see(CLIP, times)
    before, after = offline([2, 4, 6, 8]), [TINY.scores(CLIP[8:end]) for end in (10, 12, 14, 16)]
    np.testing.assert_allclose(run.scores, [*before, *after], atol=1e-5)
    assert run.warming_up == [True, True, False, False] * 2
    counted = {key.rpartition(".")[2]: n for key, n in run.graph.counters().items()}
    assert (counted["gaps"], counted["resets"]) == (1, 1)


def test_a_stream_shorter_than_a_window_is_told_to_be_warming_up(tmp_path: Path) -> None:
    run = Streamed(TINY.write(tmp_path)).see(CLIP[:4], TIMES_US[:4])
    np.testing.assert_allclose(run.scores, offline([2, 4]), atol=1e-5)
    assert run.warming_up == [True, True]


def test_several_streams_on_one_loaded_model_keep_their_own_windows(tmp_path: Path) -> None:
    model = TINY.write(tmp_path)
    early, late = Streamed(model), Streamed(model)
    early.graph.start_run()
    early.feed(0, 6)
    late.graph.start_run()
    late.feed(6, 12)
    early.feed(6, 16)
    late.feed(12, 16)
    early.end()
    late.end()
    np.testing.assert_allclose(early.scores, offline(range(2, 17, 2)), atol=1e-5)
    wanted = [TINY.scores(CLIP[6:end]) for end in (8, 10, 12, 14, 16)]
    np.testing.assert_allclose(late.scores, wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("every: 0", "every has to be 1 or more, not 0"),
        ("top_k: -1", "top_k has to be 0 or more, not -1"),
        ("max_gap_us: 150000", "max_gap_us has to be more than a step takes, 150000 with model"),
    ],
)
def test_options_that_can_not_work_are_refused(tmp_path: Path, more: str, message: str) -> None:
    with pytest.raises(GraphConfigError, match=message):
        Streamed(TINY.write(tmp_path), more)


def test_parts_that_do_not_fit_are_named_when_the_graph_is_built(tmp_path: Path) -> None:
    tokens, head = TINY.write(tmp_path), tmp_path / "other.tflite"
    replace(TINY, width=6).write_head(head)
    with pytest.raises(GraphConfigError, match=r"tiny_frame_tokens_f32\.tflite' and '.*other"):
        Streamed(tokens, f'head_path: "{head}"')


def test_the_period_is_the_models_own_unless_another_is_given(tmp_path: Path) -> None:
    run = Streamed(TINY.write(tmp_path), f"period_us: {3 * PERIOD_US}").see(CLIP, TIMES_US)
    np.testing.assert_allclose(run.scores[0], TINY.scores(CLIP[[0, 3]]), atol=1e-5)
