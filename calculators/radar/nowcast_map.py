"""Draws nowcasts as maps."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from flowlace.drawing.map_place import MapPlace
from flowlace.drawing.rain_colours import PROBABILITY, RAIN
from flowlace.drawing.rain_map import RainMap
from flowlace.formats.image import Image, ImageFormat
from flowlace.formats.nowcast import Nowcast
from flowlace.formats.radar_grid import Extent
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.registry import register_calculator

_FRAME_US = 1000
"""Between the maps of one nowcast: as little as every video file can hold."""

_Grid = tuple[tuple[int, int], str, Extent]


@proto_options("flowlace.NowcastMapCalculatorOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class NowcastMapOptions:
    """Options of `NowcastMapCalculator`."""

    lead_minutes: tuple[float, ...] = option(1)
    """The leads to draw, 0 for the observation; empty: the observation, then every lead."""

    threshold_mm_h: float = option(2)
    """Draws the probability of at least so much; 0 draws rain."""

    size_px: int = option(3, default=640)
    """About the longer side of the chart; a larger grid is reduced by a whole factor."""


@register_calculator
class NowcastMapCalculator(Calculator[NowcastMapOptions]):
    """Draws nowcasts as maps: with legend, times, method, scale, and what is not known.

    Inputs:   nowcasts (Nowcast)
    Outputs:  maps (Image, SRGB), one a lead

    Where a grid is larger than the map, a pixel shows the largest of those it stands for. What is
    not known is hatched: grey where no radar sees, sand where air will have come from outside.
    Longitudes and latitudes need pyproj on grids that are in metres (`pip install
    'flowlace[radar]'`). There are no coasts or borders.

    A nowcast without probability of the threshold is not drawn, and counted as `no_probability`;
    a lead it does not have as `no_lead`.

    Timestamps: the observation's, each further map of a nowcast 1 ms later.

    Example:
        ```
        node {
          calculator: "NowcastMapCalculator"
          input_stream: "nowcasts"
          output_stream: "maps"
          options { [flowlace.NowcastMapCalculatorOptions.ext] { lead_minutes: [0, 30, 60] } }
        }
        ```
    """

    input_ports = (Port("nowcasts", Nowcast),)
    output_ports = (Port("maps", Image),)

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires a size a map can be read at, and a threshold."""
        o: NowcastMapOptions = contract.options
        if not 64 <= o.size_px <= 8192:
            raise ContractError(f"has size_px {o.size_px}; set 64 to 8192")
        if not o.threshold_mm_h >= 0:
            raise ContractError(f"has threshold_mm_h {o.threshold_mm_h:g}; set 0 or more")

    def open(self) -> None:
        """Has seen no grid."""
        self._grid: _Grid | None = None

    def process(self, packets: PacketSet) -> None:
        """Draws one nowcast."""
        packet = packets["nowcasts"]
        nowcast: Nowcast = packet.payload
        self._prepare(nowcast)
        observed = nowcast.observed_mm_h
        small = None if observed is None else self._place.on_map(observed)
        drawn = [one for lead in self._leads(nowcast) for one in self._drawn(nowcast, lead, small)]
        for index, pixels in enumerate(drawn):
            image = Image(ImageFormat.SRGB, pixels)
            at = packet.timestamp + index * _FRAME_US
            self.outputs["maps"].send(packet.with_payload(image).at(at))

    def _prepare(self, nowcast: Nowcast) -> None:
        rows, columns = nowcast.rain_mm_h.shape[1:]
        grid = (rows, columns), nowcast.projection, nowcast.extent
        if grid != self._grid:
            self._grid = grid
            self._place = MapPlace(*grid, self.options.size_px)
            colours = PROBABILITY if self.options.threshold_mm_h else RAIN
            self._map = RainMap(self._place, colours)

    def _leads(self, nowcast: Nowcast) -> list[float]:
        if self.options.lead_minutes:
            return list(self.options.lead_minutes)
        has_start = nowcast.observed_mm_h is not None and not self.options.threshold_mm_h
        return [*([0.0] if has_start else []), *nowcast.leads_minutes]

    def _drawn(
        self, nowcast: Nowcast, lead: float, observed: NDArray[np.float32] | None
    ) -> list[NDArray[np.uint8]]:
        """Returns one map, or none where the nowcast has not what is asked for."""
        if lead == 0 and observed is not None and not self.options.threshold_mm_h:
            values = observed
        else:
            found = self._values(nowcast, lead)
            if found is None:
                return []
            values = self._place.on_map(found)
        title, subtitle = self._title(nowcast, lead), _subtitle(nowcast)
        return [self._map.draw(values, observed, title, subtitle)]

    def _values(self, nowcast: Nowcast, lead: float) -> NDArray[np.float32] | None:
        if lead not in nowcast.leads_minutes:
            self.count("no_lead")
            return None
        index = nowcast.leads_minutes.index(lead)
        if not self.options.threshold_mm_h:
            return np.asarray(nowcast.rain_mm_h[index])
        near = np.isclose(nowcast.thresholds_mm_h, self.options.threshold_mm_h)
        if nowcast.probability is None or not near.any():
            self.count("no_probability")
            return None
        return np.asarray(nowcast.probability[index, int(near.argmax())])

    def _title(self, nowcast: Nowcast, lead: float) -> str:
        valid = _time(nowcast.observed_us + round(lead * 60e6))
        threshold = self.options.threshold_mm_h
        what = f"Probability of {threshold:g} mm/h or more" if threshold else "Rain"
        return f"{what}   {valid} UTC   " + (f"+{lead:g} min" if lead else "observed")


def _subtitle(nowcast: Nowcast) -> str:
    age = nowcast.data_age_s
    return ", ".join(
        [
            f"observed {_time(nowcast.observed_us)}",
            f"{nowcast.method} of {nowcast.frames} in {nowcast.history_minutes:g} min",
            *([] if age is None else [f"arrived {age / 60:.1f} min old"]),
        ]
    )


def _time(time_us: int) -> str:
    return datetime.fromtimestamp(time_us / 1e6, UTC).strftime("%Y-%m-%d %H:%M")
