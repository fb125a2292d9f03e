import pytest

from flowlace.calculators.audio.add_audio_header import (
    AddAudioHeaderCalculator,
    AddAudioHeaderOptions,
)
from flowlace.formats.time_series import TimeSeriesHeader
from flowlace.testing import run_calculator
from tests.calculators.audio.sounds import cut, noise


@pytest.mark.parametrize(
    ("options", "rate", "channels"),
    [
        (AddAudioHeaderOptions(), 48_000, 1),
        (AddAudioHeaderOptions(sample_rate=16_000, num_channels=2), 16_000, 2),
    ],
)
def test_the_same_packets_go_on_under_a_header(
    options: AddAudioHeaderOptions, rate: float, channels: int
) -> None:
    packets = cut(noise(300, channels), [100], rate)
    outcome = run_calculator(AddAudioHeaderCalculator, options, sound=packets)
    assert outcome.packets("sound_with_header") == packets
    assert outcome.headers["sound_with_header"].payload == TimeSeriesHeader(
        sample_rate=rate, num_channels=channels
    )
