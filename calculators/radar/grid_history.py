"""From observations as they came to the history the nowcasting functions take."""

from flowlace.formats.radar_grid import RadarGrid
from flowlace.nowcasting.motion import MotionOptions
from flowlace.nowcasting.rain_history import RainHistory

_USUAL = MotionOptions()


def rain_history(grids: list[RadarGrid], options: MotionOptions = _USUAL) -> RainHistory:
    """Returns the history; its now is the time of the last grid. No copies are made."""
    now_us = grids[-1].observed_us
    return RainHistory(
        frames=[one.rain_rate_mm_h for one in grids],
        minutes=tuple((one.observed_us - now_us) / 60e6 for one in grids),
        pixel_km=grids[-1].pixel_km,
        motion_options=options,
    )
