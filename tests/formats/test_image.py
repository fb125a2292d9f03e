import numpy as np
import pytest

from flowlace.formats import Image, ImageFormat


def rgb(height: int = 4, width: int = 6, value: int = 7) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


def test_numbers_of_formats_are_those_of_mediapipe() -> None:
    assert [(one.name, one.value) for one in ImageFormat] == [
        ("UNKNOWN", 0),
        ("SRGB", 1),
        ("SRGBA", 2),
        ("GRAY8", 3),
        ("GRAY16", 4),
        ("YCBCR420P", 5),
        ("YCBCR420P10", 6),
        ("SRGB48", 7),
        ("SRGBA64", 8),
        ("VEC32F1", 9),
        ("LAB8", 10),
        ("SBGRA", 11),
        ("VEC32F2", 12),
        ("VEC32F4", 13),
    ]


def test_knows_its_size_and_channels() -> None:
    image = Image(ImageFormat.SRGB, rgb(height=4, width=6))
    assert (image.width_px, image.height_px, image.channels) == (6, 4, 3)


def test_shares_the_memory_of_the_array_it_was_made_of() -> None:
    pixels = rgb()
    assert np.shares_memory(Image(ImageFormat.SRGB, pixels).pixels, pixels)


def test_keeps_the_array_it_was_made_of_writeable_for_its_maker() -> None:
    pixels = rgb()
    Image(ImageFormat.SRGB, pixels)
    assert pixels.flags.writeable


def test_refuses_to_be_written_to() -> None:
    image = Image(ImageFormat.SRGB, rgb())
    with pytest.raises(ValueError, match="read-only"):
        image.pixels[0, 0] = 0


def test_refuses_to_change_its_format() -> None:
    image = Image(ImageFormat.SRGB, rgb())
    with pytest.raises(AttributeError):
        image.format = ImageFormat.LAB8  # type: ignore[misc]


def test_takes_a_strided_view_without_copying_it() -> None:
    pixels = rgb(height=8)
    half = Image(ImageFormat.SRGB, pixels[::2])
    assert (half.height_px, np.shares_memory(half.pixels, pixels)) == (4, True)


@pytest.mark.parametrize(
    ("image_format", "shape", "dtype"),
    [
        (ImageFormat.SRGBA, (2, 3, 4), np.uint8),
        (ImageFormat.SBGRA, (2, 3, 4), np.uint8),
        (ImageFormat.GRAY8, (2, 3), np.uint8),
        (ImageFormat.GRAY16, (2, 3), np.uint16),
        (ImageFormat.SRGB48, (2, 3, 3), np.uint16),
        (ImageFormat.SRGBA64, (2, 3, 4), np.uint16),
        (ImageFormat.VEC32F1, (2, 3), np.float32),
        (ImageFormat.VEC32F2, (2, 3, 2), np.float32),
        (ImageFormat.VEC32F4, (2, 3, 4), np.float32),
        (ImageFormat.LAB8, (2, 3, 3), np.uint8),
    ],
)
def test_holds_every_packed_format(
    image_format: ImageFormat, shape: tuple[int, ...], dtype: type
) -> None:
    assert Image(image_format, np.zeros(shape, dtype)).pixels.shape == shape


def test_says_which_dtype_was_expected_and_which_came() -> None:
    with pytest.raises(ValueError, match="SRGB expects dtype uint8, pixels have float64"):
        Image(ImageFormat.SRGB, np.zeros((2, 2, 3)))


@pytest.mark.parametrize("shape", [(2, 2), (2, 2, 4), (2, 2, 2, 3), (0, 2, 3)])
def test_says_which_shape_was_expected_and_which_came(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"expects shape \[y, x, 3\].* pixels have \("):
        Image(ImageFormat.SRGB, np.zeros(shape, np.uint8))


def test_wants_gray_without_a_channel_axis() -> None:
    with pytest.raises(ValueError, match=r"GRAY8 expects shape \[y, x\]"):
        Image(ImageFormat.GRAY8, np.zeros((2, 2, 1), np.uint8))


@pytest.mark.parametrize("image_format", [ImageFormat.UNKNOWN, ImageFormat.YCBCR420P])
def test_says_which_formats_it_can_hold(image_format: ImageFormat) -> None:
    with pytest.raises(ValueError, match=f"can't hold format {image_format.name}; convert to"):
        Image(image_format, rgb())


def test_wants_an_array() -> None:
    with pytest.raises(ValueError, match="must be a numpy array, not list"):
        Image(ImageFormat.GRAY8, [[1]])  # type: ignore[arg-type]


def test_is_equal_to_an_image_of_the_same_content() -> None:
    assert Image(ImageFormat.SRGB, rgb()) == Image(ImageFormat.SRGB, rgb())


@pytest.mark.parametrize(
    "other",
    [
        Image(ImageFormat.SRGB, rgb(value=8)),
        Image(ImageFormat.LAB8, rgb()),
        Image(ImageFormat.SRGB, rgb(height=5)),
        "picture",
    ],
)
def test_differs_from_another_content_format_size_or_thing(other: object) -> None:
    assert Image(ImageFormat.SRGB, rgb()) != other


def test_has_no_hash() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(Image(ImageFormat.SRGB, rgb()))


def test_gray_weighs_red_green_and_blue_as_bt601_does() -> None:
    pixels = np.array([[(255, 0, 0), (0, 255, 0), (0, 0, 255)]], np.uint8)
    assert Image(ImageFormat.SRGB, pixels).gray().pixels.tolist() == [[76, 150, 29]]


def test_gray_of_bgra_reads_blue_first() -> None:
    pixels = np.array([[(0, 0, 255, 255)]], np.uint8)
    assert Image(ImageFormat.SBGRA, pixels).gray().pixels.tolist() == [[76]]


def test_gray_of_deep_colour_is_deep() -> None:
    image = Image(ImageFormat.SRGB48, np.full((2, 2, 3), 40_000, np.uint16)).gray()
    assert (image.format, int(image.pixels[0, 0])) == (ImageFormat.GRAY16, 40_000)


def test_gray_of_gray_is_itself() -> None:
    image = Image(ImageFormat.GRAY8, np.zeros((2, 2), np.uint8))
    assert image.gray() is image


def test_gray_of_lab_is_its_lightness() -> None:
    pixels = np.array([[(10, 128, 128), (200, 90, 140)]], np.uint8)
    assert Image(ImageFormat.LAB8, pixels).gray().pixels.tolist() == [[10, 200]]


def test_vectors_have_no_gray() -> None:
    with pytest.raises(ValueError, match="VEC32F2 holds vectors"):
        Image(ImageFormat.VEC32F2, np.zeros((2, 2, 2), np.float32)).gray()


def test_shows_format_and_size() -> None:
    assert repr(Image(ImageFormat.SRGB, rgb())) == "Image(SRGB, 6×4)"
