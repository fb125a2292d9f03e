from fractions import Fraction

from flowlace.sources.live_timeline import LiveTimeline

SECOND = Fraction(1_000_000)
NOTHING = Fraction(0)


def test_the_first_sound_began_as_long_ago_as_it_lasts() -> None:
    assert LiveTimeline().stamp(7 * SECOND, 500_000, Fraction(20_000)) == 480_000


def test_the_jitter_of_the_network_does_not_show() -> None:
    line = LiveTimeline()
    stamps = [
        line.stamp(7 * SECOND + 40_000 * n, 40_000 * n + late_us, NOTHING)
        for n, late_us in enumerate((0, 9_000, 300_000, 1_000))
    ]
    assert stamps == [0, 40_000, 80_000, 120_000]


def test_pictures_and_sound_keep_their_distance() -> None:
    line = LiveTimeline()
    sound = line.stamp(9 * SECOND, 1_000_000, Fraction(20_000))
    picture = line.stamp(9 * SECOND + 5_000, 1_090_000, NOTHING)
    assert picture - sound == 5_000


def test_a_sender_that_starts_anew_is_anchored_anew() -> None:
    line = LiveTimeline()
    line.stamp(100 * SECOND, 0, NOTHING)
    assert line.stamp(NOTHING, 2_000_000, NOTHING) == 2_000_000
    assert line.stamp(SECOND, 3_100_000, NOTHING) == 3_000_000


def test_a_new_connection_goes_on_where_the_clock_is() -> None:
    line = LiveTimeline()
    line.stamp(100 * SECOND, 0, NOTHING)
    line.restart()
    assert line.stamp(5 * SECOND, 8_000_000, NOTHING) == 8_000_000


def test_a_new_connection_never_goes_back() -> None:
    line = LiveTimeline()
    line.stamp(NOTHING, 0, NOTHING)
    ahead = line.stamp(2 * SECOND, 0, SECOND)  # a burst of what the server had kept
    line.restart()
    assert line.stamp(50 * SECOND, 1_000_000, NOTHING) == ahead + SECOND


def test_without_a_senders_time_the_arrival_counts() -> None:
    assert LiveTimeline().stamp(None, 1_234, Fraction(20_000)) == 1_234
