from typing import Any

import av
import numpy as np
import pytest

from flowlace.sources.decoding import float_samples

LAYOUTS = {2: "stereo", 8: "7.1", 16: "hexadecagonal"}


def frame_of(values: Any, sample_format: str) -> Any:
    """Returns `[channel, sample]` as a frame of libav, in planes or not."""
    layout = LAYOUTS[len(values)]
    packed = av.AudioFrame.from_ndarray(values.T.reshape(1, -1).copy(), "s16", layout)
    packed.sample_rate = 16_000
    [frame] = av.AudioResampler(format=sample_format).resample(packed)
    return frame


@pytest.mark.parametrize("channels", [2, 8, 16])
@pytest.mark.parametrize("sample_format", ["s16", "s16p", "flt", "fltp"])
def test_sound_of_many_channels_is_read_exactly(channels: int, sample_format: str) -> None:
    values = np.random.default_rng(0).integers(-32768, 32767, (channels, 1000)).astype(np.int16)
    found = float_samples(frame_of(values, sample_format))
    np.testing.assert_array_equal(found, values / np.float32(32768))
