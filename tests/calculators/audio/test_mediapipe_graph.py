"""The sound half of MediaPipe's YouTube-8M graph, up to its network, as that graph has it."""

from pathlib import Path
from typing import Any

import numpy as np

from flowlace.framework.graph import CalculatorGraph
from tests.calculators.audio.sounds import noise
from tests.calculators.audio.test_audio_decoder import sixteen_bit, write_wav
from tests.calculators.audio.test_mel_spectrum import tensorflow_mel_weights

GRAPH = """
input_side_packet: "input_file"
output_stream: "windows"
node {
  calculator: "AudioDecoderCalculator"
  input_side_packet: "INPUT_FILE_PATH:input_file"
  output_stream: "AUDIO:audio"
  output_stream: "AUDIO_HEADER:audio_header"
  node_options: {
    [type.googleapis.com/mediapipe.AudioDecoderOptions]: { audio_stream { stream_index: 0 } }
  }
}
node {
  calculator: "AddHeaderCalculator"
  input_stream: "DATA:audio"
  input_stream: "HEADER:audio_header"
  output_stream: "media_audio"
}
node {
  calculator: "AverageTimeSeriesAcrossChannelsCalculator"
  input_stream: "media_audio"
  output_stream: "mono_waveform"
}
node {
  calculator: "RationalFactorResampleCalculator"
  input_stream: "mono_waveform"
  output_stream: "resampled_waveform"
  node_options: {
    [type.googleapis.com/mediapipe.RationalFactorResampleCalculatorOptions] {
      target_sample_rate: 16000.0
    }
  }
}
node {
  calculator: "SpectrogramCalculator"
  input_stream: "resampled_waveform"
  output_stream: "spectrogram"
  node_options: {
    [type.googleapis.com/mediapipe.SpectrogramCalculatorOptions] {
      frame_duration_seconds: 0.025
      frame_overlap_seconds: 0.015
      output_type: SQUARED_MAGNITUDE
    }
  }
}
node {
  calculator: "MelSpectrumCalculator"
  input_stream: "spectrogram"
  output_stream: "mel_spectrum"
  node_options: {
    [type.googleapis.com/mediapipe.MelSpectrumCalculatorOptions] {
      channel_count: 64
      min_frequency_hertz: 125.0
      max_frequency_hertz: 7500.0
    }
  }
}
node {
  calculator: "StabilizedLogCalculator"
  input_stream: "mel_spectrum"
  output_stream: "log_mel_spectrum"
  node_options: {
    [type.googleapis.com/mediapipe.StabilizedLogCalculatorOptions] { stabilizer: 0.01 }
  }
}
node {
  calculator: "TimeSeriesFramerCalculator"
  input_stream: "log_mel_spectrum"
  output_stream: "windows"
  node_options: {
    [type.googleapis.com/mediapipe.TimeSeriesFramerCalculatorOptions] {
      frame_duration_seconds: 0.96
      frame_overlap_seconds: -0.04
    }
  }
}
"""


def test_it_gives_a_window_a_second(tmp_path: Path) -> None:
    stereo = sixteen_bit(noise(16_000 * 5, 2) * np.float32(0.5))
    path = write_wav(tmp_path / "sound.wav", stereo)
    graph = CalculatorGraph(GRAPH)
    found: list[tuple[int, Any]] = []
    graph.observe_output_stream("windows", lambda p: found.append((p.timestamp, p.payload.values)))
    graph.start_run({"input_file": str(path)})
    graph.wait_until_done()
    assert [time for time, _ in found] == [1_000_000 * second for second in range(5)]
    header = graph.header("windows").payload
    assert (header.num_channels, header.num_samples, header.packet_rate) == (64, 96, 1.0)
    mono = stereo.astype(float).mean(axis=0)[48_000:]
    frames = np.lib.stride_tricks.sliding_window_view(mono, 400)[::160][:96]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    magnitudes = np.abs(np.fft.rfft(frames * hann, 512))
    weights = tensorflow_mel_weights(64, 257, 16_000, 125, 7500)
    np.testing.assert_allclose(found[3][1].T, np.log(magnitudes @ weights + 0.01), atol=1e-5)
