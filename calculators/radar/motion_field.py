"""Finds how rain moves."""

from dataclasses import dataclass

from flowlace.calculators.radar.grid_history import rain_history
from flowlace.formats.nowcast import RainMotion
from flowlace.formats.radar_grid import RadarGrid
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Contract, ContractError, Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.registry import register_calculator
from flowlace.nowcasting.errors import NowcastError
from flowlace.nowcasting.motion import MotionMethod, MotionOptions, find_motion
from flowlace.nowcasting.motion_memory import MotionMemory


@proto_options("flowlace.MotionFieldCalculatorOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class MotionFieldOptions:
    """Options of `MotionFieldCalculator`."""

    method: str = option(1, default="dis")
    """`dis`: dense optical flow; `lk`: corners followed by Lucas and Kanade."""

    reduction: int = option(2)
    """The flow is found on a grid this much coarser; 0 chooses: 2, or 4 above 1200 pixels."""

    smoothing_px: float = option(3, default=24.0)
    """σ of the Gaussian that smooths the field and fills its gaps, in pixels."""

    pairs: int = option(4, default=3)
    """Pairs of observations that are averaged, the newest ones."""

    pair_minutes: float = option(5, default=10.0)
    """About how far apart those of a pair are."""


@register_calculator
class MotionFieldCalculator(Calculator[MotionFieldOptions]):
    """Finds how rain moves, from the last observations.

    Inputs:   histories (list[RadarGrid]), the oldest first
    Outputs:  motions (RainMotion): columns and rows a minute, everywhere

    Where there is no rain the motion of what is around it holds. One observation alone tells no
    motion: nothing is sent for it.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "MotionFieldCalculator"
          input_stream: "histories"
          output_stream: "motions"
          options { [flowlace.MotionFieldCalculatorOptions.ext] { method: "lk" } }
        }
        ```
    """

    input_ports = (Port("histories", list[RadarGrid]),)
    output_ports = (Port("motions", RainMotion),)
    timestamp_offset = 0

    @classmethod
    def configure(cls, contract: Contract) -> None:
        """Requires options that motion can be found with."""
        try:
            _motion_options(contract.options)
        except NowcastError as error:
            raise ContractError(str(error)) from error

    def open(self) -> None:
        """Reads the options; remembers nothing."""
        self._options = _motion_options(self.options)
        self._memory = MotionMemory()

    def process(self, packets: PacketSet) -> None:
        """Finds the motion of one history."""
        packet = packets["histories"]
        if len(packet.payload) < 2:
            self.count("too_short")
            return
        history = rain_history(packet.payload)
        motion = find_motion(history.frames, history.minutes, self._options, self._memory)
        self.outputs["motions"].send(packet.with_payload(RainMotion(pixels_a_minute=motion)))


def _motion_options(options: MotionFieldOptions) -> MotionOptions:
    method: MotionMethod = options.method  # type: ignore[assignment]  # checked by the class
    return MotionOptions(
        method=method,
        reduction=options.reduction,
        smoothing_px=options.smoothing_px,
        pairs=options.pairs,
        pair_minutes=options.pair_minutes,
    )
