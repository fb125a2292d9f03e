import enum
import json
import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlace.formats.detection import Detection, LocationData, RelativeBoundingBox
from flowlace.formats.image import Image, ImageFormat
from flowlace.formats.radar_grid import Extent, RadarGrid
from flowlace.formats.rect import NormalizedRect
from flowlace.formats.sound_scores import SoundClasses, SoundScores
from flowlace.formats.tensor import Quantization, Tensor
from flowlace.formats.time_series import Matrix, TimeSeriesHeader
from flowlace.formats.tracked_box import TimedBox, TrackState
from flowlace.recording.codecs import (
    PacketCodec,
    ValueCodec,
    codec_for_payload,
    codec_for_schema,
    recordable,
    register_codec,
)
from flowlace.recording.codecs.image import ImageCodec
from flowlace.recording.codecs.messages import message_class
from flowlace.recording.errors import CodecError


def there_and_back(payload: Any) -> Any:
    codec = codec_for_payload(payload)()
    return codec.decode(codec.encode(payload, 0))


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary(),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])) | st.integers(), inner)
    ),
    max_leaves=12,
)


@given(PLAIN)
def test_plain_values_come_back_equal_and_of_the_same_type(value: Any) -> None:
    back = there_and_back(value)
    assert back == value
    assert repr(back) == repr(value)  # tells -0.0 from 0.0, True from 1, a tuple from a list


def test_not_a_number_comes_back() -> None:
    assert math.isnan(there_and_back(float("nan")))
    assert there_and_back([float("inf"), float("-inf")]) == [float("inf"), float("-inf")]


@pytest.mark.parametrize(
    "payload",
    [
        [
            TimedBox(
                timestamp_us=3, top=0.1, left=0.2, bottom=0.3, right=0.4, state=TrackState.EMPTY
            )
        ],
        Detection(
            label=("car",),
            score=(0.1,),
            location_data=LocationData(
                relative_bounding_box=RelativeBoundingBox(0.1, 0.2, 0.3, 0.4)
            ),
        ),
        NormalizedRect(x_center=1 / 3, y_center=0.5, width=0.1, height=1e-300),
        TimeSeriesHeader(sample_rate=44_100.0, num_channels=2),
        Matrix(np.array([[0.5, -1e-45, np.inf]], np.float32)),
        Matrix(np.array([[1 + 2j]], np.complex64)),
        Image(ImageFormat.SRGB, np.arange(24, dtype=np.uint8).reshape(2, 4, 3)),
        [Image(ImageFormat.GRAY8, np.eye(3, dtype=np.uint8))],
        SoundScores(
            classes=SoundClasses(
                labels=("dog",),
                thresholds=np.ones(1, np.float32),
                releases=np.ones(1, np.float32),
                reaches_us=np.ones(1, np.int64),
            ),
            values=np.zeros(1, np.float32),
        ),
    ],
    ids=lambda payload: type(payload).__name__,
)
def test_payloads_come_back_equal(payload: Any) -> None:
    assert there_and_back(payload) == payload


@pytest.mark.parametrize("image_format", sorted(set(ImageFormat) - {0, 5, 6}))
def test_pictures_of_every_format_keep_every_bit(image_format: ImageFormat) -> None:
    shape = (3, 5) if image_format.channels == 1 else (3, 5, image_format.channels)
    raw = np.random.default_rng(1).bytes(math.prod(shape) * image_format.dtype.itemsize)
    pixels = np.frombuffer(raw, image_format.dtype).reshape(shape)
    back = there_and_back(Image(image_format, pixels))
    assert back.format is image_format
    assert back.pixels.tobytes() == raw
    assert back.pixels.flags.aligned


def test_pictures_that_are_a_part_of_others_come_back_whole() -> None:
    part = Image(ImageFormat.GRAY8, np.arange(100, dtype=np.uint8).reshape(10, 10)[2:7:2, 1:9])
    assert there_and_back(part) == part


def test_padding_that_other_tools_leave_between_rows_is_skipped() -> None:
    foreign = message_class("foxglove.RawImage")(
        width=2, height=2, encoding="mono8", step=4, data=b"\x01\x02xx\x03\x04xx"
    )
    image = ImageCodec().decode(foreign.SerializeToString())
    assert image.pixels.tolist() == [[1, 2], [3, 4]]


def test_a_radar_grid_keeps_where_nothing_was_seen() -> None:
    rain = np.array([[np.nan, 0.0], [1.5, 300.0]], np.float32)
    quality = np.array([[0, 1], [2, 4]], np.uint8)
    grid = RadarGrid(
        rain_rate_mm_h=rain, projection="+proj=longlat", extent=Extent(5, 50, 6, 51),
        observed_us=1_700_000_000_000_000, quality=quality, source="storm",
    )  # fmt: skip
    back = there_and_back(grid)
    assert back.rain_rate_mm_h.tobytes() == rain.tobytes()
    assert (back.quality.tolist(), back.extent, back.source) == (
        quality.tolist(), grid.extent, "storm",
    )  # fmt: skip
    assert not back.rain_rate_mm_h.flags.writeable


def test_a_tensor_keeps_its_name_and_scale_and_a_deferred_one_is_made() -> None:
    scaled = Tensor(np.arange(4, dtype=np.int8), name="x", quantization=Quantization(0.5, 3))
    back = there_and_back(scaled)
    assert (back.name, back.quantization, back.array.tolist()) == (
        "x", Quantization(0.5, 3), [0, 1, 2, 3],
    )  # fmt: skip
    deferred = Tensor.deferred((2,), np.float32, lambda out: out.fill(7))
    assert there_and_back(deferred).array.tolist() == [7, 7]


@pytest.mark.parametrize("dtype", ["?", ">u2", "<f8", "c16", "U3", "M8[us]", [("a", "i4")]])
def test_arrays_keep_type_shape_and_bytes(dtype: Any) -> None:
    array = np.zeros((2, 0, 3) if dtype == "?" else (2, 3), dtype, order="F")
    back = there_and_back(array)
    assert (back.dtype, back.shape, back.tobytes()) == (array.dtype, array.shape, array.tobytes())


@recordable
@dataclass(frozen=True)
class Echo:
    distance_m: float
    kinds: tuple[str, ...] = ()


class Unmarked(NamedTuple):
    distance_m: float


class Plain:
    pass


def test_a_marked_class_of_the_user_comes_back() -> None:
    assert there_and_back({"all": [Echo(1.5, ("ship",))]}) == {"all": [Echo(1.5, ("ship",))]}


@pytest.mark.parametrize("payload", [Plain(), [Unmarked(1.0)], {1, 2}])
def test_an_unknown_type_is_refused_with_what_to_do(payload: Any) -> None:
    with pytest.raises(CodecError, match=r"can't be recorded; mark a dataclass .* PacketCodec"):
        ValueCodec().encode(payload, 0)


def test_only_plain_classes_can_be_marked() -> None:
    with pytest.raises(CodecError, match=r"Plain is no dataclass, named tuple or enum"):
        recordable(Plain)
    assert recordable(enum.Enum("Colour", "RED")) is not None


def test_an_array_of_objects_is_refused() -> None:
    with pytest.raises(CodecError, match="array of Python objects"):
        ValueCodec().encode(np.array([object()]), 0)


def value_bytes(tree: Any, arrays: list[bytes] | None = None) -> bytes:
    message = message_class("flowlace.Value")(json=json.dumps(tree), arrays=arrays or [])
    data: bytes = message.SerializeToString()
    return data


@pytest.mark.parametrize(
    "name", ["subprocess.Popen", "os.system", "flowlace.runner.track.track", "builtins.eval"]
)
def test_a_file_can_not_make_what_was_not_marked(name: str) -> None:
    with pytest.raises(CodecError, match="which is not known here"):
        ValueCodec().decode(value_bytes({"~make": name, "of": {"args": ["touch", "x"]}}))


@pytest.mark.parametrize(
    "data",
    [
        b"\xff",
        b"\x0a\x7f",
        value_bytes({"~array": 0}),
        value_bytes({"~array": 0}, [b"no array"]),
        value_bytes({"~array": 0}, [b"\x93NUMPY\x01\x00\x76\x00{'descr': '|O', 'fortran_order'"]),
        value_bytes({"~soon": 1}),
        value_bytes({"~make": "flowlace.formats.rect.Rect", "of": {"x": 1}}),
        value_bytes({"~make": "flowlace.formats.rect.Rect", "of": 3}),
        message_class("flowlace.Value")(json="[" * 100_000).SerializeToString(),
        message_class("flowlace.Value")(json="[" * 3000 + "]" * 3000).SerializeToString(),
    ],
    ids=range(10),
)
def test_bytes_that_are_no_value_are_an_error(data: bytes) -> None:
    with pytest.raises(CodecError, match="recording"):
        ValueCodec().decode(data)


@given(st.binary(max_size=200))
def test_garbage_is_no_picture(data: bytes) -> None:
    with pytest.raises(CodecError, match="can't be read"):
        ImageCodec().decode(data + b"\x1d\xff\xff\xff\xff")  # four thousand million rows


def test_a_codec_of_the_user_is_found_by_payload_and_by_schema() -> None:
    @register_codec(Plain)
    class PlainCodec(PacketCodec):
        schema_name = "tests.Plain"
        message_encoding = "tests"

        def encode(self, payload: Any, timestamp_us: int) -> bytes:
            return b"plain"

        def decode(self, data: bytes) -> Any:
            return Plain()

    assert codec_for_payload(Plain()) is PlainCodec
    assert codec_for_schema("tests.Plain") is PlainCodec
    assert isinstance(there_and_back(Plain()), Plain)
