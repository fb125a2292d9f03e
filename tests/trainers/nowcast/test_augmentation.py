import numpy as np
import pytest
from flowlace_trainers.nowcast.augmentation import RainAugmentOptions, stronger, window
from flowlace_trainers.nowcast.samples import EventSamples, samples_of

from flowlace.nowcasting.aligned_frames import UNKNOWN_GREY
from tests.trainers.nowcast.toys import LEADS, event

OPTIONS = RainAugmentOptions()


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> EventSamples:
    folder = tmp_path_factory.mktemp("samples")
    return samples_of([event()], LEADS, is_varied=False, data=folder)[0]


def test_a_window_is_a_function_of_its_random_numbers(samples: EventSamples) -> None:
    first, second = (window(samples, 64, 1.0, OPTIONS, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first.grey, second.grey)
    assert np.array_equal(first.targets, second.targets)


def test_all_parts_are_turned_alike(samples: EventSamples) -> None:
    still = EventSamples(
        event="", network="", grey=samples.grey[:1], ages_minutes=samples.ages_minutes[:1],
        speed=samples.grey[:1, 0], targets=samples.grey[:1, :3],
    )  # fmt: skip
    for seed in range(8):
        made = window(still, 64, 0.0, OPTIONS, np.random.default_rng(seed))
        assert np.array_equal(made.grey[0], made.speed)
        assert np.array_equal(made.grey[0], made.targets[0])


def test_turned_windows_differ(samples: EventSamples) -> None:
    one = EventSamples(
        event="", network="", grey=samples.grey[:1], ages_minutes=samples.ages_minutes[:1],
        speed=samples.speed[:1], targets=samples.targets[:1],
    )  # fmt: skip
    made = {
        window(one, 256, 0.0, OPTIONS, np.random.default_rng(seed)).grey.tobytes()
        for seed in range(60)
    }
    assert len(made) == 8


def test_what_is_larger_than_the_event_is_unknown(samples: EventSamples) -> None:
    made = window(samples, 300, 0.0, OPTIONS, np.random.default_rng(0))
    assert made.grey.shape == (4, 300, 300)
    assert (made.grey[0] == UNKNOWN_GREY).sum() >= 300 * 300 - 256 * 256


def test_an_older_frame_that_is_left_out_repeats_the_newest(samples: EventSamples) -> None:
    without = RainAugmentOptions(drop_older=1.0)
    made = window(samples, 64, 1.0, without, np.random.default_rng(0))
    assert not made.ages_minutes.any()
    assert np.array_equal(made.grey[3], made.grey[0])


def test_stronger_rain_is_the_decibels_more() -> None:
    assert stronger(np.array([60], np.uint8), 12).item() == 72


def test_rain_that_gets_too_light_is_dry_and_dry_stays_dry() -> None:
    assert stronger(np.array([0, 21, 255], np.uint8), -8).tolist() == [0, 0, 255]
    assert stronger(np.array([0, 250], np.uint8), 8).tolist() == [0, 254]
