import numpy as np
import pytest

from flowlace.formats.image import Image, ImageFormat
from flowlace.recording.codecs.video import VideoCodec, fits_video
from flowlace.recording.errors import CodecError


def slope(shift: int, *, width: int = 64, height: int = 48) -> Image:
    row = np.linspace(30, 220, width).astype(np.uint8)
    pixels = np.repeat(np.roll(row, shift)[None, :, None], height, axis=0).repeat(3, axis=2)
    return Image(ImageFormat.SRGB, pixels)


def test_every_picture_comes_back_at_once_and_close_to_what_it_was() -> None:
    writer, reader = VideoCodec(), VideoCodec()
    pictures = [slope(shift) for shift in range(5)]
    back = [reader.decode(writer.encode(each, i * 33_333)) for i, each in enumerate(pictures)]
    errors = [
        np.abs(got.pixels.astype(int) - sent.pixels).mean()
        for got, sent in zip(back, pictures, strict=True)
        if got is not None
    ]
    assert len(errors) == 5
    assert max(errors) < 5


def test_decoding_gives_the_same_every_time() -> None:
    writer = VideoCodec()
    data = [writer.encode(slope(i), i * 33_333) for i in range(4)]
    first, second = VideoCodec(), VideoCodec()
    assert [first.decode(each) for each in data] == [second.decode(each) for each in data]


def test_reading_from_the_middle_gives_nothing_before_a_key_frame_and_the_same_after_it() -> None:
    writer, whole, late = VideoCodec(), VideoCodec(), VideoCodec()
    data = [writer.encode(slope(i), i * 400_000) for i in range(6)]
    expected = [whole.decode(each) for each in data]
    assert [late.decode(each) for each in data[1:]] == [None, None, *expected[3:]]


def test_a_picture_of_another_size_or_an_odd_one_begins_anew() -> None:
    writer, reader = VideoCodec(), VideoCodec()
    reader.decode(writer.encode(slope(0), 0))
    odd = reader.decode(writer.encode(slope(0, width=65, height=49), 1))
    assert odd is not None
    assert (odd.width_px, odd.height_px) == (65, 49)


def test_a_damaged_access_unit_is_an_error_or_a_picture_and_the_next_key_frame_is_fine() -> None:
    writer, reader = VideoCodec(), VideoCodec()
    first = writer.encode(slope(0), 0)
    with pytest.raises(CodecError, match="can't be decoded"):
        reader.decode(first[: len(first) // 3])
    assert reader.decode(writer.encode(slope(1), 33_333)) is None
    assert reader.decode(writer.encode(slope(2), 1_100_000)) is not None


def test_other_formats_are_not_for_video() -> None:
    deep = Image(ImageFormat.GRAY16, np.zeros((2, 2), np.uint16))
    assert not fits_video(deep)
    with pytest.raises(CodecError, match="SRGB or GRAY8"):
        VideoCodec().encode(deep, 0)
