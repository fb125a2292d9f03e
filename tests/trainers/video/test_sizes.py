from functools import partial

import pytest
from flowlace_trainers.video.computation import parameters
from flowlace_trainers.video.image_network import ImageNetwork, ImageNetworkOptions
from flowlace_trainers.video.sizes import SIZES, EncoderSize


@pytest.mark.parametrize(
    ("letters", "published"),
    [("Ti", 5_717_416), ("S", 22_050_664), ("B", 86_567_656), ("L", 304_326_632)],
)
def test_sizes_have_as_many_weights_as_the_published_ones(letters: str, published: int) -> None:
    options = ImageNetworkOptions(classes=1000, size=SIZES[letters], pooling="class_token")
    assert parameters(partial(ImageNetwork, options)) == published


def test_a_width_that_heads_do_not_divide_is_refused() -> None:
    with pytest.raises(ValueError, match="width=10 has to be a multiple of heads=3"):
        EncoderSize(layers=1, width=10, heads=3, inside=8)
