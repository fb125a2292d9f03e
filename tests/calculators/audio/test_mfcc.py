"""Reference numbers are those published with audio_dsp, from an independent implementation."""

from typing import Any

import numpy as np
import pytest

from flowlace.calculators.audio.mel_spectrum import MelSpectrumOptions
from flowlace.calculators.audio.mfcc import MfccCalculator, MfccOptions
from flowlace.formats.time_series import TimeSeriesHeader
from flowlace.framework.errors import FlowlaceError
from flowlace.testing import CalculatorRun, run_calculator
from tests.calculators.audio.sounds import cut, header, noise

PUBLISHED = [
    29.13970072, -6.41568601, -0.61903012, -0.96778652, -0.26819878, -0.40907028, -0.15614748,
    -0.23203119, -0.10481487, -0.1543029, -0.0769791, -0.10806114, -0.06047613,
]  # fmt: skip
BANDS = MelSpectrumOptions(channel_count=40, min_frequency_hertz=20, max_frequency_hertz=4000)


def mfcc(values: Any, audio_rate: float, **options: Any) -> CalculatorRun:
    return run_calculator(
        MfccCalculator,
        MfccOptions(**options),
        spectra=cut(values, [2], 100),
        headers={"spectra": header(100, len(values), audio_sample_rate=audio_rate)},
    )


def test_coefficients_agree_with_published_numbers() -> None:
    ramp = np.arange(1, 514, dtype=np.float32)[:, None]
    outcome = mfcc(ramp, 22_050, mel_spectrum_params=BANDS)
    found = outcome.payloads("transformed")[0].values[:, 0]
    np.testing.assert_allclose(found, PUBLISHED, atol=1e-4)


def test_silence_has_finite_coefficients() -> None:
    found = mfcc(np.zeros((513, 1), np.float32), 22_050).payloads("transformed")[0].values
    assert found[0, 0] == pytest.approx(np.log(1e-12) * 20 * np.sqrt(2 / 20), rel=1e-5)
    np.testing.assert_allclose(found[1:], 0, atol=1e-4)


def test_one_low_bin_is_a_slow_cosine() -> None:
    values = np.zeros((129, 1), np.float32)
    values[10] = 1
    bands = MelSpectrumOptions(channel_count=40)
    found = mfcc(values, 8000, mel_spectrum_params=bands, mfcc_count=40).payloads("transformed")
    assert found[0].values[:, 0].argmax() == 1


def test_the_header_tells_how_many_coefficients_there_are() -> None:
    outcome = mfcc(noise(5, 129) ** 2, 8800, mfcc_count=7)
    assert outcome.headers["transformed"].payload == TimeSeriesHeader(
        sample_rate=100, num_channels=7, audio_sample_rate=8800
    )
    assert [one.values.shape for one in outcome.payloads("transformed")] == [(7, 2), (7, 3)]


@pytest.mark.parametrize("count", [0, 21])
def test_more_coefficients_than_bands_are_refused(count: int) -> None:
    with pytest.raises(FlowlaceError, match=r"mfcc_count has to be 1 to channel_count \(20\)"):
        mfcc(noise(5, 129) ** 2, 8800, mfcc_count=count)
