"""Headers are handed on, and frame rates in them changed."""

import pytest

from flowlace.calculators.core.headers import with_frame_rate


def test_a_header_without_a_frame_rate_is_refused() -> None:
    with pytest.raises(TypeError, match="a video header is a dataclass with a frame_rate"):
        with_frame_rate("30 Hz", 15.0)
