from typing import Any

import numpy as np
import pytest
import soxr
from hypothesis import given, settings

from flowlace.calculators.audio.audio_to_tensor import (
    AudioToTensorCalculator,
    AudioToTensorOptions,
    DftTensorFormat,
    FlushMode,
)
from flowlace.formats.time_series import Matrix
from flowlace.framework.errors import FlowlaceError
from flowlace.framework.packet import Packet
from flowlace.framework.timestamp import MAX, PRE_STREAM
from flowlace.testing import CalculatorRun, at, run_calculator
from tests.calculators.audio.sounds import cut, header, noise, sizes_within

RATE = 10_000.0


def of(samples: int, overlap: int = 0, *, factor: float = 1, **more: Any) -> AudioToTensorOptions:
    settings_of = {"num_channels": 2, "target_sample_rate": RATE * factor, **more}
    return AudioToTensorOptions(num_samples=samples, num_overlapping_samples=overlap, **settings_of)


def tensors(
    options: AudioToTensorOptions, packets: list[Packet[Matrix]], channels: int = 2, **more: Any
) -> CalculatorRun:
    return run_calculator(
        AudioToTensorCalculator,
        options,
        AUDIO=packets,
        headers={"AUDIO": header(RATE, channels)},
        outputs=more.pop("outputs", ["TENSORS", "TIMESTAMPS"]),
        **more,
    )


def in_memory(outcome: CalculatorRun) -> list[list[float]]:
    return [one[0].array.ravel().tolist() for one in outcome.payloads("TENSORS")]


def interleaved(values: Any, first: int, count: int) -> list[float]:
    """Returns samples as a model gets them: all channels of one, then the next, zeros at last."""
    part = values[:, first : first + count]
    padded = np.pad(part, ((0, 0), (0, count - part.shape[1])))
    return np.ascontiguousarray(padded.T).ravel().tolist()


def separate_packets(samples: int, count: int = 10) -> list[Packet[Matrix]]:
    return [Packet(Matrix(noise(samples, 2, i)), 1_000_000 * i) for i in range(count)]


@pytest.mark.parametrize(
    ("samples", "length", "overlap", "times"),
    [
        (8, 4, 0, [0, 400]),
        (8, 4, 2, [0, 200, 400, 600]),
        (7, 4, 2, [0, 200, 400]),
    ],
)
def test_packets_are_cut_and_padded_alone_out_of_stream_mode(
    samples: int, length: int, overlap: int, times: list[int]
) -> None:
    packets = separate_packets(samples)
    outcome = tensors(of(length, overlap, stream_mode=False), packets)
    assert in_memory(outcome) == [
        interleaved(packet.payload.values, place * (length - overlap), length)
        for packet in packets
        for place in range(len(times))
    ]
    assert outcome.payloads("TIMESTAMPS")[3] == [3_000_000 + time for time in times]
    assert outcome.timestamps("TIMESTAMPS")[3] == 3_000_000 + times[-1]


def test_packets_are_resampled_as_a_whole_out_of_stream_mode() -> None:
    packets = separate_packets(1024, 2)
    outcome = tensors(of(256, factor=0.5, stream_mode=False), packets)
    whole = soxr.resample(packets[1].payload.values.T, RATE, RATE / 2, "HQ").T
    assert in_memory(outcome)[2] == interleaved(whole, 0, 256)
    assert outcome.payloads("TIMESTAMPS")[0] == [0, 51_200]


def test_channels_are_mixed_down_to_one() -> None:
    values = noise(8, 2)
    outcome = tensors(of(8, num_channels=1), cut(values, [], RATE))
    np.testing.assert_allclose(in_memory(outcome)[0], values.mean(axis=0), rtol=1e-6)
    assert outcome.payloads("TENSORS")[0][0].shape == (1, 8)


@pytest.mark.parametrize(
    ("length", "overlap", "samples", "count", "has_rest"),
    [(5, 0, 100, 20, False), (6, 0, 100, 17, True), (10, 2, 120, 15, True)],
)
def test_a_stream_is_cut_across_packets_and_its_rest_comes_at_the_end(
    length: int, overlap: int, samples: int, count: int, has_rest: bool
) -> None:
    values = noise(samples, 2)
    outcome = tensors(of(length, overlap), cut(values, [10] * (samples // 10 - 1), RATE))
    step = length - overlap
    assert in_memory(outcome) == [interleaved(values, i * step, length) for i in range(count)]
    times = [100 * step * i for i in range(count)]
    assert outcome.timestamps("TENSORS") == ([*times[:-1], MAX] if has_rest else times)


def test_the_rest_can_come_at_its_time() -> None:
    options = of(6, flush_mode=FlushMode.PROCEED_AS_USUAL)
    outcome = tensors(options, cut(noise(10, 2), [], RATE))
    assert outcome.timestamps("TENSORS") == [0, 600]


def test_zeros_are_added_before_and_after() -> None:
    values = noise(20, 2)
    options = of(16, 4, padding_samples_before=3, padding_samples_after=9,
                 flush_mode=FlushMode.PROCEED_AS_USUAL)  # fmt: skip
    padded = np.pad(values, ((0, 0), (3, 9)))
    outcome = tensors(options, cut(values, [7], RATE))
    assert in_memory(outcome) == [interleaved(padded, 12 * i, 16) for i in range(3)]


@settings(max_examples=40, deadline=None)
@given(sizes=sizes_within(3000))
@pytest.mark.parametrize("factor", [1, 0.5, 2.2])
def test_tensors_do_not_depend_on_how_the_input_is_cut(factor: float, sizes: list[int]) -> None:
    values, options = noise(3000, 2), of(256, 64, factor=factor)
    whole, pieces = (
        tensors(options, cut(values, [], RATE)),
        tensors(options, cut(values, sizes, RATE)),
    )
    assert in_memory(pieces) == in_memory(whole)
    assert pieces.timestamps("TENSORS") == whole.timestamps("TENSORS")


def test_tensors_start_anew_after_a_gap() -> None:
    first, second = noise(10, 2, 1), noise(12, 2, 2)
    packets = cut(first, [], RATE) + cut(second, [], RATE, 1_000_000)
    outcome = tensors(of(8), packets)
    assert outcome.timestamps("TENSORS") == [0, 800, 1_000_000, MAX]
    assert in_memory(outcome)[1:3] == [interleaved(first, 8, 8), interleaved(second, 0, 8)]
    assert outcome.counters == {"gaps": 1}


def test_gaps_are_bridged_if_timestamps_are_not_checked() -> None:
    packets = separate_packets(10)
    outcome = tensors(of(5, check_inconsistent_timestamps=False), packets)
    assert outcome.timestamps("TENSORS") == [500 * i for i in range(20)]
    assert outcome.counters == {}


def test_sound_gets_louder_by_decibels() -> None:
    values = noise(8, 2)
    outcome = tensors(of(8, volume_gain_db=20.0), cut(values, [], RATE))
    np.testing.assert_allclose(in_memory(outcome)[0], interleaved(values * 10, 0, 8), rtol=1e-6)


def test_nan_and_infinity_become_silence_and_are_counted() -> None:
    values = noise(8, 2)
    values[1, 3] = np.nan
    outcome = tensors(of(8), cut(values, [], RATE))
    assert outcome.counters == {"non_finite_samples": 1}
    assert in_memory(outcome)[0][7] == 0


@pytest.mark.parametrize("time", [0, PRE_STREAM])
def test_the_rate_can_come_as_a_packet(time: int) -> None:
    values = noise(8, 2)
    outcome = run_calculator(
        AudioToTensorCalculator,
        of(8),
        AUDIO=cut(values, [], RATE),
        SAMPLE_RATE=[at(time, RATE)],
        outputs=["TENSORS"],
        in_order=["SAMPLE_RATE", "AUDIO"],
    )
    assert in_memory(outcome) == [interleaved(values, 0, 8)]


def test_another_rate_within_a_stream_is_refused() -> None:
    with pytest.raises(FlowlaceError, match="changes from 10000 to 8000 Hz within a stream"):
        run_calculator(
            AudioToTensorCalculator,
            of(8),
            AUDIO=cut(noise(16, 2), [8], RATE),
            SAMPLE_RATE=[at(0, RATE), at(800, 8000.0)],
            outputs=["TENSORS"],
        )


def test_sound_without_a_rate_is_refused() -> None:
    with pytest.raises(FlowlaceError, match="needs a TimeSeriesHeader with its input"):
        run_calculator(
            AudioToTensorCalculator, of(8), AUDIO=cut(noise(16, 2), [], RATE), outputs=["TENSORS"]
        )


def test_a_rate_that_comes_twice_is_refused() -> None:
    with pytest.raises(FlowlaceError, match="gets the sample rate twice"):
        tensors(of(8), cut(noise(16, 2), [], RATE), SAMPLE_RATE=[at(0, RATE)])


def test_other_channels_than_the_model_takes_are_refused() -> None:
    with pytest.raises(FlowlaceError, match="sound has 3 channels, but the model takes 2"):
        tensors(of(8), cut(noise(16, 3), [], RATE), channels=3)


SPECTRA = {"num_channels": 1, "fft_size": 320, "flush_mode": FlushMode.PROCEED_AS_USUAL}


def test_an_impulse_has_the_same_power_in_all_parts() -> None:
    values = np.zeros((1, 320), np.float32)
    values[0, 160] = 1
    outcome = tensors(of(320, 160, **SPECTRA), cut(values, [], RATE), channels=1,
                      outputs=["TENSORS", "DC_AND_NYQUIST"])  # fmt: skip
    (tensor,) = outcome.payloads("TENSORS")[0]
    assert tensor.shape == (2, 160)
    np.testing.assert_allclose(np.square(tensor.array.reshape(-1, 2)).sum(axis=1), 1, rtol=1e-5)
    assert outcome.payloads("DC_AND_NYQUIST")[0] == pytest.approx((1, 1))


@pytest.mark.parametrize(
    ("form", "parts"),
    [
        (DftTensorFormat.WITHOUT_DC_AND_NYQUIST, slice(1, 160)),
        (DftTensorFormat.WITH_NYQUIST, slice(1, 161)),
        (DftTensorFormat.WITH_DC_AND_NYQUIST, slice(0, 161)),
    ],
)
def test_tensors_hold_the_parts_that_are_asked_for(form: DftTensorFormat, parts: slice) -> None:
    values = noise(320)
    options = of(320, **SPECTRA, dft_tensor_format=form)
    outcome = tensors(options, cut(values, [], RATE), channels=1)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(320) / 320)
    wanted = np.fft.rfft(values[0] * window)[parts]
    found = outcome.payloads("TENSORS")[0][0].array.reshape(-1, 2)
    np.testing.assert_allclose(found[:, 0] + 1j * found[:, 1], wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (of(8, num_channels=None), "num_channels has to be above 0, but is missing"),
        (of(0), "num_samples has to be above 0, but is 0"),
        (of(8, target_sample_rate=None), "target_sample_rate has to be above 0, but is missing"),
        (of(8, 8), r"num_overlapping_samples \(8\) has to be at least 0"),
        (of(8, padding_samples_after=-3), "padding_samples_after has to be at least 0"),
        (of(8, flush_mode=FlushMode.NONE), "flush_mode has to be ENTIRE_TAIL"),
        (of(320, num_channels=1, fft_size=103), r"fft_size has to be 2\^a 3\^b 5\^c"),
        (of(320, fft_size=320), "fft_size needs num_channels 1, not 2"),
        (of(640, num_channels=1, fft_size=320), r"fft_size \(320\) has to hold a frame"),
        (
            of(320, **SPECTRA, dft_tensor_format=DftTensorFormat.DFT_TENSOR_FORMAT_UNKNOWN),
            "dft_tensor_format has to say",
        ),
    ],
)
def test_options_that_can_not_be_are_refused(options: AudioToTensorOptions, message: str) -> None:
    with pytest.raises(FlowlaceError, match=message):
        tensors(options, [])


def test_the_ends_of_spectra_need_spectra() -> None:
    with pytest.raises(FlowlaceError, match="DC_AND_NYQUIST is there only with fft_size"):
        tensors(of(8), [], outputs=["TENSORS", "DC_AND_NYQUIST"])
