"""Collects the observations a nowcast starts from."""

from collections import deque
from dataclasses import dataclass, replace

from flowlace.formats.radar_grid import RadarGrid
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.registry import register_calculator

_MINUTE_US = 60_000_000
_LEAST_KEPT = 4
"""Three pairs ten minutes apart need as many where steps are of ten minutes."""


@proto_options("flowlace.RadarHistoryCalculatorOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class RadarHistoryOptions:
    """Options of `RadarHistoryCalculator`."""

    window_minutes: float = option(1, default=30.0)
    """Observations are kept this long."""

    max_gap_minutes: float = option(2, default=30.0)
    """After a longer time without an observation the history starts anew: rain is not the same."""

    min_frames: int = option(3, default=1)
    """No history is sent before there are as many observations."""

    enough_minutes: float = option(4)
    """Observations older than the newest one of at least this age are forgotten too, but for the
    newest four; 0 keeps the whole window. Short steps fill memory with what nobody looks at."""


@register_calculator
class RadarHistoryCalculator(Calculator[RadarHistoryOptions]):
    """Sends the observations of the last minutes with each new one.

    Inputs:   grids (RadarGrid)
    Outputs:  histories (list[RadarGrid]), the oldest first, the new one last, without `quality`

    Steps may differ and observations may be missing: each grid tells its time. A longer gap starts
    the history anew, and so does another grid (counted as `gaps` and `grid_changes`).

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "RadarHistoryCalculator"
          input_stream: "clean_grids"
          output_stream: "histories"
          options { [flowlace.RadarHistoryCalculatorOptions.ext] { window_minutes: 60 } }
        }
        ```
    """

    input_ports = (Port("grids", RadarGrid),)
    output_ports = (Port("histories", list[RadarGrid]),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires lengths."""
        options: RadarHistoryOptions = contract.options
        if options.enough_minutes < 0:
            raise ContractError("needs enough_minutes of 0 or more")
        if options.window_minutes <= 0 or options.max_gap_minutes <= 0 or options.min_frames < 1:
            raise ContractError("needs window_minutes > 0, max_gap_minutes > 0 and min_frames >= 1")

    def open(self) -> None:
        """Has seen nothing."""
        self._grids: deque[RadarGrid] = deque()

    def process(self, packets: PacketSet) -> None:
        """Adds one observation and forgets old ones."""
        packet = packets["grids"]
        self._start_anew_where_it_must(packet.payload)
        # It has been acted on; kept, it would take a fifth of the memory.
        self._grids.append(replace(packet.payload, quality=None))
        self._forget(packet.payload.observed_us)
        if len(self._grids) >= self.options.min_frames:
            self.outputs["histories"].send(packet.with_payload(list(self._grids)))

    def _start_anew_where_it_must(self, grid: RadarGrid) -> None:
        if not self._grids:
            return
        last = self._grids[-1]
        if grid.observed_us - last.observed_us > self.options.max_gap_minutes * _MINUTE_US:
            self.count("gaps")
            self._grids.clear()
        elif not grid.lies_as(last):
            self.count("grid_changes")
            self._grids.clear()

    def _forget(self, now_us: int) -> None:
        start_us = now_us - round(self.options.window_minutes * _MINUTE_US)
        while self._grids[0].observed_us < start_us:
            self._grids.popleft()
        if not self.options.enough_minutes:
            return
        enough_us = now_us - round(self.options.enough_minutes * _MINUTE_US)
        while len(self._grids) > _LEAST_KEPT and self._grids[1].observed_us <= enough_us:
            self._grids.popleft()
