from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from flowlace.calculators.audio.spectrogram import (
    OutputLayout,
    OutputType,
    SampleBufferMode,
    SpectrogramCalculator,
    SpectrogramOptions,
    WindowType,
)
from flowlace.formats.time_series import Matrix, MultiStreamTimeSeriesHeader, TimeSeriesHeader
from flowlace.framework.errors import FlowlaceError
from flowlace.framework.packet import Packet
from flowlace.testing import CalculatorRun, run_calculator
from tests.calculators.audio.sounds import cut, header, joined, noise, run, sizes_within

RATE = 4000.0
DC_POWER = (100 * 0.5) ** 2
"""Of ones under a Hann window of 100 samples, whose mean is 0.5."""


def of(length: float, overlap: float = 0, **more: Any) -> SpectrogramOptions:
    return SpectrogramOptions(
        frame_duration_seconds=length / RATE, frame_overlap_seconds=overlap / RATE, **more
    )


def spectra(options: SpectrogramOptions, values: Any, sizes: list[int] | None = None) -> Any:
    return run(SpectrogramCalculator, options, values, sizes or [], rate=RATE, start_us=4,
               port="sound")  # fmt: skip


def frames_of(outcome: CalculatorRun) -> list[int]:
    return [one.columns for one in outcome.payloads("spectra")]


def ones(samples: int) -> Any:
    return np.ones((1, samples), np.float32)


def tone(hertz: float, samples: int) -> Any:
    return np.cos(2 * np.pi * hertz * np.arange(samples) / RATE)[None].astype(np.float32)


@pytest.mark.parametrize(
    ("options", "sizes", "frames"),
    [
        (of(100, 0, pad_final_packet=False), [500, 200], [5, 2]),
        (of(100, 0, pad_final_packet=False, fft_size=512), [500, 200], [5, 2]),
        (of(100, 60, pad_final_packet=False), [500, 200], [11, 5]),
        (of(98.5, 58.4, pad_final_packet=False), [500, 200], [10, 5]),
        (of(100, 0, pad_final_packet=False), [90, 100, 110], [1, 2]),
        (of(100, 60, pad_final_packet=False), [140, 90], [2, 2]),
        (of(100, 60), [140, 80], [2, 2]),
        (of(100, 60), [140, 90], [2, 2, 1]),
        (of(100, 60), [30], [1]),
        (of(100, 60, pad_final_packet=False), [90], []),
    ],
)
def test_as_many_frames_come_as_from_mediapipe(
    options: SpectrogramOptions, sizes: list[int], frames: list[int]
) -> None:
    outcome = spectra(options, ones(sum(sizes)), sizes[:-1])
    assert frames_of(outcome) == frames


def test_packets_have_the_time_of_their_first_frame() -> None:
    outcome = spectra(of(100, 60, pad_final_packet=False), ones(700), [500])
    assert outcome.timestamps("spectra") == [4, 4 + round(11 * 40 / RATE * 1e6)]


def test_the_header_has_the_rates_of_frames_and_of_sound() -> None:
    values = ones(700)
    outcome = run(SpectrogramCalculator, of(100, 60), values, rate=RATE, port="sound",
                  packet_rate=1.0, num_samples=700)  # fmt: skip
    assert outcome.headers["spectra"].payload == TimeSeriesHeader(
        sample_rate=100, num_channels=65, audio_sample_rate=RATE
    )


@pytest.mark.parametrize(("hertz", "bin_number"), [(0, 0), (440, 14)])
def test_a_tone_is_in_its_bin(hertz: float, bin_number: int) -> None:
    found = joined(spectra(of(100, 60), tone(hertz, 460)).payloads("spectra"))
    assert set(found.argmax(axis=0).tolist()) == {bin_number}


@pytest.mark.parametrize(
    ("options", "value"),
    [
        (of(100, 60), DC_POWER),
        (of(100, 60, output_type=OutputType.LINEAR_MAGNITUDE), np.sqrt(DC_POWER)),
        (of(100, 60, output_type=OutputType.DECIBELS), 10 * np.log10(DC_POWER)),
        (of(100, 60, output_type=OutputType.DECIBELS, output_scale=2.5),
         25 * np.log10(DC_POWER)),
        (of(100, 60, output_type=OutputType.COMPLEX), 50 + 0j),
        (of(100, 60, output_type=OutputType.DECIBELS, input_scale=32768.0), 124.288),
        (of(100, 60, window_type=WindowType.HAMMING), 54.0**2),
    ],
)  # fmt: skip
def test_constant_sound_has_the_power_of_its_window(
    options: SpectrogramOptions, value: complex
) -> None:
    found = spectra(options, ones(140)).payloads("spectra")[0].values[0, 0]
    assert found == pytest.approx(value, rel=1e-5)


def test_the_cosine_window_is_the_root_of_the_hann_window() -> None:
    values = noise(300)
    found = spectra(of(100, 60, window_type=WindowType.SQRT_HANN), values).payloads("spectra")
    window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(100) / 100))
    wanted = np.abs(np.fft.rfft(values[0, 40:140].astype(float) * window, 128)) ** 2
    np.testing.assert_allclose(found[0].values[:, 1], wanted, rtol=1e-4, atol=1e-5)


def test_an_impulse_has_all_frequencies_and_its_phase() -> None:
    values = np.zeros((1, 200), np.float32)
    values[0, [49, 150]] = 1
    options = of(100, 0, pad_final_packet=False, output_type=OutputType.COMPLEX)
    found = joined(spectra(options, values).payloads("spectra"))
    assert found.dtype == np.complex64
    np.testing.assert_allclose(np.abs(found), 1, atol=0.01)
    assert found[-1, 0].real / found[-1, 1].real == pytest.approx(-1, abs=0.01)


def test_spectra_equal_those_computed_at_once() -> None:
    values = noise(2000)
    found = joined(spectra(of(100, 60), values, [33, 500, 1, 2]).payloads("spectra"))
    frames = np.lib.stride_tricks.sliding_window_view(values[0].astype(float), 100)[::40]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(100) / 100)
    wanted = np.abs(np.fft.rfft(frames * window, 128)).T ** 2
    np.testing.assert_allclose(found[:, : wanted.shape[1]], wanted, rtol=1e-4, atol=1e-5)


@settings(max_examples=60, deadline=None)
@given(sizes=sizes_within(1500))
@pytest.mark.parametrize("kind", [OutputType.SQUARED_MAGNITUDE, OutputType.DECIBELS])
def test_spectra_do_not_depend_on_how_the_input_is_cut(kind: OutputType, sizes: list[int]) -> None:
    options, values = of(100, 60, output_type=kind), noise(1500)
    whole, pieces = spectra(options, values), spectra(options, values, sizes)
    np.testing.assert_array_equal(
        joined(pieces.payloads("spectra")), joined(whole.payloads("spectra"))
    )


def test_each_channel_has_a_matrix_in_a_list() -> None:
    values = np.concatenate([ones(460), tone(440, 460)])
    outcome = spectra(of(100, 60, allow_multichannel_input=True), values, [50])
    (first, *_) = outcome.payloads("spectra")
    assert [one.values[:, 0].argmax() for one in first] == [0, 14]
    assert outcome.headers["spectra"].payload == MultiStreamTimeSeriesHeader(
        time_series_header=TimeSeriesHeader(
            sample_rate=100, num_channels=65, audio_sample_rate=RATE
        ),
        num_streams=2,
    )


def test_channels_can_lie_in_rows_one_frame_a_packet() -> None:
    values = np.concatenate([ones(460), tone(440, 460), ones(460)])
    outcome = spectra(
        of(100, 60, allow_multichannel_input=True, pad_final_packet=False,
           output_layout=OutputLayout.SPECTROGRAM_CHANNELS_IN_ROWS),
        values,
    )  # fmt: skip
    assert outcome.timestamps("spectra") == [4 + 10_000 * i for i in range(10)]
    assert [m.values.argmax(axis=1).tolist() for m in outcome.payloads("spectra")] == [
        [0, 14, 0]
    ] * 10


def test_several_channels_are_refused_unless_they_are_meant() -> None:
    with pytest.raises(FlowlaceError, match="expects one channel, but 2 come"):
        spectra(of(100), noise(500, 2))


def test_every_packet_is_a_sound_by_itself_if_the_buffer_is_reset() -> None:
    options = of(100, 60, sample_buffer_mode=SampleBufferMode.RESET, pad_final_packet=False)
    outcome = spectra(options, tone(440, 920), [460])
    assert frames_of(outcome) == [10, 10]
    assert outcome.timestamps("spectra") == [4, 115_004]


def test_a_reset_packet_forgets_what_came_before() -> None:
    outcome = run_calculator(
        SpectrogramCalculator,
        of(100, pad_final_packet=False),
        inputs={
            "sound": [*cut(ones(150), [], RATE), *cut(ones(100), [], RATE, 2_000_000)],
            "RESET": [Packet(True, 1_000_000)],
        },
        headers={"sound": header(RATE)},
    )
    assert outcome.timestamps("spectra") == [0, 2_000_000]
    assert outcome.counters == {}


def test_local_timestamps_are_those_of_the_packets() -> None:
    packets = [Packet(Matrix(ones(n)), 1_000_000 * n) for n in (100, 101, 109)]
    outcome = run_calculator(
        SpectrogramCalculator,
        of(100, 60, use_local_timestamp=True),
        sound=packets,
        headers={"sound": header(RATE)},
    )
    assert outcome.timestamps("spectra") == [
        100_000_000, 101_000_000, 109_000_000, 109_030_000,
    ]  # fmt: skip
    assert frames_of(outcome) == [1, 2, 3, 1]


def test_frames_start_anew_after_a_gap() -> None:
    packets = cut(ones(250), [60], RATE) + cut(tone(440, 250), [70], RATE, 5_000_000)
    outcome = run_calculator(
        SpectrogramCalculator, of(100, 50, pad_final_packet=False), sound=packets,
        headers={"sound": header(RATE)},
    )  # fmt: skip
    assert outcome.counters == {"gaps": 1}
    assert outcome.timestamps("spectra")[1:] == [5_000_000]
    assert [joined(outcome.payloads("spectra"))[:, i].argmax() for i in range(8)] == [0] * 4 + [
        14
    ] * 4


def test_nan_and_infinity_become_silence_and_are_counted() -> None:
    values = noise(400)
    values[0, [10, 20]] = np.nan, np.inf
    outcome = spectra(of(100, 0), values)
    assert outcome.counters == {"non_finite_samples": 2}
    values[0, [10, 20]] = 0
    np.testing.assert_array_equal(
        joined(outcome.payloads("spectra")),
        joined(spectra(of(100, 0), values).payloads("spectra")),
    )


def test_silence_is_minus_infinity_decibels() -> None:
    outcome = spectra(of(100, output_type=OutputType.DECIBELS), ones(100) * 0)
    assert set(outcome.payloads("spectra")[0].values.ravel().tolist()) == {-np.inf}


def test_side_packets_go_before_options() -> None:
    outcome = run_calculator(
        SpectrogramCalculator,
        SpectrogramOptions(),
        sound=cut(ones(400), [], RATE),
        headers={"sound": header(RATE)},
        side_packets={"FRAME_DURATION": 200 / RATE, "FRAME_OVERLAP": 0.0},
    )
    assert frames_of(outcome) == [2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (SpectrogramOptions(), "frame_duration_seconds has to be above 0"),
        (of(100, 100), "frame_overlap_seconds .* has to be at least 0 and below"),
        (of(100, -1), "frame_overlap_seconds .* has to be at least 0 and below"),
        (of(100, fft_size=64), r"fft_size \(64\) has to hold a frame of 100 samples"),
        (of(100, fft_size=-1), "fft_size has to be above 0, or 0"),
        (of(1), "are too short at 4000 Hz"),
    ],
)
def test_frames_that_can_not_be_are_refused(options: SpectrogramOptions, message: str) -> None:
    with pytest.raises(FlowlaceError, match=message):
        spectra(options, ones(500))
