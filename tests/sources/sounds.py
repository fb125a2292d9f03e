"""Sound for tests of sources: tones whose every sample is known, in files of any kind."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from flowlace.sources import Frame

LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}


def tone(samples: int, rate: int, hertz: float = 440, channels: int = 1) -> NDArray[np.float32]:
    """Returns a sine of half full scale, each further channel at half the one before."""
    wave = 0.5 * np.sin(2 * np.pi * hertz * np.arange(samples) / rate)
    return np.stack([wave / 2**index for index in range(channels)]).astype(np.float32)


def write_sound(
    path: Path,
    values: NDArray[np.float32],
    rate: int,
    codec: str,
    *,
    sample_format: str = "",
    starts: Sequence[int] | None = None,
    size: int = 1024,
) -> Path:
    """Writes `[channel, sample]`; block n of `size` samples begins at sample `starts[n]`."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout=LAYOUTS[values.shape[0]])
        if sample_format:
            stream.codec_context.format = sample_format
        resampler = av.AudioResampler(stream.codec_context.format, stream.layout, rate)
        stream.codec_context.open()
        size = stream.codec_context.frame_size or size
        for index, start in enumerate(range(0, values.shape[1], size)):
            block = np.ascontiguousarray(values[:, start : start + size])
            frame = av.AudioFrame.from_ndarray(block, "fltp", LAYOUTS[values.shape[0]])
            frame.sample_rate = rate
            [frame] = resampler.resample(frame)
            frame.pts = start if starts is None else starts[index]
            frame.time_base = Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def joined(frames: Sequence[Frame]) -> NDArray[np.float32]:
    """Returns all samples of frames."""
    return np.concatenate([frame.payload.values for frame in frames], axis=1)


def ends_us(frames: Sequence[Frame], rate: int) -> list[int]:
    """Returns when each frame ends."""
    return [round(one.timestamp_us + one.payload.columns * 1e6 / rate) for one in frames]
