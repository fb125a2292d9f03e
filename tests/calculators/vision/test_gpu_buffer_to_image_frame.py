import numpy as np

from flowlace.calculators.vision.gpu_buffer_to_image_frame import (
    GpuBufferToImageFrameCalculator,
    ImageFrameToGpuBufferCalculator,
)
from flowlace.formats.image import Image, ImageFormat
from flowlace.testing import at, run_calculator

FRAME = Image(ImageFormat.GRAY8, np.zeros((2, 2), np.uint8))


def test_pictures_stay_where_they_are_on_the_way_there() -> None:
    run = run_calculator(ImageFrameToGpuBufferCalculator, frames=[at(1, FRAME)])
    assert run.payloads("frames")[0] is FRAME


def test_pictures_stay_where_they_are_on_the_way_back() -> None:
    run = run_calculator(GpuBufferToImageFrameCalculator, frames=[at(1, FRAME)])
    assert run.payloads("frames")[0] is FRAME
