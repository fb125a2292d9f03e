"""A network's chances together with the Lagrangian probability: a weighted sum of their logits.

A network knows the kinds of rain it has learnt from. On others, such as a rain field larger than
any it has seen, it doubts too much; that rain stays as it is while it moves holds for all of them.
So the logits of both are added (a logarithmic pool: Genest and Zidek 1986, section 3.2). Those of
the network are smoothed before, the more the longer the lead: a network that has seen few hours of
rain places it too exactly. How much of each stands in the model's spec.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_LEAST_SIGMA_PX = 0.1


@dataclass(frozen=True, kw_only=True, slots=True)
class LogitPool:
    """How both are mixed; leads between those given are interpolated."""

    leads_minutes: tuple[float, ...]
    """Rising."""
    network_weight: tuple[float, ...]
    """By lead, of the network's logits."""
    lagrangian_weight: tuple[float, ...]
    """By lead, of those of the Lagrangian probability."""
    network_blur_km_minute: float = 0.0
    """σ of the Gaussian the network's logits are smoothed with, for each minute of lead."""

    def __post_init__(self) -> None:
        for name in ("network_weight", "lagrangian_weight"):
            count = len(getattr(self, name))
            if count != len(self.leads_minutes):
                raise ValueError(f"{name}: {count} for {len(self.leads_minutes)} leads")
        if not self.network_blur_km_minute >= 0:
            raise ValueError(f"network_blur_km_minute={self.network_blur_km_minute} must be >= 0")

    @classmethod
    def of_spec(cls, options: Mapping[str, Any], leads_minutes: Sequence[float]) -> LogitPool:
        """Returns the pool of a model's spec; the network alone where it tells none.

        Raises:
            TypeError, ValueError: it tells something that is no pool for those leads.
        """

        def by_lead(name: str, usual: float) -> tuple[float, ...]:
            return tuple(float(one) for one in options.get(name) or [usual] * len(leads_minutes))

        return cls(
            leads_minutes=tuple(leads_minutes),
            network_weight=by_lead("network_weight", 1.0),
            lagrangian_weight=by_lead("lagrangian_weight", 0.0),
            network_blur_km_minute=float(options.get("network_blur_km_minute", 0.0)),
        )

    def smoothed(
        self,
        logits: NDArray[np.float32],
        is_known: NDArray[np.bool_],
        lead: float,
        pixel_km: float,
    ) -> NDArray[np.float32]:
        """Returns the network's logits `[y, x]`, smoothed over what is known."""
        sigma = self.network_blur_km_minute * lead / pixel_km
        if sigma <= _LEAST_SIGMA_PX:
            return logits
        if is_known.all():
            return _blurred(logits, sigma)
        weights = _blurred(is_known.astype(np.float32), sigma)
        sums = _blurred(logits * is_known, sigma)
        sums /= np.maximum(weights, np.float32(1e-3))
        return sums

    def pooled(
        self, network: NDArray[np.float32], lagrangian: NDArray[np.float32], lead: float
    ) -> NDArray[np.float32]:
        """Returns the weighted sum of smoothed logits of both."""
        of_network, of_lagrangian = (
            np.float32(np.interp(lead, self.leads_minutes, weights))
            for weights in (self.network_weight, self.lagrangian_weight)
        )
        return of_network * network + of_lagrangian * lagrangian


def _blurred(values: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    made = cv2.GaussianBlur(values, (0, 0), sigma_px, borderType=cv2.BORDER_REPLICATE)
    return made.astype(np.float32, copy=False)
