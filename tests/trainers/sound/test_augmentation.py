import numpy as np
import pytest
from flowlace_trainers.sound.augmentation import (
    SoundAugmentOptions,
    augmented_sound,
    coloured_noise,
    in_room,
    masked,
    mixed,
    nothing_known,
    rms,
    with_tone,
)
from flowlace_trainers.sound.front_end import Floats

OPTIONS = SoundAugmentOptions()


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def noise(seed: int = 0) -> Floats:
    return (0.1 * rng(seed).standard_normal(16_000)).astype(np.float32)


def test_the_second_sound_is_as_much_louder_as_was_asked_for() -> None:
    first, second = noise(1), 0.2 * noise(2)
    added = mixed(first, second, 6.0) - first
    assert 20 * np.log10(rms(added) / rms(first)) == pytest.approx(6.0, abs=0.01)


def test_a_faint_sound_is_not_raised_without_end() -> None:
    first, second = noise(1), 1e-5 * noise(2)
    assert rms(mixed(first, second, 6.0) - first) == pytest.approx(20 * rms(second), rel=0.01)


def test_silence_mixed_in_changes_nothing() -> None:
    assert np.array_equal(mixed(noise(), np.zeros(16_000, np.float32), 10), noise())


def test_a_room_rings_on_after_the_sound_and_never_before() -> None:
    click = np.zeros(16_000, np.float32)
    click[8000] = 1
    heard = in_room(click, rng())
    assert np.abs(heard[:8000]).max() < 1e-5
    assert heard[8000] == pytest.approx(1, abs=1e-3)
    assert rms(heard[8100:9000]) > 1e-4


def test_a_tone_control_keeps_within_its_decibels() -> None:
    before, after = (np.abs(np.fft.rfft(one)) for one in (noise(), with_tone(noise(), 8, rng())))
    change_db = 20 * np.log10(after[10:-10] / before[10:-10])
    assert 1 < np.abs(change_db).max() < 8.1


def test_noise_has_the_level_of_one() -> None:
    assert [rms(coloured_noise(16_000, rng(n))) for n in range(5)] == pytest.approx([1.0] * 5)


@pytest.mark.parametrize("seed", range(20))
def test_what_no_class_is_is_finite_and_within_full_scale_or_nearly(seed: int) -> None:
    made = nothing_known(16_000, rng(seed))
    assert made.dtype == np.float32
    assert np.abs(made).max() < 4


@pytest.mark.parametrize("seed", range(10))
def test_augmented_sound_can_be_recorded(seed: int) -> None:
    made = augmented_sound(noise(), OPTIONS, rng(seed))
    assert made.dtype == np.float32
    assert np.isfinite(made).all()
    assert np.abs(made).max() <= 1


def test_the_same_seed_gives_the_same_sound() -> None:
    first, second = (augmented_sound(noise(), OPTIONS, rng(3)) for _ in range(2))
    assert np.array_equal(first, second)


def test_masks_set_bars_to_the_mean_and_leave_the_rest() -> None:
    spectrum = np.arange(96 * 64, dtype=np.float32).reshape(96, 64)
    made = masked(spectrum, OPTIONS, rng(1))
    changed = made != spectrum
    assert np.all(made[changed] == spectrum.mean())
    assert 0 < changed.mean() < 0.6
    assert spectrum[0, 0] == 0  # the input stays as it was
