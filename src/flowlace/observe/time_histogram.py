"""How long things took, in flat memory: counts by logarithmic buckets."""

from dataclasses import dataclass, field
from math import log10

BUCKETS_PER_DECADE = 16
"""Resolution: neighbouring buckets differ by 15 %."""


@dataclass(slots=True)
class TimeHistogram:
    """Counts of durations; a quantile is right to a bucket's width."""

    count: int = 0
    total_ns: int = 0
    longest_ns: int = 0
    buckets: dict[int, int] = field(default_factory=dict)
    """Bucket b holds times around 10^(b / 16) nanoseconds."""

    def add(self, duration_ns: int) -> None:
        """Counts one duration."""
        self.count += 1
        self.total_ns += duration_ns
        self.longest_ns = max(self.longest_ns, duration_ns)
        bucket = round(log10(max(duration_ns, 1)) * BUCKETS_PER_DECADE)
        self.buckets[bucket] = self.buckets.get(bucket, 0) + 1

    @property
    def mean_us(self) -> float:
        """Mean duration in microseconds; 0 before the first."""
        return self.total_ns / max(self.count, 1) / 1e3

    def quantile_us(self, share: float) -> float:
        """Returns the time that `share` of the durations stayed below, in microseconds.

        >>> times = TimeHistogram()
        >>> for ms in (1, 1, 1, 1, 1, 1, 1, 1, 1, 100):
        ...     times.add(ms * 1_000_000)
        >>> times.quantile_us(0.5), times.quantile_us(0.99)
        (1000.0, 100000.0)
        """
        wanted, seen = share * self.count, 0
        for bucket in sorted(self.buckets):
            seen += self.buckets[bucket]
            if seen >= wanted:
                # The middle of the last bucket may lie beyond all that is in it.
                return min(float(10 ** (bucket / BUCKETS_PER_DECADE)), self.longest_ns) / 1e3
        return 0.0
