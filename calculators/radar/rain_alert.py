"""Says when rain comes to places, and when it is over."""

import math
from dataclasses import dataclass

from flowlace.calculators.radar.place_outlook import (
    PlaceOutlook,
    place_outlook,
    place_threshold,
)
from flowlace.calculators.radar.place_pixels import Pixels, RainPlace, place_pixels
from flowlace.formats.nowcast import Nowcast
from flowlace.formats.radar_grid import Extent
from flowlace.formats.rain_alert import RainAlert, RainEvent
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.registry import register_calculator


@proto_options("flowlace.RainAlertCalculatorOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class RainAlertOptions:
    """Options of `RainAlertCalculator`."""

    place: tuple[RainPlace, ...] = option(1)
    """What to watch; without any, nothing is sent, and `no_places` is counted."""

    threshold_mm_h: float = option(2, "double", default=1.0)
    """Rain is at least this much."""

    least_probability: float = option(3, "double", default=0.5)
    """Of at least so much rain, for an alert; 0..1."""

    share: float = option(4, "double")
    """Share of a place's pixels that have to have it, 0..1; 0 is any pixel."""

    within_minutes: float = option(5, "double")
    """Longer leads are not looked at; 0 looks at all."""

    clear_minutes: float = option(6, "double", default=15.0)
    """Rain is over when so long no nowcast has expected any: a shower with holes is one rain."""


@dataclass(slots=True)
class _Watch:
    """What is known of one place."""

    is_raining: bool = False
    """It rains or rain is expected, and its end was not told yet."""
    is_unknown: bool = False
    dry_since_us: int | None = None


@register_calculator
class RainAlertCalculator(Calculator[RainAlertOptions]):
    """Says when rain comes to a place and when it is over: one line each, however long it rains.

    Inputs:   nowcasts (Nowcast)
    Outputs:  alerts (list[RainAlert]), sent when there is one

    Rain begins with the first nowcast that has it at any lead, or in the observation it starts
    from, and is over when no nowcast has had it for `clear_minutes`. Where radar does not see the
    place, that is said (`UNKNOWN`, later `KNOWN`) and rain neither begins nor ends. A place counts
    as known as long as the soonest lead is; `known_minutes` tells how far that goes.

    The probability is that of the nowcast, for the threshold (`--set nowcast.threshold_mm_h=[1]`);
    where it has none it is 1 or 0, by the forecast rain. Probabilities for other thresholds only
    are counted as `other_thresholds`.

    Degrees need pyproj on grids that are in metres (`pip install 'flowlace[radar]'`). A place
    outside of the grid is an error.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "RainAlertCalculator"
          input_stream: "nowcasts"
          output_stream: "alerts"
          options {
            [flowlace.RainAlertCalculatorOptions.ext] {
              place { name: "Utrecht" longitude: 5.12 latitude: 52.09 radius_km: 5 }
              threshold_mm_h: 1 least_probability: 0.5
            }
          }
        }
        ```
    """

    input_ports = (Port("nowcasts", Nowcast),)
    output_ports = (Port("alerts", list[RainAlert]),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires places that can be found and limits that can be reached."""
        o: RainAlertOptions = contract.options
        problems = [problem for one in o.place if (problem := one.problem())]
        if len({one.name for one in o.place}) < len(o.place):
            problems.append("two places have the same name")
        if not (o.threshold_mm_h > 0 and 0 < o.least_probability <= 1 and 0 <= o.share <= 1):
            problems.append("needs threshold_mm_h > 0, least_probability in 0..1, share in 0..1")
        if o.within_minutes < 0 or o.clear_minutes < 0:
            problems.append("needs within_minutes and clear_minutes of 0 or more")
        if problems:
            raise ContractError("; ".join(problems))

    def open(self) -> None:
        """Knows nothing of any place."""
        self._grid: tuple[tuple[int, int], str, Extent] | None = None
        self._pixels: dict[str, Pixels] = {}
        self._watches = {one.name: _Watch() for one in self.options.place}
        if not self.options.place:
            self.count("no_places")

    def process(self, packets: PacketSet) -> None:
        """Looks at every place in one nowcast."""
        if not self._watches:
            return
        packet = packets["nowcasts"]
        nowcast: Nowcast = packet.payload
        self._find_places(nowcast)
        alerts = [
            alert
            for name, watch in self._watches.items()
            for alert in self._alerts(name, watch, nowcast)
        ]
        if alerts:
            self.outputs["alerts"].send(packet.with_payload(alerts))

    def _find_places(self, nowcast: Nowcast) -> None:
        rows, columns = nowcast.rain_mm_h.shape[1:]
        grid = (rows, columns), nowcast.projection, nowcast.extent
        if grid != self._grid:
            self._pixels = {one.name: place_pixels(one, *grid) for one in self.options.place}
            self._grid = grid

    def _alerts(self, name: str, watch: _Watch, nowcast: Nowcast) -> list[RainAlert]:
        outlook = self._outlook(nowcast, self._pixels[name])
        is_rain = bool(outlook.is_rain.any())
        is_unknown = not is_rain and not outlook.is_known[:1].any()
        events = []
        if is_unknown != watch.is_unknown:
            watch.is_unknown = is_unknown
            event = RainEvent.UNKNOWN if is_unknown else RainEvent.KNOWN
            events.append(self._alert(event, name, nowcast, outlook))
        if is_rain:
            watch.dry_since_us = None
            if not watch.is_raining:
                watch.is_raining = True
                events.append(self._beginning(name, nowcast, outlook))
        elif watch.is_raining and not is_unknown and self._is_over(watch, nowcast.observed_us):
            since_us, watch.dry_since_us, watch.is_raining = watch.dry_since_us, None, False
            ended = self._alert(RainEvent.ENDS, name, nowcast, outlook, valid_us=since_us)
            events.append(ended)
        return events

    def _is_over(self, watch: _Watch, now_us: int) -> bool:
        if watch.dry_since_us is None:
            watch.dry_since_us = now_us
        return now_us - watch.dry_since_us >= self.options.clear_minutes * 60e6

    def _outlook(self, nowcast: Nowcast, pixels: Pixels) -> PlaceOutlook:
        o = self.options
        if nowcast.probability is not None and place_threshold(nowcast, o.threshold_mm_h) is None:
            self.count("other_thresholds")
        return place_outlook(
            nowcast, pixels, o.threshold_mm_h, o.least_probability, o.share, o.within_minutes
        )

    def _beginning(self, name: str, nowcast: Nowcast, outlook: PlaceOutlook) -> RainAlert:
        first = int(outlook.is_rain.argmax())
        is_dry = outlook.is_known[first:] & ~outlook.is_rain[first:]
        after = first + int(is_dry.argmax()) if is_dry.any() else None
        rate = outlook.rates[first]
        return self._alert(
            RainEvent.BEGINS, name, nowcast, outlook,
            lead_minutes=outlook.minutes[first],
            valid_us=_time(nowcast, outlook.minutes[first]),
            until_us=None if after is None else _time(nowcast, outlook.minutes[after]),
            probability=float(outlook.chances[first]),
            is_probabilistic=outlook.has_probability and outlook.minutes[first] > 0,
            rain_rate_mm_h=None if math.isnan(rate) else float(rate),
        )  # fmt: skip

    def _alert(
        self, event: RainEvent, name: str, nowcast: Nowcast, outlook: PlaceOutlook, **more: object
    ) -> RainAlert:
        return RainAlert(
            event=event, place=name, threshold_mm_h=self.options.threshold_mm_h,
            known_minutes=outlook.known_minutes, observed_us=nowcast.observed_us,
            data_age_s=nowcast.data_age_s, method=nowcast.method, **more,  # type: ignore[arg-type]  # fields of RainAlert
        )  # fmt: skip


def _time(nowcast: Nowcast, minutes: float) -> int:
    return nowcast.observed_us + round(minutes * 60e6)
