"""Makes nowcasts."""

from dataclasses import dataclass

from flowlace.calculators.radar.grid_history import rain_history
from flowlace.formats.nowcast import Nowcast, RainMotion
from flowlace.formats.radar_grid import RadarGrid
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.registry import register_calculator
from flowlace.nowcasting.errors import NowcastError
from flowlace.nowcasting.methods import NowcastMethod, check_request, find_method
from flowlace.nowcasting.nowcast import leads_of
from flowlace.nowcasting.rain_history import RainHistory

_SIMPLER = ("extrapolation", "persistence")


@proto_options("flowlace.NowcastCalculatorOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class NowcastOptions:
    """Options of `NowcastCalculator`."""

    method: str = option(1, default="unet")
    """`persistence`, `extrapolation`, `sprog`, `unet`, `unet:FILE.tflite`, or one of another
    package."""

    lead_minutes: tuple[float, ...] = option(2, default=(10.0, 20.0, 30.0, 40.0, 50.0, 60.0))
    """How far ahead, rising."""

    threshold_mm_h: tuple[float, ...] = option(3)
    """Rising; with them, the probability of at least as much rain is given beside the rain."""


@register_calculator
class NowcastCalculator(Calculator[NowcastOptions]):
    """Makes a nowcast of each history of observations.

    Inputs:   HISTORY (list[RadarGrid]), the oldest first;
              MOTION (RainMotion), optional: of the same time; found here where it is not connected
    Outputs:  NOWCAST (Nowcast)

    Where the history is too short for the method (after a start or a gap), the simpler one that it
    is enough for is taken: extrapolation, then persistence. The nowcast tells its method, and
    `fell_back` counts them.

    Timestamps: as the input, the time of the newest observation.

    Example:
        ```
        node {
          calculator: "NowcastCalculator"
          input_stream: "HISTORY:histories"
          input_stream: "MOTION:motions"
          output_stream: "NOWCAST:nowcasts"
          options {
            [flowlace.NowcastCalculatorOptions.ext] { method: "sprog" lead_minutes: [30, 60] }
          }
        }
        ```
    """

    input_ports = (Port("HISTORY", list[RadarGrid]), Port("MOTION", RainMotion, optional=True))
    output_ports = (Port("NOWCAST", Nowcast),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires a method there is, and leads and thresholds that rise."""
        options: NowcastOptions = contract.options
        try:
            method = find_method(options.method)
            leads_of(options.lead_minutes, 1.0)
            if options.threshold_mm_h:
                leads_of(options.threshold_mm_h, 1.0)
            check_request(method, options.lead_minutes, options.threshold_mm_h)
        except NowcastError as error:
            raise ContractError(str(error)) from error

    def open(self) -> None:
        """Finds the methods."""
        names = dict.fromkeys((self.options.method, *_SIMPLER))
        self._methods = {name: find_method(name) for name in names}

    def process(self, packets: PacketSet) -> None:
        """Makes one nowcast."""
        packet = packets["HISTORY"]
        if not packet:
            return
        history = rain_history(packet.payload)
        motion = packets.get("MOTION")
        if motion:
            history.motion = motion.payload.pixels_a_minute
        made = self._made(history, packet.payload)
        self.outputs["NOWCAST"].send(packet.with_payload(made))

    def _made(self, history: RainHistory, grids: list[RadarGrid]) -> Nowcast:
        for name, method in self._methods.items():
            try:
                return self._nowcast(name, method, history, grids)
            except NowcastError:
                self.count("fell_back")
        raise NowcastError("persistence failed, which needs one observation only")

    def _nowcast(
        self, name: str, method: NowcastMethod, history: RainHistory, grids: list[RadarGrid]
    ) -> Nowcast:
        leads, thresholds = self.options.lead_minutes, self.options.threshold_mm_h
        newest = grids[-1]
        made = method(history, leads, thresholds or None)
        return Nowcast(
            method=name,
            observed_us=newest.observed_us,
            received_us=newest.received_us,
            leads_minutes=leads,
            rain_mm_h=made.rain_mm_h,
            thresholds_mm_h=thresholds,
            probability=made.probability,
            frames=len(grids),
            history_minutes=-history.minutes[0],
            pixel_km=newest.pixel_km,
            projection=newest.projection,
            extent=newest.extent,
            observed_mm_h=newest.rain_rate_mm_h,
        )
