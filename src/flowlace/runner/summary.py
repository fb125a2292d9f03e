"""What a run came to: frames, drops, skips, errors; nothing is left out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flowlace.observe.time_histogram import TimeHistogram
from flowlace.sinks.sink import SinkCounts
from flowlace.sources.source import SourceCounts


@dataclass(slots=True)
class RunSummary:
    """The counts of one run, for people and for programs."""

    sources: dict[str, SourceCounts] = field(default_factory=dict)
    """By `stream=source`."""

    sinks: dict[str, SinkCounts] = field(default_factory=dict)
    """By sink, as the user typed it."""

    counters: dict[str, int] = field(default_factory=dict)
    """What the graph's nodes counted, by `node.event`."""

    latency: TimeHistogram = field(default_factory=TimeHistogram)
    """From adding a frame to the graph to writing its first result."""

    elapsed_s: float = 0.0
    was_interrupted: bool = False

    @property
    def frames(self) -> int:
        """Frames read from all sources."""
        return sum(counts.read for counts in self.sources.values())

    @property
    def drops(self) -> int:
        """Frames and packets dropped anywhere."""
        at_sources = sum(counts.dropped for counts in self.sources.values())
        return at_sources + sum(n for name, n in self.counters.items() if "drop" in name)

    @property
    def fps(self) -> float:
        """Frames a second over the whole run."""
        return self.frames / self.elapsed_s if self.elapsed_s > 0 else 0.0

    def lines(self) -> list[str]:
        """Returns the summary as text, one fact a line."""
        end = " (interrupted)" if self.was_interrupted else ""
        head = f"{self.frames} frames in {self.elapsed_s:.1f} s, {self.fps:.1f} fps, "
        return [
            f"{head}{self.drops} dropped{end}",
            *self._latency_lines(),
            *(_source_line(name, counts) for name, counts in self.sources.items()),
            *(f"  {name}: {count}" for name, count in self.counters.items()),
            *(_sink_line(name, counts) for name, counts in self.sinks.items()),
        ]

    def _latency_lines(self) -> list[str]:
        if not self.latency.count:
            return []
        parts = [
            f"{name} {self.latency.quantile_us(share) / 1000:.1f} ms"
            for name, share in (("p50", 0.5), ("p95", 0.95))
        ]
        longest = f"longest {self.latency.longest_ns / 1e6:.1f} ms"
        return [f"  frame latency: {', '.join([*parts, longest])}"]


def _source_line(name: str, counts: SourceCounts) -> str:
    facts = [f"{counts.read} read", f"{counts.dropped} dropped"]
    facts += _reasons("skipped", counts.skipped)
    if counts.reconnects:
        facts.append(f"{counts.reconnects} reconnects")
    if counts.rescaled:
        facts.append(f"{counts.rescaled} rescaled")
    if counts.resampled:
        facts.append(f"{counts.resampled} resampled")
    facts += _reasons("flawed", counts.flaws)
    return f"  {name}: {', '.join(facts)}"


def _sink_line(name: str, counts: SinkCounts) -> str:
    facts = [f"{counts.written} written", *_reasons("skipped", counts.skipped)]
    if counts.filled_gaps:
        facts.append(f"{counts.filled_gaps} gaps filled")
    return f"  {name}: {', '.join(facts)}"


def _reasons(word: str, counts: Mapping[str, int]) -> list[str]:
    return [f"{count} {word} ({reason})" for reason, count in counts.items()]
