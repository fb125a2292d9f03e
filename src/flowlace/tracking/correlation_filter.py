"""Correlation filters learned from the boxes' pictures, for all boxes at once by batched FFT.

The filter of a box is the closed form of discriminative scale space tracking (Danelljan et al.,
BMVC 2014, eq. 2-6): numerator A = conj(G) F per channel, denominator B = sum |F|² over the
channels, both running means; response = Re IFFT(sum conj(A) Z / (B + lambda)).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Complex64 = NDArray[np.complex64]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class CorrelationFilters:
    """One filter a box over the last axis (scale) or the last two (place)."""

    target: Complex64
    """Transformed wanted response `[box, ...]`."""

    numerator: Complex64
    """`[box, channel, ...]` running mean."""

    denominator: Float32
    """`[box, ...]` running mean."""

    @classmethod
    def learned(cls, target: Complex64, features: Complex64) -> "CorrelationFilters":
        """Returns filters from one transformed picture a box."""
        return cls(
            target=target,
            numerator=np.conj(target)[:, None] * features,
            denominator=_power(features),
        )

    def updated(self, features: Complex64, rate: Float32) -> "CorrelationFilters":
        """Returns filters moved by `rate` `[box]` towards what `features` alone would give."""
        r = rate.reshape(-1, *(1,) * (self.denominator.ndim - 1)).astype(np.float32)
        fresh = np.conj(self.target)[:, None] * features
        return CorrelationFilters(
            target=self.target,
            numerator=self.numerator + r[:, None] * (fresh - self.numerator),
            denominator=self.denominator + r * (_power(features) - self.denominator),
        )

    def spectrum(self, features: Complex64, regularisation: float) -> Complex64:
        """Returns the transformed response to `features` `[box, channel, ...]`."""
        axes = tuple(range(1, self.denominator.ndim))
        level = np.float32(regularisation) * self.denominator.mean(axis=axes, keepdims=True)
        total = np.einsum("bc...,bc...->b...", np.conj(self.numerator), features)
        response: Complex64 = total / (self.denominator + level)
        return response

    def select(self, kept: NDArray[np.int64]) -> "CorrelationFilters":
        """Returns the filters of the boxes at indices `kept`."""
        return CorrelationFilters(
            target=self.target[kept],
            numerator=self.numerator[kept],
            denominator=self.denominator[kept],
        )

    def joined(self, other: "CorrelationFilters") -> "CorrelationFilters":
        """Returns these filters followed by `other`'s."""
        return CorrelationFilters(
            target=np.concatenate((self.target, other.target)),
            numerator=np.concatenate((self.numerator, other.numerator)),
            denominator=np.concatenate((self.denominator, other.denominator)),
        )


def _power(features: Complex64) -> Float32:
    power: Float32 = (features.real**2 + features.imag**2).sum(axis=1)
    return power


def parabola_peak(left: FloatArray, middle: FloatArray, right: FloatArray) -> FloatArray:
    """Returns the offset, -0.5..0.5, of the top of the parabola through three samples."""
    bend = left - 2 * middle + right
    is_curved = bend < -1e-9
    offset = 0.5 * (left - right) / np.where(is_curved, bend, 1)
    return np.clip(np.where(is_curved, offset, 0), -0.5, 0.5)
