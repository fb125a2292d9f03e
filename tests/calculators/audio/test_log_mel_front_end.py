"""The front end of YAMNet, made of MediaPipe's nodes, equals computing every window anew."""

from typing import Any

import numpy as np
from hypothesis import given, settings

from flowlace.framework.graph import CalculatorGraph
from tests.calculators.audio.sounds import cut, header, noise, sizes_within
from tests.calculators.audio.test_mel_spectrum import tensorflow_mel_weights

RATE = 16_000
GRAPH = """
input_stream: "sounds"
output_stream: "windows"
node {
  calculator: "SpectrogramCalculator" input_stream: "sounds" output_stream: "spectra"
  options { [mediapipe.SpectrogramCalculatorOptions.ext] {
    frame_duration_seconds: 0.025 frame_overlap_seconds: 0.015 fft_size: 512
    pad_final_packet: false } }
}
node {
  calculator: "MelSpectrumCalculator" input_stream: "spectra" output_stream: "mel_spectra"
  options { [mediapipe.MelSpectrumCalculatorOptions.ext] {
    channel_count: 64 min_frequency_hertz: 125 max_frequency_hertz: 7500 } }
}
node {
  calculator: "StabilizedLogCalculator" input_stream: "mel_spectra" output_stream: "logs"
  options { [mediapipe.StabilizedLogCalculatorOptions.ext] { stabilizer: 0.001 } }
}
node {
  calculator: "TimeSeriesFramerCalculator" input_stream: "logs" output_stream: "windows"
  options { [mediapipe.TimeSeriesFramerCalculatorOptions.ext] {
    frame_duration_seconds: 0.96 frame_overlap_seconds: 0.91 pad_final_packet: false } }
}
"""


def windows(values: Any, sizes: list[int]) -> list[tuple[int, Any]]:
    graph = CalculatorGraph(GRAPH)
    found: list[tuple[int, Any]] = []
    graph.observe_output_stream("windows", lambda p: found.append((p.timestamp, p.payload.values)))
    graph.start_run(headers={"sounds": header(RATE)})
    for packet in cut(values, sizes, RATE):
        graph.add_packet_to_input_stream("sounds", packet)
    graph.close_all_input_streams()
    graph.wait_until_done()
    return found


def window_computed_anew(samples: Any) -> Any:
    """Computes `[frame, band]` of 15 600 samples in double precision, as YAMNet's code does."""
    frames = np.lib.stride_tricks.sliding_window_view(samples.astype(float), 400)[::160]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    magnitudes = np.abs(np.fft.rfft(frames * hann, 512))
    return np.log(magnitudes @ tensorflow_mel_weights(64, 257, RATE, 125, 7500) + 0.001)


def test_windows_equal_those_computed_anew() -> None:
    values = noise(3 * RATE) * np.float32(0.3)
    found = windows(values, [777] * 50)
    assert [time for time, _ in found] == [50_000 * i for i in range(len(found))]
    assert len(found) == 1 + (3 * RATE - 15_600) // 800
    for time, window in found:
        begin = time * RATE // 1_000_000
        anew = window_computed_anew(values[0, begin : begin + 15_600])
        np.testing.assert_allclose(window.T, anew, atol=1e-5)


def test_faint_and_full_sounds_are_as_exact() -> None:
    time = np.arange(RATE) / RATE
    for level in (1e-4, 1.0):
        values = (level * np.sin(2 * np.pi * 700 * time))[None].astype(np.float32)
        ((_, window), *_) = windows(values, [])
        np.testing.assert_allclose(window.T, window_computed_anew(values[0, :15_600]), atol=1e-5)


@settings(max_examples=25, deadline=None)
@given(sizes=sizes_within(17_600))
def test_windows_do_not_depend_on_how_the_sound_is_cut(sizes: list[int]) -> None:
    values = noise(17_600)
    whole, pieces = windows(values, []), windows(values, sizes)
    assert [t for t, _ in pieces] == [t for t, _ in whole] == [0, 50_000, 100_000]
    np.testing.assert_array_equal([w for _, w in pieces], [w for _, w in whole])


def test_windows_are_ready_for_a_model_without_a_copy() -> None:
    ((_, first), (_, second), *_) = windows(noise(RATE + 1600), [])
    assert first.T.flags.c_contiguous
    assert np.shares_memory(first, second)
