import numpy as np
import pytest

from flowlace.calculators.vision.image_properties import ImagePropertiesCalculator
from flowlace.formats.image import Image, ImageFormat
from flowlace.framework.errors import GraphConfigError
from flowlace.testing import at, run_calculator

WIDE = Image(ImageFormat.GRAY8, np.zeros((4, 8), np.uint8))


@pytest.mark.parametrize("tag", ["IMAGE", "IMAGE_CPU", "IMAGE_GPU"])
def test_the_size_is_width_and_height(tag: str) -> None:
    run = run_calculator(ImagePropertiesCalculator, inputs={tag: [at(3, WIDE)]})
    assert run.packets("SIZE") == [at(3, (8, 4))]


def test_one_picture_has_to_be_connected() -> None:
    with pytest.raises(GraphConfigError, match="exactly one of IMAGE, IMAGE_CPU, IMAGE_GPU"):
        run_calculator(ImagePropertiesCalculator)
    with pytest.raises(GraphConfigError, match="exactly one of"):
        run_calculator(ImagePropertiesCalculator, IMAGE=[], IMAGE_GPU=[])
