"""What a nowcast is asked for: honest probabilities, and a rate that looks like rain.

Probabilities are scored by cross-entropy. A rate that is scored by its squared error is made
smooth, since a blurred guess is wrong by less; so the rate's error is taken apart by scale, and
each scale is asked for the right variance besides being in the right place: Subich et al. 2025,
"Fixing the Double Penalty in Data-Driven Weather Forecasting Through a Modified Spherical Harmonic
Loss Function" (AMSE), here with plane waves.
"""

from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

_TINY = 1e-6


def exceedance_loss(logits: Tensor, truth: Tensor, is_seen: Tensor, weights: Tensor) -> Tensor:
    """Returns the cross-entropy of exceeding thresholds, its mean over what was seen.

    Each lead weighs alike, however few of the windows reach so far.

    Args:
        logits: `[n, lead, threshold, y, x]`.
        truth: the same, 0 or 1.
        is_seen: `[n, lead, 1, y, x]`, 1 where somebody saw what came.
        weights: `[threshold]`: heavy rain is rare.
    """
    each = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    by_lead = (each * is_seen * weights[:, None, None]).sum((0, 2, 3, 4))
    seen = is_seen.sum((0, 2, 3, 4))
    means = by_lead / (seen * weights.sum()).clamp_min(1)
    return means.sum() / (seen > 0).sum().clamp_min(1)


def adjusted_squared_error(given: Tensor, wanted: Tensor) -> Tensor:
    """Returns the AMSE of fields `[n, y, x]`, y = x; the mean over fields, per pixel.

    The sum over wavenumbers of `(√P − √Q)² + 2 max(P, Q) (1 − coherence)`, where P and Q are the
    powers of the two fields. For fields that are equally rough it is the squared error.
    """
    count, side, _ = given.shape
    rings, number = _rings(side)
    spectra = [torch.fft.fft2(one, norm="ortho") for one in (given, wanted)]

    def by_ring(values: Tensor) -> Tensor:
        sums = torch.zeros(count, number, dtype=values.dtype, device=values.device)
        places = rings.to(values.device).expand(count, -1)
        return sums.scatter_add(1, places, values.reshape(count, -1))

    power = [by_ring(one.real.square() + one.imag.square()) for one in spectra]
    shared = by_ring((spectra[0] * spectra[1].conj()).real)
    roots = [(one + _TINY).sqrt() for one in power]
    coherence = shared / (roots[0] * roots[1])
    error = (roots[0] - roots[1]).square() + 2 * torch.maximum(*power) * (1 - coherence)
    return error.sum(1).mean() / side**2


@cache
def _rings(side: int) -> tuple[Tensor, int]:
    """Returns for each place of a spectrum its whole wavenumber, `[side * side]`, and how many."""
    waves = torch.fft.fftfreq(side) * side
    radius = torch.hypot(waves[:, None], waves[None, :]).round().long().reshape(-1)
    return radius, int(radius.max()) + 1
