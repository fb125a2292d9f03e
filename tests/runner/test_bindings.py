from typing import Any

import pytest

from flowlace.formats.image import Image
from flowlace.formats.nowcast import Nowcast
from flowlace.formats.time_series import Matrix
from flowlace.framework.contract import ConnectedPort, Port
from flowlace.runner.bindings import (
    Binding,
    bind_sinks,
    bind_sources,
    medium_of,
    numbered,
    parse_binding,
)
from flowlace.runner.errors import RunnerError
from flowlace.sources.source import Medium


def ports(**types: Any) -> dict[str, ConnectedPort]:
    return {name: ConnectedPort("", 0, name, 0, kind, Port(name)) for name, kind in types.items()}


def test_an_url_with_an_equals_sign_in_its_options_has_no_name() -> None:
    assert parse_binding("testsrc:street?seed=1") == Binding("", "testsrc:street?seed=1")
    assert parse_binding("rtsp://cam/?a=b") == Binding("", "rtsp://cam/?a=b")


def test_one_source_without_a_name_goes_to_the_input_that_takes_pictures() -> None:
    inputs = ports(frames=Image, numbers=int)
    assert bind_sources(["a.mp4"], inputs) == [{"frames": "a.mp4"}]


def test_without_an_input_of_pictures_it_goes_to_the_one_that_takes_sound() -> None:
    inputs = ports(numbers=int, sounds=Matrix)
    assert bind_sources(["film.mp4"], inputs) == [{"sounds": "film.mp4"}]


@pytest.mark.parametrize(
    "url", ["mic", "mic:USB?rate=8000", "pcm:-?rate=8000", "take.WAV?rate=8000", "testsrc:sounds"]
)
def test_what_is_sound_for_certain_goes_to_the_input_that_takes_sound(url: str) -> None:
    inputs = ports(frames=Image, sounds=Matrix)
    assert bind_sources([url], inputs) == [{"sounds": url}]
    assert bind_sources(["film.mp4"], inputs) == [{"frames": "film.mp4"}]


def test_streams_tell_what_they_carry() -> None:
    named = ports(a=Image, b=Matrix, c=list[Image], d=object, e=Matrix | None)
    assert [medium_of(port) for port in named.values()] == [
        Medium.PICTURES, Medium.SOUND, None, None, Medium.SOUND,
    ]  # fmt: skip


def test_several_sources_without_a_name_make_several_graphs() -> None:
    bound = bind_sources(["a.mp4", "b.mp4"], ports(frames=object))
    assert bound == [{"frames": "a.mp4"}, {"frames": "b.mp4"}]


def test_named_sources_belong_to_one_graph() -> None:
    bound = bind_sources(["x=a.mp4", "y=b.mp4"], ports(x=object, y=object))
    assert bound == [{"x": "a.mp4", "y": "b.mp4"}]


def test_a_wrong_name_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(RunnerError, match=r"no input stream 'frame'; .*did you mean 'frames'\?"):
        bind_sources(["frame=a.mp4"], ports(frames=Image))


def test_an_unclear_source_is_answered_with_the_choice() -> None:
    with pytest.raises(RunnerError, match="write --source NAME=URL with one of: x, y"):
        bind_sources(["a.mp4"], ports(x=object, y=object))


def test_a_sink_for_pictures_takes_the_picture_stream_and_others_the_rest() -> None:
    outputs = ports(annotated=Image, boxes=list)
    assert bind_sinks(["out.mp4", "out.jsonl"], outputs) == [
        Binding("annotated", "out.mp4"),
        Binding("boxes", "out.jsonl"),
    ]


def test_a_sink_for_sound_takes_the_sound_stream() -> None:
    outputs = ports(annotated=Image, louder=Matrix, boxes=list)
    assert bind_sinks(["out.flac", "out.jsonl"], outputs) == [
        Binding("louder", "out.flac"),
        Binding("boxes", "out.jsonl"),
    ]


def test_of_several_streams_a_sink_takes_the_one_its_file_is_called_after() -> None:
    outputs = ports(words=list, updates=list)
    bound = bind_sinks(["out/words.jsonl?append=1", "updates.jsonl"], outputs)
    assert [one.stream for one in bound] == ["words", "updates"]
    with pytest.raises(RunnerError, match="which output stream is meant"):
        bind_sinks(["talk.jsonl"], outputs)


def test_a_file_called_after_a_stream_of_another_kind_does_not_take_it() -> None:
    outputs = ports(objects=list, video=Image)
    assert bind_sinks(["objects.mp4"], outputs)[0].stream == "video"


def test_a_sink_of_nowcasts_takes_the_stream_of_nowcasts_and_text_does_not() -> None:
    outputs = ports(nowcasts=Nowcast, summaries=list, maps=Image)
    urls = ["out.nc", "out_%Y%m%d.tif", "out.zarr/", "out.gif", "out.jsonl"]
    assert [one.stream for one in bind_sinks(urls, outputs)] == [
        "nowcasts", "nowcasts", "nowcasts", "maps", "summaries",
    ]  # fmt: skip


def test_a_stream_may_be_named_in_the_singular() -> None:
    outputs = ports(maps=Image, box=list, boxs=list)
    bound = bind_sinks(["map=out.gif", "box=a.jsonl", "boxs=b.jsonl"], outputs)
    assert [one.stream for one in bound] == ["maps", "box", "boxs"]
    with pytest.raises(RunnerError, match="no output stream 'mapp'"):
        bind_sinks(["mapp=out.gif"], outputs)


def test_sinks_of_several_graphs_are_numbered() -> None:
    assert numbered("dir/out.jsonl", 1, 2) == "dir/out-1.jsonl"
    assert numbered("frames/", 1, 2) == "frames-1/"
    assert numbered("out.mp4?crf=18", 0, 3) == "out-0.mp4?crf=18"
    assert numbered("none", 1, 2) == "none"


def test_one_file_for_two_streams_is_refused() -> None:
    with pytest.raises(RunnerError, match=r"--sink .a\.jsonl. is given twice"):
        bind_sinks(["x=a.jsonl", "y=a.jsonl"], ports(x=object, y=object))


def test_many_streams_may_go_nowhere() -> None:
    assert len(bind_sinks(["x=none", "y=none"], ports(x=object, y=object))) == 2
