import numpy as np
import pytest
from flowlace_trainers.sound.front_end import (
    BANDS,
    MEL_WEIGHTS,
    SAMPLE_RATE,
    WINDOW_FRAMES,
    WINDOW_SAMPLES,
    log_mel,
)


def test_a_window_of_sound_is_ninety_six_frames_of_sixty_four_bands() -> None:
    assert log_mel(np.zeros(WINDOW_SAMPLES, np.float32)).shape == (WINDOW_FRAMES, BANDS)


def test_silence_is_the_logarithm_of_the_floor_everywhere() -> None:
    assert np.allclose(log_mel(np.zeros(WINDOW_SAMPLES, np.float32)), np.log(0.001))


@pytest.mark.parametrize("pitch_hz", [300, 1000, 4000])
def test_a_tone_is_loudest_in_the_band_of_its_pitch(pitch_hz: float) -> None:
    time_s = np.arange(WINDOW_SAMPLES) / SAMPLE_RATE
    spectrum = log_mel(np.sin(2 * np.pi * pitch_hz * time_s).astype(np.float32))
    mel = 1127 * np.log1p(np.array([125, 7500, pitch_hz]) / 700)
    band = (mel[2] - mel[0]) / (mel[1] - mel[0]) * (BANDS + 1) - 1
    assert abs(spectrum.mean(0).argmax() - band) <= 1


def test_neighbouring_bands_overlap_so_that_no_pitch_is_lost() -> None:
    covered = MEL_WEIGHTS.sum(1)[6:230]  # bins between 190 and 7160 Hz
    assert np.allclose(covered, 1, atol=1e-5)


def test_several_sounds_at_once_give_what_each_gives_alone() -> None:
    sounds = np.random.default_rng(0).uniform(-1, 1, (3, WINDOW_SAMPLES)).astype(np.float32)
    assert np.allclose(log_mel(sounds)[1], log_mel(sounds[1]), atol=1e-5)
