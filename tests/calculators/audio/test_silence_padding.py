import numpy as np
import pytest

from flowlace.calculators.audio.silence_padding import (
    SilencePaddingCalculator,
    SilencePaddingOptions,
)
from flowlace.formats.time_series import Matrix
from flowlace.framework.errors import FlowlaceError
from flowlace.framework.packet import Packet
from flowlace.testing import CalculatorRun, run_calculator
from tests.calculators.audio.sounds import cut, header, joined, noise

RATE = 16_000


def padded(packets: list[Packet[Matrix]], before: int = 160, after: int = 80) -> CalculatorRun:
    return run_calculator(
        SilencePaddingCalculator,
        SilencePaddingOptions(samples_before=before, samples_after=after),
        sound=packets,
        headers={"sound": header(RATE, packet_rate=20.0, num_samples=None)},
    )


def test_silence_comes_before_and_after() -> None:
    sound = noise(1000)
    run = padded(cut(sound, [400], RATE))
    assert run.timestamps("padded_sound") == [-10_000, 0, 25_000, 62_500]
    np.testing.assert_array_equal(
        joined(run.payloads("padded_sound")), np.pad(sound, ((0, 0), (160, 80)))
    )


def test_each_stretch_has_its_own_silence() -> None:
    packets = cut(noise(160), [], RATE) + cut(noise(160), [], RATE, 1_000_000)
    assert padded(packets).timestamps("padded_sound") == [
        -10_000, 0, 10_000, 990_000, 1_000_000, 1_010_000,
    ]  # fmt: skip


def test_a_gap_too_short_for_the_silence_of_both_sides_is_filled() -> None:
    packets = cut(noise(160), [], RATE) + cut(noise(160), [], RATE, 25_000)
    run = padded(packets)
    assert run.timestamps("padded_sound") == [-10_000, 0, 10_000, 25_000, 35_000]
    assert run.payloads("padded_sound")[2].columns == 240
    assert run.counters == {"filled_gaps": 1}


def test_no_sound_gets_no_silence() -> None:
    assert padded([]).payloads("padded_sound") == []


def test_nothing_is_added_where_nothing_is_asked_for() -> None:
    packets = cut(noise(160), [], RATE)
    assert padded(packets, 0, 0).packets("padded_sound") == packets


def test_the_header_says_no_rate_of_packets() -> None:
    found = padded(cut(noise(100), [], RATE)).headers["padded_sound"].payload
    assert (found.sample_rate, found.packet_rate) == (RATE, None)


def test_less_than_no_silence_is_refused() -> None:
    with pytest.raises(FlowlaceError, match="samples_after has to be at least 0, but is -1"):
        padded([], 0, -1)
