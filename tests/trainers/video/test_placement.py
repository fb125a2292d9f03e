import pytest
from flowlace_trainers.video.placement import placements, stream_costs


def test_ratios_by_depth_are_those_that_were_measured() -> None:
    measured = {
        "ViT-B/16, 224 px": (0.285, 0.523, 0.762),
        "ViT-B/16, 512 px": (0.260, 0.507, 0.754),
        "ViViT-Ti/16x2, 32 frames, 224 px": (0.271, 0.514, 0.757),
        "ViViT-Ti/16x2, 32 frames, 112 px": (0.354, 0.570, 0.786),
    }
    counted = {one.network: one.ratios for one in placements(8)}
    assert list(counted) == list(measured)
    assert [ratio for row in counted.values() for ratio in row] == pytest.approx(
        [ratio for row in measured.values() for ratio in row], abs=0.003
    )


def test_ratios_of_streams_are_those_that_were_measured() -> None:
    ratios = [one.ratio for one in stream_costs(8)]
    assert ratios == pytest.approx([1, 0.354, 0.737, 0.090, 0.073, 0.056], abs=0.001)


def test_more_tokens_cost_more() -> None:
    few, many = next(placements(8)), next(placements(16))
    assert all(one < other for one, other in zip(few.ratios, many.ratios, strict=True))
    assert few.multiply_adds == many.multiply_adds
