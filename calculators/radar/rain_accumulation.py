"""Adds up rain over time."""

from collections import deque
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from flowlace.formats.nowcast import RainAmount
from flowlace.formats.radar_grid import RadarGrid
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.registry import register_calculator

_MINUTE_US = 60_000_000


@proto_options("flowlace.RainAccumulationCalculatorOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class RainAccumulationOptions:
    """Options of `RainAccumulationCalculator`."""

    window_minutes: float = option(1, default=60.0)
    """How long rain is added up."""

    max_gap_minutes: float = option(2, default=20.0)
    """Between observations farther apart nothing is known of the rain."""

    min_seen_share: float = option(3, default=0.8)
    """Share of the window a pixel must have been seen; else it is NaN."""


@register_calculator
class RainAccumulationCalculator(Calculator[RainAccumulationOptions]):
    """Adds up the rain of the last minutes with each new observation.

    Inputs:   grids (RadarGrid)
    Outputs:  amounts (RainAmount), once the window is full

    Between two observations the rain is the mean of both. Time in which a pixel was not seen is
    filled with its mean of the time in which it was, and too much of it makes the pixel NaN.
    Another grid starts anew (counted as `grid_changes`).

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "RainAccumulationCalculator"
          input_stream: "clean_grids"
          output_stream: "hourly_amounts"
        }
        ```
    """

    input_ports = (Port("grids", RadarGrid),)
    output_ports = (Port("amounts", RainAmount),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires a window."""
        options: RainAccumulationOptions = contract.options
        if options.window_minutes <= 0 or options.max_gap_minutes <= 0:
            raise ContractError("needs window_minutes > 0 and max_gap_minutes > 0")

    def open(self) -> None:
        """Has seen nothing."""
        self._grids: deque[RadarGrid] = deque()

    def process(self, packets: PacketSet) -> None:
        """Adds one observation."""
        packet = packets["grids"]
        grid: RadarGrid = packet.payload
        if self._grids and not grid.lies_as(self._grids[-1]):
            self.count("grid_changes")
            self._grids.clear()
        self._grids.append(grid)
        start_us = grid.observed_us - round(self.options.window_minutes * _MINUTE_US)
        # One observation at or before the start stays: the first step begins with it.
        while len(self._grids) > 1 and self._grids[1].observed_us <= start_us:
            self._grids.popleft()
        if self._grids[0].observed_us <= start_us:
            self.outputs["amounts"].send(packet.with_payload(self._amount(start_us)))

    def _amount(self, start_us: int) -> RainAmount:
        grids = list(self._grids)
        newest = grids[-1]
        total = np.zeros(newest.shape, np.float32)
        seen = np.zeros(newest.shape, np.float32)
        for before, after in pairwise(grids):
            step_us = after.observed_us - before.observed_us
            if step_us > self.options.max_gap_minutes * _MINUTE_US:
                continue
            hours = np.float32((after.observed_us - max(before.observed_us, start_us)) / 3.6e9)
            rain = (before.rain_rate_mm_h + after.rain_rate_mm_h) * np.float32(0.5)
            is_seen = np.isfinite(rain)
            np.add(total, rain * hours, out=total, where=is_seen)
            np.add(seen, hours, out=seen, where=is_seen)
        window_h = np.float32(self.options.window_minutes / 60)
        amount = np.full(newest.shape, np.nan, np.float32)
        is_enough = (seen >= self.options.min_seen_share * window_h) & (seen > 0)
        np.divide(total * window_h, seen, out=amount, where=is_enough)
        return RainAmount(
            rain_mm=amount,
            start_us=start_us,
            end_us=newest.observed_us,
            projection=newest.projection,
            extent=newest.extent,
        )
