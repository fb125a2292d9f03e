import pytest

from flowlace.calculators.audio.top_sounds import TopSoundsCalculator, TopSoundsOptions
from flowlace.framework.errors import FlowlaceError
from flowlace.testing import run_calculator
from tests.calculators.audio.sound_steps import classes, steps

OF = classes(("dog", "rain", "cat", "wind"), (0.5,) * 4, reach_us=(0,) * 4)
PACKETS = steps(OF, [0.1, 0.9], [0.7, 0.0], [0.4, 0.0], [0.4, 0.2])


@pytest.mark.parametrize(
    ("options", "first", "second"),
    [
        (TopSoundsOptions(top_k=2), ["rain", "cat"], ["dog", "wind"]),
        (TopSoundsOptions(top_k=0), ["rain", "cat", "wind", "dog"],
         ["dog", "wind", "rain", "cat"]),
        (TopSoundsOptions(min_score=0.3), ["rain", "cat", "wind"], ["dog"]),
    ],
)  # fmt: skip
def test_the_best_come_first(
    options: TopSoundsOptions, first: list[str], second: list[str]
) -> None:
    run = run_calculator(TopSoundsCalculator, options, SCORES=PACKETS)
    found = [[c.label for c in one.classification] for one in run.payloads("LABELS")]
    assert found == [first, second]
    assert run.timestamps("LABELS") == [0, 50_000]


def test_each_has_its_score_and_number() -> None:
    run = run_calculator(TopSoundsCalculator, TopSoundsOptions(top_k=1), SCORES=PACKETS)
    (best,) = run.payloads("LABELS")[0].classification
    assert (best.index, best.label, best.score) == (1, "rain", pytest.approx(0.7))


def test_a_negative_number_of_places_is_refused() -> None:
    with pytest.raises(FlowlaceError, match="top_k has to be at least 0, but is -1"):
        run_calculator(TopSoundsCalculator, TopSoundsOptions(top_k=-1), SCORES=PACKETS)
