import numpy as np
import pytest

from flowlace.nowcasting.logit_pool import LogitPool

LEADS = (10.0, 30.0)
ONE = np.ones((4, 5), np.float32)


def made(**options: object) -> LogitPool:
    return LogitPool.of_spec(options, LEADS)


def test_a_spec_that_says_nothing_leaves_the_network_alone() -> None:
    pool = made()
    np.testing.assert_array_equal(pool.pooled(2 * ONE, 7 * ONE, 20), 2 * ONE)
    assert pool.smoothed(ONE, ONE > 0, 30, 1.0) is ONE


def test_weights_between_leads_lie_between_them_and_stay_beyond() -> None:
    pool = made(network_weight=[1, 0.5], lagrangian_weight=[0, 0.5])
    sums = [float(pool.pooled(ONE, 3 * ONE, lead)[0, 0]) for lead in (5, 10, 20, 30, 60)]
    assert sums == [1, 1, 1.5, 2, 2]


def test_logits_are_smoothed_the_more_the_longer_the_lead() -> None:
    pool = made(network_blur_km_minute=0.1)
    point = np.zeros((81, 81), np.float32)
    point[40, 40] = 1
    everywhere = np.ones(point.shape, bool)
    soon, late, coarse = (
        pool.smoothed(point, everywhere, lead, km) for lead, km in ((30, 1.0), (60, 1.0), (60, 2.0))
    )
    # The peak of a Gaussian of two dimensions is 1 / (2 pi sigma^2).
    assert soon[40, 40] == pytest.approx(1 / (2 * np.pi * 3**2), rel=0.02)
    assert late[40, 40] == pytest.approx(1 / (2 * np.pi * 6**2), rel=0.02)
    np.testing.assert_array_equal(coarse, soon)
    assert late.sum() == pytest.approx(1, rel=1e-3)


def test_what_is_unknown_counts_for_nothing() -> None:
    pool = made(network_blur_km_minute=0.1)
    is_known = np.ones((40, 40), bool)
    is_known[:, 20:] = False
    logits = np.where(is_known, np.float32(2), np.float32(-50))
    smoothed = pool.smoothed(logits, is_known, 30, 1.0)
    np.testing.assert_allclose(smoothed[is_known], 2, rtol=1e-5)
    assert np.isfinite(smoothed).all()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"network_weight": [1.0]}, "network_weight: 1 for 2 leads"),
        ({"lagrangian_weight": [1.0, 2.0, 3.0]}, "lagrangian_weight: 3 for 2 leads"),
        ({"network_blur_km_minute": -0.1}, "must be >= 0"),
        ({"network_blur_km_minute": float("nan")}, "must be >= 0"),
    ],
)
def test_a_spec_that_does_not_fit_is_refused(options: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        made(**options)
