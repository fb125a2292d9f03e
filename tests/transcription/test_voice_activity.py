"""Voice activity is what is louder than the background, and its voiced part repeats itself."""

import numpy as np
import pytest

from flowlace.transcription.voice_activity import FrameActivity, VoiceActivity
from tests.transcription.voices import RATE_HZ, Sound, joined, noise, silence, voice


def found_in(sound: Sound, block: int = 1600) -> FrameActivity:
    activity = VoiceActivity(RATE_HZ, least_contrast_db=9.0, least_level_db=-60.0)
    found = [activity.find(sound[at : at + block]) for at in range(0, len(sound), block)]
    return FrameActivity(
        np.concatenate([one.is_active for one in found]),
        np.concatenate([one.is_voiced for one in found]),
        np.concatenate([one.level_db for one in found]),
    )


def test_silence_is_not_active() -> None:
    assert not found_in(silence(2)).is_active.any()


def test_a_voice_is_active_and_mostly_voiced() -> None:
    found = found_in(joined(noise(1), voice(2), noise(1)))
    assert not found.is_active[:100].any()
    assert found.is_active[105:295].mean() > 0.8
    assert found.is_voiced[105:295].mean() > 0.7
    assert not found.is_active[310:].any()


@pytest.mark.parametrize("level", [0.001, 0.03, 0.3])
def test_steady_noise_is_background_whatever_its_level(level: float) -> None:
    assert not found_in(noise(5, level)).is_active.any()


def test_noise_that_begins_is_active_until_it_is_the_background_and_never_voiced() -> None:
    found = found_in(joined(noise(5, 0.0001), noise(10, 0.1)))
    assert found.is_active[510:800].all()
    assert not found.is_active[1000:].any()
    assert found.is_voiced.mean() < 0.01


def test_clicks_are_active_and_not_voiced() -> None:
    sound = noise(4, 0.0005)
    sound[RATE_HZ::1600] += 0.5
    found = found_in(sound)
    assert found.is_active[100:].mean() > 0.25
    assert not found.is_voiced.any()


def test_whispering_is_active_and_not_voiced() -> None:
    breath = noise(2, 0.05, seed=2) * np.abs(np.sin(np.arange(2 * RATE_HZ) / 2500))
    found = found_in(joined(noise(1), breath.astype(np.float32), noise(1)))
    assert found.is_active[100:300].mean() > 0.7
    assert found.is_voiced.mean() < 0.02


def test_a_voice_is_found_in_noise() -> None:
    found = found_in(joined(noise(2, 0.02), voice(2) + noise(2, 0.02, seed=1), noise(1, 0.02)))
    assert found.is_voiced[200:400].mean() > 0.4
    assert not found.is_active[:200].any()


def test_a_constant_offset_is_no_sound() -> None:
    found = found_in(joined(silence(1), np.full(RATE_HZ, 0.02, np.float32)))
    assert not found.is_active[110:].any()


@pytest.mark.parametrize("block", [160, 480, 16_000])
def test_blocks_do_not_matter(block: int) -> None:
    sound = joined(noise(1), voice(1), noise(1, 0.05))
    whole, cut = found_in(sound, len(sound)), found_in(sound, block)
    np.testing.assert_array_equal(whole.is_active, cut.is_active)
    np.testing.assert_array_equal(whole.is_voiced, cut.is_voiced)
    np.testing.assert_allclose(whole.level_db, cut.level_db, atol=1e-9)


def test_reset_forgets_the_background() -> None:
    activity = VoiceActivity(RATE_HZ, least_contrast_db=9.0, least_level_db=-60.0)
    first = activity.find(joined(noise(1, 0.001), noise(1, 0.1, seed=1)))
    activity.reset()
    second = activity.find(noise(1, 0.1, seed=1))
    assert first.is_active[100:].any()
    assert not second.is_active.any()
