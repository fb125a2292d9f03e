"""Reference numbers are those published with audio_dsp, from an independent implementation."""

from typing import Any

import numpy as np
import pytest

from flowlace.calculators.audio.mel_filterbank import mel_weights
from flowlace.calculators.audio.mel_spectrum import MelSpectrumCalculator, MelSpectrumOptions
from flowlace.formats.time_series import TimeSeriesHeader
from flowlace.framework.errors import FlowlaceError
from flowlace.testing import CalculatorRun, run_calculator
from tests.calculators.audio.sounds import cut, header, joined, noise

RAMP = np.arange(1, 514, dtype=np.float32)[:, None]
FROM_20_HZ = [
    7.38894574, 10.30330648, 13.72703292, 17.24158686, 21.35253118, 25.77781089, 31.30624108,
    37.05877236, 43.9436536, 51.80306637, 60.79867148, 71.14363376, 82.90910141, 96.50069158,
    112.08428368, 129.96721968, 150.4277597, 173.74997634, 200.86037462, 231.59802942,
]  # fmt: skip
FROM_0_HZ = [
    6.55410799, 9.56411605, 13.01286477, 16.57608704, 20.58962488, 25.13380881, 30.52101218,
    36.27805982, 43.40116347, 51.30065013, 60.04552778, 70.85208474, 82.60955902, 96.41872603,
    112.26929653, 130.46661761, 151.28700221, 175.39139009, 202.84483315, 234.63080493,
]  # fmt: skip


def mel(
    values: Any, audio_rate: float | None, sizes: list[int] | None = None, **options: Any
) -> CalculatorRun:
    return run_calculator(
        MelSpectrumCalculator,
        MelSpectrumOptions(**options),
        spectra=cut(values, sizes or [], 100),
        headers={"spectra": header(100, len(values), audio_sample_rate=audio_rate)},
    )


@pytest.mark.parametrize(("lowest", "wanted"), [(20.0, FROM_20_HZ), (0.0, FROM_0_HZ)])
def test_bands_agree_with_published_numbers(lowest: float, wanted: list[float]) -> None:
    outcome = mel(RAMP, 22_050, min_frequency_hertz=lowest, max_frequency_hertz=4000.0)
    found = outcome.payloads("transformed")[0].values[:, 0]
    np.testing.assert_allclose(found, wanted, rtol=2e-6)


def test_packets_and_header_keep_their_time() -> None:
    outcome = mel(noise(500, 129) ** 2, 8800, [20, 30])
    assert outcome.timestamps("transformed") == [0, 200_000, 500_000]
    assert [one.values.shape for one in outcome.payloads("transformed")] == [
        (20, 20), (20, 30), (20, 450),
    ]  # fmt: skip
    assert outcome.headers["transformed"].payload == TimeSeriesHeader(
        sample_rate=100, num_channels=20, audio_sample_rate=8800
    )


def test_a_frame_does_not_depend_on_those_in_its_packet() -> None:
    values = noise(60, 257) ** 2
    whole = mel(values, 16_000, channel_count=64)
    pieces = mel(values, 16_000, [1, 2, 5, 7, 11], channel_count=64)
    np.testing.assert_array_equal(
        joined(pieces.payloads("transformed")), joined(whole.payloads("transformed"))
    )


def tensorflow_mel_weights(
    bands: int, bins: int, rate: float, lowest: float, highest: float
) -> Any:
    """Computes TensorFlow's `linear_to_mel_weight_matrix`, which YAMNet's front end uses."""
    bin_mel = 1127 * np.log(1 + np.linspace(0, rate / 2, bins)[1:] / 700)[:, None]
    low, high = (1127 * np.log(1 + hertz / 700) for hertz in (lowest, highest))
    edges = np.linspace(low, high, bands + 2)
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (bin_mel - left) / (centre - left), (right - bin_mel) / (right - centre)
    return np.pad(np.maximum(0, np.minimum(rising, falling)), ((1, 0), (0, 0)))


def test_the_bands_of_yamnet_are_those_of_tensorflow() -> None:
    wanted = tensorflow_mel_weights(64, 257, 16_000, 125, 7500)
    np.testing.assert_allclose(mel_weights(257, 16_000, 64, 125, 7500), wanted, atol=1e-6)


def test_the_first_bin_may_lack_what_tensorflow_gives_it() -> None:
    # Bin 5, at 156.25 Hz, is less than half a bin above 145 Hz.
    theirs = tensorflow_mel_weights(20, 257, 16_000, 145, 3800)
    ours = mel_weights(257, 16_000, 20, 145, 3800)
    differing = np.flatnonzero((np.abs(ours - theirs) > 1e-6).any(axis=1))
    assert differing.tolist() == [5]
    assert not ours[5].any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"channel_count": 0}, "channel_count has to be above 0"),
        ({"max_frequency_hertz": 8001.0}, "from 0 to 8000 Hz, half the sample rate"),
        ({"min_frequency_hertz": 4000.0}, "min_frequency_hertz is 4000 and max_frequency_hertz 38"),
        ({"channel_count": 200}, "of 200 mel bands, from number 0 on, are narrower"),
    ],
)
def test_bands_that_can_not_be_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(FlowlaceError, match=message):
        mel(noise(5, 257) ** 2, 16_000, **options)


def test_spectra_have_to_say_what_sound_they_are_of() -> None:
    with pytest.raises(FlowlaceError, match="needs audio_sample_rate in the header"):
        mel(noise(5, 129) ** 2, None)


@pytest.mark.parametrize("value", [-1.0, np.nan])
def test_what_is_no_squared_magnitude_is_refused(value: float) -> None:
    values = noise(5, 129) ** 2
    values[3, 2] = value
    with pytest.raises(FlowlaceError, match="expects squared magnitudes"):
        mel(values, 8800)
