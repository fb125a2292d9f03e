import numpy as np
import pytest

from flowlace.calculators.audio.gap_fill import GapFillCalculator, GapFillOptions
from flowlace.formats.time_series import Matrix, duration_us
from flowlace.framework.packet import Packet
from flowlace.testing import CalculatorRun, run_calculator
from tests.calculators.audio.sounds import cut, header, joined, noise

RATE = 16_000


def filled(packets: list[Packet[Matrix]], longest: float = 2.0) -> CalculatorRun:
    return run_calculator(
        GapFillCalculator,
        GapFillOptions(max_gap_seconds=longest),
        sound=packets,
        headers={"sound": header(RATE)},
    )


def test_whole_sound_passes_as_it_is() -> None:
    packets = cut(noise(5000), [1000, 77], RATE, 5)
    assert filled(packets).packets("whole_sound") == packets


def test_missing_sound_becomes_silence() -> None:
    sound = noise(2000)
    packets = cut(sound[:, :1000], [], RATE) + cut(sound[:, 1000:], [], RATE, 100_000)
    run = filled(packets)
    whole = joined(run.payloads("whole_sound"))
    assert run.counters == {"filled_gaps": 1}
    assert run.timestamps("whole_sound") == [0, 62_500, 100_000]
    assert whole.shape == (1, 2600)
    assert not whole[:, 1000:1600].any()


def test_longer_gaps_stay_gaps() -> None:
    packets = cut(noise(1000), [], RATE) + cut(noise(1000), [], RATE, 3_000_000)
    assert filled(packets, 2.9).timestamps("whole_sound") == [0, 3_000_000]


@pytest.mark.parametrize("count", [300])
def test_many_gaps_do_not_move_the_sound(count: int) -> None:
    # Each packet is late by half a sample more than 10 ms: rounding must not add up.
    late = [
        Packet(Matrix(noise(160)), duration_us(320 * place, RATE) + 31 * (place % 2))
        for place in range(count)
    ]
    run = filled(late)
    columns = sum(one.columns for one in run.payloads("whole_sound"))
    assert abs(columns - (320 * count - 160)) <= 1
    assert run.counters == {"filled_gaps": count - 1}


def test_the_header_goes_on() -> None:
    assert filled(cut(noise(100), [], RATE)).headers["whole_sound"] == header(RATE)


def test_silence_has_all_channels() -> None:
    stereo = noise(2000, 2)
    run = run_calculator(
        GapFillCalculator,
        sound=[Packet(Matrix(stereo), 0), Packet(Matrix(stereo), 150_000)],
        headers={"sound": header(RATE, 2)},
    )
    np.testing.assert_array_equal(run.payloads("whole_sound")[1].values, np.zeros((2, 400)))
