import gc
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import flowlace.compat.mediapipe as mp

BOTH = pytest.mark.parametrize("kind", [mp.ImageFrame, mp.Image])
SHAPES = [
    (mp.ImageFormat.GRAY8, (5, 4), np.uint8),
    (mp.ImageFormat.SRGB, (5, 4, 3), np.uint8),
    (mp.ImageFormat.SRGBA, (5, 4, 4), np.uint8),
    (mp.ImageFormat.GRAY16, (5, 4), np.uint16),
    (mp.ImageFormat.SRGB48, (5, 4, 3), np.uint16),
    (mp.ImageFormat.SRGBA64, (5, 4, 4), np.uint16),
    (mp.ImageFormat.VEC32F1, (5, 4), np.float32),
    (mp.ImageFormat.VEC32F2, (5, 4, 2), np.float32),
]


def numbers(shape: tuple[int, ...], dtype: Any = np.uint8) -> Any:
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


@BOTH
@pytest.mark.parametrize(("image_format", "shape", "dtype"), SHAPES)
def test_pixels_come_back(kind: Any, image_format: Any, shape: Any, dtype: Any) -> None:
    pixels = numbers(shape, dtype)
    image = kind(image_format=image_format, data=pixels)
    assert np.array_equal(image.numpy_view(), pixels)
    assert (image.width, image.height, image.image_format) == (4, 5, image_format)
    assert image.channels == (1 if len(shape) == 2 else shape[2])
    assert image[tuple(each - 1 for each in shape)] == pixels.flat[-1]


@BOTH
def test_an_index_outside_is_an_index_error(kind: Any) -> None:
    gray = kind(mp.ImageFormat.GRAY8, numbers((5, 4)))
    with pytest.raises(IndexError, match="index dimension mismatch"):
        gray[0, 0, 0]
    with pytest.raises(IndexError, match="out of bounds"):
        gray[5, 4]
    with pytest.raises(TypeError):
        gray["a"]


@BOTH
def test_the_view_is_read_only_and_the_pixels_are_a_copy(kind: Any) -> None:
    pixels = numbers((5, 4, 3))
    image = kind(mp.ImageFormat.SRGB, pixels)
    pixels[0, 0, 0] = 77
    assert image[0, 0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        image.numpy_view()[0, 0, 0] = 1


@BOTH
def test_a_view_keeps_an_image_without_padding_alive(kind: Any) -> None:
    image = kind(mp.ImageFormat.SRGB, numbers((48, 64, 3)))
    references = sys.getrefcount(image)
    view = image.numpy_view()
    assert image.is_contiguous()
    assert sys.getrefcount(image) == references + 1
    del view
    gc.collect()
    assert sys.getrefcount(image) == references


@BOTH
def test_a_width_mediapipe_would_pad_is_not_contiguous(kind: Any) -> None:
    image = kind(mp.ImageFormat.SRGB, numbers((4, 5, 3)))
    assert not image.is_contiguous()
    assert image.is_aligned(4)
    with pytest.raises(ValueError, match="power of two"):
        image.is_aligned(3)


@BOTH
def test_the_type_of_the_pixels_has_to_fit_the_format(kind: Any) -> None:
    with pytest.raises(RuntimeError, match="uint16 image data"):
        kind(mp.ImageFormat.SRGB, numbers((5, 4, 3), np.uint16))
    with pytest.raises(TypeError, match="float64"):
        kind(mp.ImageFormat.VEC32F1, numbers((5, 4), np.float64))
    with pytest.raises(TypeError, match="ImageFormat"):
        kind(1, numbers((5, 4, 3)))


@BOTH
def test_the_shape_has_to_fit_the_format(kind: Any) -> None:
    with pytest.raises(ValueError, match="SRGBA expects shape"):
        kind(mp.ImageFormat.SRGBA, numbers((5, 4, 3)))


def test_what_only_one_of_the_classes_has() -> None:
    pixels = numbers((4, 5, 3))
    assert mp.ImageFrame(mp.ImageFormat.SRGB, pixels).byte_depth == 1
    assert mp.Image(mp.ImageFormat.SRGB, pixels).step == 16
    assert not mp.Image(mp.ImageFormat.SRGB, pixels).uses_gpu()
    assert not mp.Image(mp.ImageFormat.SRGB, pixels).is_empty()


@pytest.mark.parametrize(
    ("shape", "image_format"), [((6, 5), "GRAY8"), ((6, 5, 3), "SRGB"), ((6, 5, 4), "SRGBA")]
)
def test_a_picture_is_read_from_a_file(
    tmp_path: Path, shape: tuple[int, ...], image_format: str
) -> None:
    pixels = numbers(shape)
    cv2.imwrite(str(tmp_path / "picture.png"), pixels)
    image = mp.Image.create_from_file(str(tmp_path / "picture.png"))
    assert image.image_format.name == image_format
    assert image[(2, 3, 0)[: len(shape)]] == pixels[(2, 3, 2)[: len(shape)]]


def test_a_missing_or_broken_picture_is_a_runtime_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="can't fopen"):
        mp.Image.create_from_file(str(tmp_path / "none.png"))
    (tmp_path / "broken.bin").write_bytes(b"no picture")
    with pytest.raises(RuntimeError, match="decoding failed"):
        mp.Image.create_from_file(str(tmp_path / "broken.bin"))
