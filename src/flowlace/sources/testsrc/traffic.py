"""Who moves along the street, where, at any time.

Each lane sends one body after the other, the k-th at a time of its own. All of a lane go
at one speed, so they don't drive through each other; a body's place is a formula of the
time, so any frame can be asked for alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

_TURN = 2 * np.pi


@dataclass(frozen=True, slots=True)
class Body:
    """One that moves: who it is and what it looks like, but not where it is."""

    id: int
    """Counts from 1; never used twice in one street."""

    label: str
    """`car`, `van`, `person` or `bike`."""

    look: int
    """Which of the drawn figures of its label it is."""

    starts_s: float
    """When it enters its lane."""

    aside: float
    """Shift across the lane, −1 to 1."""

    sway: float
    """Phase of its going a little faster and slower, and of its step."""


@dataclass(frozen=True)
class Lane:
    """A straight way on the ground from one end to the other, in metres."""

    number: int
    """Place in the list of lanes, for ids."""

    start: tuple[float, float]
    """x_m, depth_m where bodies enter."""

    end: tuple[float, float]
    """x_m, depth_m where they leave."""

    view: str
    """Side they show: `right`, `left`, `front`, `back`."""

    speed_m_s: float
    """Of all its bodies."""

    headway_s: float
    """Mean time from one body to the next."""

    labels: tuple[str, ...]
    """What runs here, each as likely as the others."""

    looks: int
    """How many figures there are of each label."""

    seed: int
    """Of everything random."""

    spread_m: float = 0.0
    """How far bodies are shifted across the lane, at most."""

    _bodies: dict[int, Body] = field(default_factory=dict, compare=False)

    @cached_property
    def length_m(self) -> float:
        """From end to end."""
        return float(np.hypot(self.end[0] - self.start[0], self.end[1] - self.start[1]))

    @cached_property
    def _first(self) -> int:
        """Number of the first body that can be seen at time 0."""
        return -int(np.ceil(self.length_m / self.speed_m_s / self.headway_s)) - 2

    def present(self, time_s: float, lanes: int) -> Iterator[tuple[Body, float, float]]:
        """Gives each body on the lane with its place, (body, x_m, depth_m)."""
        newest = int(np.floor(time_s / self.headway_s)) + 1
        trip_s = (self.length_m + 2.0) / self.speed_m_s
        oldest = int(np.floor((time_s - trip_s) / self.headway_s)) - 1
        for k in range(max(oldest, self._first), newest + 1):
            body = self._body(k, lanes)
            # The sway keeps away from driving backwards: 0.35 m at 0.9 rad/s.
            gone_m = self.speed_m_s * (time_s - body.starts_s)
            gone_m += min(0.35, 0.3 * self.speed_m_s) * float(np.sin(0.9 * time_s + body.sway))
            if 0 <= gone_m <= self.length_m:
                yield (body, *self._place(gone_m / self.length_m, body.aside))

    def _place(self, share: float, aside: float) -> tuple[float, float]:
        along = (self.end[0] - self.start[0], self.end[1] - self.start[1])
        shift = self.spread_m * aside / self.length_m
        return (
            self.start[0] + share * along[0] - shift * along[1],
            self.start[1] + share * along[1] + shift * along[0],
        )

    def _body(self, k: int, lanes: int) -> Body:
        if k not in self._bodies:
            number = k - self._first
            rng = np.random.default_rng((self.seed, 3, self.number, number))
            self._bodies[k] = Body(
                id=1 + number * lanes + self.number,
                label=self.labels[int(rng.integers(len(self.labels)))],
                look=int(rng.integers(self.looks)),
                starts_s=(k + float(rng.uniform(-0.24, 0.24))) * self.headway_s,
                aside=float(rng.uniform(-1, 1)),
                sway=float(rng.uniform(0, _TURN)),
            )
        return self._bodies[k]


def street_lanes(half_width_m: float, density: float, looks: int, seed: int) -> list[Lane]:
    """Returns the lanes of the street.

    `half_width_m` is how much street is seen to each side at 10 m of depth, `density` 1 is
    a busy street, 0 an empty one.
    """
    rng = np.random.default_rng((seed, 4))
    road, walk = ("car", "car", "van"), ("person",)
    rows = [  # depth, view, speed, headway, labels, spread
        (9.9, "right", 7.5, 4.6, road, 0.1),
        (12.9, "right", 9.5, 4.2, road, 0.1),
        (15.9, "left", 8.5, 4.0, road, 0.1),
        (8.8, "left", 4.4, 8.5, ("bike",), 0.15),
        (17.1, "right", 4.0, 8.0, ("bike",), 0.1),
        (7.1, "right", 1.35, 6.5, walk, 0.4),
        (7.6, "left", 1.2, 8.0, walk, 0.4),
        (18.9, "left", 1.3, 4.5, walk, 0.5),
        (19.7, "right", 1.4, 4.5, walk, 0.5),
    ]
    lanes = []
    for depth, view, speed, headway, labels, spread in rows:
        edge = half_width_m * depth / 10 + 3.5
        ends = ((-edge, depth), (edge, depth))
        start, end = ends if view == "right" else ends[::-1]
        lanes.append((start, end, view, speed, headway, labels, spread))
    # These change their size a lot: to and from the camera.
    lanes.append(((-2.1, 95.0), (-2.1, 3.0), "front", 8.0, 6.5, road, 0.2))
    lanes.append(((2.1, 22.0), (2.1, 100.0), "back", 8.0, 6.0, road, 0.2))
    lanes.append(((-9.8, 7.0), (-9.0, 19.3), "right", 1.3, 9.0, walk, 0.7))
    lanes.append(((9.8, 19.3), (9.0, 7.0), "left", 1.25, 8.0, walk, 0.7))
    return [
        Lane(
            n, start, end, view, speed * float(rng.uniform(0.85, 1.15)), headway / density,
            labels, looks, seed, spread,
        )
        for n, (start, end, view, speed, headway, labels, spread) in enumerate(lanes)
        if density > 0
    ]  # fmt: skip
