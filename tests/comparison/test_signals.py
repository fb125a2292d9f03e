import math

import numpy as np
import pytest

from flowlace.comparison.signals import image_mismatch, psnr_db, snr_db, sound_mismatch
from flowlace.formats.image import Image, ImageFormat
from flowlace.formats.time_series import Matrix


def gray(value: int, *, width: int = 8) -> Image:
    return Image(ImageFormat.GRAY8, np.full((6, width), value, np.uint8))


def sound(scale: float) -> Matrix:
    return Matrix((scale * np.sin(np.arange(1000) / 7))[None].astype(np.float32))


def test_psnr_is_the_definition() -> None:
    assert psnr_db(gray(100), gray(101)) == pytest.approx(20 * math.log10(255))
    assert psnr_db(gray(0), gray(255)) == 0
    assert psnr_db(gray(7), gray(7)) == math.inf


def test_whole_numbers_do_not_wrap_around() -> None:
    assert psnr_db(gray(255), gray(1)) == psnr_db(gray(1), gray(255))


def test_a_picture_may_differ_by_as_many_decibels_as_allowed() -> None:
    assert image_mismatch(gray(100), gray(101), 48) is None
    found = image_mismatch(gray(100), gray(101), 49)
    assert found is not None
    assert found.what == "PSNR 48.13 dB (49 dB are wanted); 48 of 48 pixels differ, by up to 1"


def test_a_picture_of_another_size_or_format_differs_however_much_is_allowed() -> None:
    found = image_mismatch(gray(1), gray(1, width=9), 0)
    assert found is not None
    assert found.what == "a picture of GRAY8 8×6 became one of GRAY8 9×6"


def test_snr_is_the_definition() -> None:
    assert snr_db(sound(1).values, sound(1.1).values) == pytest.approx(20, abs=1e-4)
    assert snr_db(sound(0).values, sound(1).values) == -math.inf


def test_sound_may_differ_by_as_many_decibels_as_allowed() -> None:
    assert sound_mismatch(sound(1), sound(1.1), 19.9) is None
    assert sound_mismatch(sound(1), sound(1.1), 20.1) is not None


def test_sound_that_is_not_finite_on_one_side_only_differs() -> None:
    broken = sound(1).values.copy()
    broken[0, 3] = np.nan
    found = sound_mismatch(sound(1), Matrix(broken), 0)
    assert found is not None
    assert "not finite" in found.what
    assert sound_mismatch(Matrix(broken), Matrix(broken.copy()), math.inf) is None
