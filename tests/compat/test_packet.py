import gc
import sys
from typing import Any

import numpy as np
import pytest
from google.protobuf import struct_pb2, text_format

import flowlace.compat.mediapipe as mp
from flowlace.compat.mediapipe.framework.formats import detection_pb2, location_data_pb2
from flowlace.compat.mediapipe.python import packet_creator as creator
from flowlace.compat.mediapipe.python import packet_getter as getter
from flowlace.framework.packet import Packet as FlowPacket

RGB = np.arange(7 * 5 * 3, dtype=np.uint8).reshape(7, 5, 3)


def create(kind: str, value: Any) -> mp.Packet:
    packet: mp.Packet = getattr(creator, f"create_{kind}")(value)
    return packet


def test_a_new_packet_is_empty_and_has_no_time() -> None:
    assert mp.Packet().is_empty()
    assert mp.Packet().timestamp == mp.Timestamp.UNSET


def test_at_returns_another_packet_and_the_setter_changes_this_one() -> None:
    packet = creator.create_string("abc")
    assert packet.at(100).timestamp == packet.at(mp.Timestamp(100)).timestamp == 100
    assert packet.timestamp == mp.Timestamp.UNSET
    packet.timestamp = 200
    assert packet.timestamp == 200
    assert mp.Packet(packet).timestamp == 200


@pytest.mark.parametrize(
    ("kind", "limits"),
    [
        ("int", (-(2**31), 2**31 - 1)),
        ("int8", (-(2**7), 2**7 - 1)),
        ("int16", (-(2**15), 2**15 - 1)),
        ("int32", (-(2**31), 2**31 - 1)),
        ("uint8", (0, 2**8 - 1)),
        ("uint16", (0, 2**16 - 1)),
        ("uint32", (0, 2**32 - 1)),
    ],
)
def test_integers_keep_to_the_range_of_their_type(kind: str, limits: tuple[int, int]) -> None:
    get = getter.get_uint if kind.startswith("u") else getter.get_int
    assert [get(create(kind, limit)) for limit in limits] == list(limits)
    with pytest.raises(OverflowError, match="execeeds the maximum value"):
        create(kind, limits[1] + 1)
    with pytest.raises(OverflowError, match="below the minimum value"):
        create(kind, limits[0] - 1)


@pytest.mark.parametrize(("kind", "value"), [("int64", 2**63), ("uint64", 2**64), ("uint64", -1)])
def test_what_is_no_64_bit_integer_is_a_type_error(kind: str, value: int) -> None:
    with pytest.raises(TypeError):
        create(kind, value)


@pytest.mark.parametrize("value", [np.int8(1), np.uint64(1), np.bool_(True), True, np.array(1)])
def test_numpy_integers_are_integers(value: Any) -> None:
    assert getter.get_int(creator.create_int16(value)) == 1


@pytest.mark.parametrize("value", [1.0, "1", None, [1], np.float32(1)])
def test_only_integers_are_integers(value: Any) -> None:
    with pytest.raises(TypeError):
        creator.create_int(value)


def test_signed_and_unsigned_integers_are_not_mixed_up() -> None:
    with pytest.raises(ValueError, match="doesn't contain uint8"):
        getter.get_uint(creator.create_int(1))
    with pytest.raises(ValueError, match="doesn't contain int,"):
        getter.get_int(creator.create_uint8(1))


def test_a_number_from_a_python_calculator_is_read_by_every_getter_it_fits() -> None:
    packet = mp.Packet.of(FlowPacket(3))
    assert getter.get_int(packet) == getter.get_uint(packet) == 3
    with pytest.raises(ValueError, match="doesn't contain uint8"):
        getter.get_uint(mp.Packet.of(FlowPacket(-3)))


def test_a_bool_is_no_integer() -> None:
    assert getter.get_bool(creator.create_bool(True)) is True
    with pytest.raises(ValueError, match="doesn't contain int,"):
        getter.get_int(creator.create_bool(True))
    with pytest.raises(TypeError):
        creator.create_bool(1)


def test_a_float_is_rounded_to_32_bits_and_a_double_is_not() -> None:
    assert getter.get_float(creator.create_float(0.1)) == float(np.float32(0.1))
    assert getter.get_float(creator.create_double(0.1)) == 0.1
    with pytest.raises(TypeError):
        creator.create_float("1")  # type: ignore[arg-type]


def test_text_and_bytes_are_the_same_kind_of_packet() -> None:
    assert getter.get_bytes(creator.create_string("é")) == b"\xc3\xa9"
    assert getter.get_str(creator.create_string(b"abc")) == "abc"
    assert getter.get_bytes(creator.create_string(b"\xd0\xba\xd0")) == b"\xd0\xba\xd0"
    with pytest.raises(UnicodeDecodeError):
        getter.get_str(creator.create_string(b"\xff"))


@pytest.mark.parametrize(
    ("kind", "values"),
    [("int", [1, 2, 3]), ("bool", [True, False]), ("float", [0.5, 0.25]), ("int", [])],
)
def test_vectors_come_back_as_lists(kind: str, values: list[Any]) -> None:
    packet = getattr(creator, f"create_{kind}_vector")(values).at(100)
    assert getattr(getter, f"get_{kind}_list")(packet) == values


def test_string_vectors_come_back_as_text() -> None:
    assert getter.get_str_list(creator.create_string_vector(["a", b"b"])) == ["a", "b"]


@pytest.mark.parametrize("values", [5, "abc", {1, 2}, [1.5], [2**31]])
def test_an_int_vector_takes_a_list_of_int32(values: Any) -> None:
    with pytest.raises(TypeError):
        creator.create_int_vector(values)


def test_arrays_are_no_vectors() -> None:
    assert "int []" in repr(creator.create_int_array([1, 2]))
    assert "float []" in repr(creator.create_float_array([0.1]))
    with pytest.raises(ValueError, match="containers"):
        getter.get_int_list(creator.create_int_array([1, 2]))


def test_packets_travel_in_lists_and_dictionaries_of_packets() -> None:
    inner = creator.create_int(42).at(4)
    (first,) = getter.get_packet_list(creator.create_packet_vector([inner]))
    assert (getter.get_int(first), first.timestamp) == (42, 4)
    entries = creator.create_string_to_packet_map({"b": inner, "a": creator.create_string("x")})
    found = getter.get_str_to_packet_dict(entries)
    assert list(found) == ["a", "b"]
    assert getter.get_int(found["b"]) == 42
    with pytest.raises(TypeError):
        creator.create_packet_vector([1])  # type: ignore[list-item]
    with pytest.raises(TypeError):
        creator.create_string_to_packet_map({"a": 1})  # type: ignore[dict-item]


def test_a_matrix_is_copied_as_float32_and_read_only() -> None:
    given = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])[:, ::-1]
    packet = creator.create_matrix(given)
    found = getter.get_matrix(packet)
    given[:] = 0
    assert found.tolist() == np.float32([[0.3, 0.2, 0.1], [0.6, 0.5, 0.4]]).tolist()
    assert not found.flags.writeable


def test_a_matrix_may_be_transposed_and_a_vector_is_one_column() -> None:
    assert getter.get_matrix(creator.create_matrix(np.arange(6).reshape(2, 3), True)).shape == (
        3,
        2,
    )
    assert getter.get_matrix(creator.create_matrix(np.arange(6))).shape == (6, 1)
    with pytest.raises(TypeError):
        creator.create_matrix(np.zeros((2, 2, 2)))


def test_the_wrong_getter_names_both_types() -> None:
    with pytest.raises(ValueError, match='stores "string", but "bool" was requested'):
        getter.get_bool(creator.create_string("a"))
    with pytest.raises(ValueError, match='stores "int"'):
        getter.get_proto(creator.create_int(1))


def test_an_empty_packet_is_a_value_error_for_numbers_and_a_runtime_error_for_the_rest() -> None:
    with pytest.raises(ValueError, match="doesn't contain"):
        getter.get_int(mp.Packet())
    with pytest.raises(RuntimeError, match="empty Packet"):
        getter.get_str(mp.Packet().at(3))


def test_a_message_is_copied_in_and_out() -> None:
    detection = text_format.Parse("score: 0.5 label: 'car'", detection_pb2.Detection())
    packet = creator.create_proto(detection)
    detection.score[0] = 0
    found: Any = getter.get_proto(packet)
    assert found.score == [0.5]
    assert "mediapipe::Detection" in repr(packet)


def test_messages_travel_in_lists() -> None:
    messages = [struct_pb2.Value(number_value=1), struct_pb2.Value(number_value=2)]
    assert getter.get_proto_list(creator.create_proto_vector(messages)) == messages


def test_detections_are_on_the_wire_as_in_mediapipe() -> None:
    detection = text_format.Parse(
        "label_id: 3 score: 0.5 location_data { format: RELATIVE_BOUNDING_BOX "
        "relative_bounding_box { xmin: 0.25 } }",
        detection_pb2.Detection(),
    )
    location = b"\x08\x02\x1a\x05\r\x00\x00\x80>"
    wire = b"\x12\x01\x03\x1a\x04\x00\x00\x00?" + b'"' + bytes([len(location)]) + location
    assert detection.SerializeToString() == wire
    assert location_data_pb2.LocationData.RELATIVE_BOUNDING_BOX == 2


def test_any_object_travels() -> None:
    thing = object()
    assert getter.get_object(creator.create_object(thing)) is thing


def test_packets_print_time_and_type() -> None:
    packet = creator.create_int8(1).at(3)
    assert repr(packet) == "<mediapipe.Packet with timestamp: 3 and C++ type: signed char>"
    assert repr(mp.Packet()) == "<mediapipe.Packet with timestamp: UNSET and no data>"


@pytest.mark.parametrize("kind", ["image_frame", "image"])
def test_writable_pixels_are_copied(kind: str) -> None:
    pixels = RGB[:, :, ::-1]
    references = sys.getrefcount(RGB)
    packet = getattr(creator, f"create_{kind}")(pixels, image_format=mp.ImageFormat.SRGB)
    found = getattr(getter, f"get_{kind}")(packet)
    assert np.array_equal(found.numpy_view(), pixels)
    assert not np.shares_memory(found.numpy_view(), RGB)
    assert sys.getrefcount(RGB) == references


@pytest.mark.parametrize("kind", ["image_frame", "image"])
def test_read_only_pixels_are_shared_as_long_as_the_packet_lives(kind: str) -> None:
    pixels = RGB.copy()
    pixels.flags.writeable = False
    references = sys.getrefcount(pixels)
    packet = getattr(creator, f"create_{kind}")(pixels, image_format=mp.ImageFormat.SRGB)
    assert sys.getrefcount(pixels) == references + 1
    assert np.shares_memory(getattr(getter, f"get_{kind}")(packet).numpy_view(), pixels)
    del packet
    gc.collect()
    assert sys.getrefcount(pixels) == references


def test_sharing_writable_pixels_warns() -> None:
    with pytest.warns(RuntimeWarning, match="still writeable"):
        creator.create_image_frame(RGB.copy(), image_format=mp.ImageFormat.SRGB, copy=False)


def test_pixels_with_gaps_are_not_shared() -> None:
    with pytest.raises(ValueError, match="c_contiguous"):
        creator.create_image(RGB[:, ::2], image_format=mp.ImageFormat.SRGB, copy=False)


def test_an_image_packet_needs_its_format() -> None:
    with pytest.raises(ValueError, match="image_format"):
        creator.create_image_frame(RGB)
    with pytest.raises(TypeError):
        creator.create_image_frame(RGB.astype(float), image_format=mp.ImageFormat.VEC32F1)


def test_an_image_frame_becomes_a_packet_with_its_own_format_only() -> None:
    frame = mp.ImageFrame(mp.ImageFormat.SRGB, RGB)
    packet = creator.create_image_frame(frame)
    assert np.array_equal(getter.get_image_frame(packet).numpy_view(), RGB)
    with pytest.raises(ValueError, match="match"):
        creator.create_image_frame(frame, image_format=mp.ImageFormat.GRAY8)
    with pytest.raises(ValueError, match="reference"):
        creator.create_image_frame(frame, copy=False)


def test_images_travel_in_lists() -> None:
    packet = creator.create_image_vector([mp.Image(mp.ImageFormat.SRGB, RGB)])
    (found,) = getter.get_image_list(packet)
    assert np.array_equal(found.numpy_view(), RGB)
