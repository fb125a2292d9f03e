"""Turns spectra into mel spectra."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.audio.frame_transform import FrameTransformCalculator
from flowlace.calculators.audio.mel_filterbank import mel_magnitudes, mel_weights
from flowlace.formats.time_series import TimeSeriesHeader
from flowlace.framework.options import option, proto_options
from flowlace.framework.registry import register_calculator


@proto_options("mediapipe.MelSpectrumCalculatorOptions", extension=78581812)
@dataclass(frozen=True, kw_only=True, slots=True)
class MelSpectrumOptions:
    """Options of `MelSpectrumCalculator`."""

    channel_count: int = option(1, default=20)
    """How many bands there are."""

    min_frequency_hertz: float = option(2, default=125.0)
    """Where the first band begins."""

    max_frequency_hertz: float = option(3, default=3800.0)
    """Where the last band ends."""


def weights_for(
    options: MelSpectrumOptions, header: TimeSeriesHeader, node_name: str
) -> NDArray[np.float32]:
    """Returns `[bin, band]` for spectra with a header.

    Raises:
        ValueError: the header does not say what the spectra were computed from, or the bands do
            not fit them.
    """
    if not header.audio_sample_rate:
        raise ValueError(
            f"node {node_name!r} needs audio_sample_rate in the header of its input, to know what "
            "frequencies the bins have; SpectrogramCalculator sets it"
        )
    try:
        return mel_weights(
            int(header.num_channels or 0),
            header.audio_sample_rate,
            options.channel_count,
            options.min_frequency_hertz,
            options.max_frequency_hertz,
        )
    except ValueError as error:
        raise ValueError(f"node {node_name!r}: {error}") from error


@register_calculator
class MelSpectrumCalculator(FrameTransformCalculator[MelSpectrumOptions]):
    """Turns spectra into mel spectra.

    Inputs:   spectra (Matrix `[bin, frame]`): squared magnitudes, with a TimeSeriesHeader that
              has `audio_sample_rate`, as SpectrogramCalculator sends them by default
    Outputs:  mel_spectra (Matrix `[band, frame]`), in step: sums of linear magnitudes

    Bands are triangles of equal width on HTK's mel scale that overlap by half. Negative numbers
    and NaN are refused.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "MelSpectrumCalculator"
          input_stream: "spectra"
          output_stream: "mel_spectra"
          options {
            [mediapipe.MelSpectrumCalculatorOptions.ext] {
              channel_count: 64
              min_frequency_hertz: 125
              max_frequency_hertz: 7500
            }
          }
        }
        ```
    """

    def prepare(self, header: TimeSeriesHeader) -> int:
        """Makes the weights."""
        self._weights = weights_for(self.options, header, self.node_name)
        return int(self._weights.shape[1])

    def transform(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns `[frame, band]`."""
        return mel_magnitudes(frames, self._weights)
