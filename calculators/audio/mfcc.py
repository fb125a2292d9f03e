"""Turns spectra into mel frequency cepstral coefficients."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from flowlace.calculators.audio.frame_transform import FrameTransformCalculator
from flowlace.calculators.audio.mel_filterbank import mel_magnitudes
from flowlace.calculators.audio.mel_spectrum import MelSpectrumOptions, weights_for
from flowlace.formats.time_series import TimeSeriesHeader
from flowlace.framework.contract import Contract, ContractError
from flowlace.framework.options import option, proto_options
from flowlace.framework.registry import register_calculator

_FLOOR: Final = np.float32(1e-12)
"""Bands below count as this much, so that silence has a logarithm."""


@proto_options("mediapipe.MfccCalculatorOptions", extension=78450441)
@dataclass(frozen=True, kw_only=True, slots=True)
class MfccOptions:
    """Options of `MfccCalculator`."""

    mel_spectrum_params: MelSpectrumOptions = option(1)
    """The bands they are computed from."""

    mfcc_count: int = option(2, "uint32", default=13)
    """How many coefficients there are."""


@register_calculator
class MfccCalculator(FrameTransformCalculator[MfccOptions]):
    """Turns spectra into mel frequency cepstral coefficients.

    Inputs:   spectra (Matrix `[bin, frame]`): squared magnitudes, with a TimeSeriesHeader that
              has `audio_sample_rate`, as SpectrogramCalculator sends them by default
    Outputs:  coefficients (Matrix `[coefficient, frame]`), in step

    The cosine transform (DCT-II, with a factor of sqrt(2 / bands)) of the logarithm of mel
    spectra, so the first coefficient is about loudness. Negative numbers and NaN are refused.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "MfccCalculator"
          input_stream: "spectra"
          output_stream: "coefficients"
          options {
            [mediapipe.MfccCalculatorOptions.ext] {
              mel_spectrum_params { channel_count: 40 max_frequency_hertz: 7600 }
              mfcc_count: 20
            }
          }
        }
        ```
    """

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires no more coefficients than bands."""
        options: MfccOptions = contract.options
        bands, count = options.mel_spectrum_params.channel_count, options.mfcc_count
        if not 1 <= count <= bands:
            raise ContractError(
                f"mfcc_count has to be 1 to channel_count ({bands}), but is {count}"
            )

    def prepare(self, header: TimeSeriesHeader) -> int:
        """Makes the weights and the cosines."""
        params = self.options.mel_spectrum_params
        self._weights = weights_for(params, header, self.node_name)
        self._cosines = cosines(params.channel_count, self.options.mfcc_count)
        return self.options.mfcc_count

    def transform(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns `[frame, coefficient]`."""
        bands = np.maximum(mel_magnitudes(frames, self._weights), _FLOOR)
        found: NDArray[np.float32]
        found = np.matmul(np.log(bands)[:, None, :], self._cosines)[:, 0, :]
        return found


def cosines(bands: int, count: int) -> NDArray[np.float32]:
    """Returns `[band, coefficient]`: sqrt(2 / bands) cos(pi / bands * coefficient * (band + 0.5)).

    >>> cosines(2, 1).tolist()
    [[1.0], [1.0]]
    """
    angles = np.pi / bands * np.outer(np.arange(bands) + 0.5, np.arange(count))
    made: NDArray[np.float32] = (np.sqrt(2 / bands) * np.cos(angles)).astype(np.float32)
    return made
