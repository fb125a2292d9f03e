"""Stops windows in which there is nothing to hear."""

from dataclasses import dataclass

import numpy as np

from flowlace.formats.time_series import Matrix
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import option, proto_options
from flowlace.framework.registry import register_calculator


@proto_options("flowlace.SilenceGateCalculatorOptions")
@dataclass(frozen=True, kw_only=True, slots=True)
class SilenceGateOptions:
    """Options of `SilenceGateCalculator`."""

    max_silence_dbfs: float = option(1, default=-90.0)
    """Sound that never exceeds this level counts as silence: the last bit of 16 does not."""


@register_calculator
class SilenceGateCalculator(Calculator[SilenceGateOptions]):
    """Stops windows in which there is nothing to hear, so that no model runs on them.

    Inputs:   sound (Matrix): windows of sound; FEATURES (Matrix), optional: what was computed
              from the same windows, in step
    Outputs:  audible (Matrix): the features of windows with sound, or the windows themselves where
              FEATURES is not connected, in step

    What joins streams after it sees that a window is missing.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "SilenceGateCalculator"
          input_stream: "sound_windows"
          input_stream: "FEATURES:log_mel_windows"
          output_stream: "audible_windows"
        }
        ```
    """

    input_ports = (Port("sound", Matrix), Port("FEATURES", Matrix, optional=True))
    output_ports = (Port("audible", Matrix),)
    timestamp_offset = 0

    def open(self) -> None:
        """Hands on the header of what is passed."""
        self._source = "FEATURES" if "FEATURES" in self.input_headers else "sound"
        self._peak = np.float32(10 ** (self.options.max_silence_dbfs / 20))
        header = self.input_headers[self._source]
        if header:
            self.outputs["audible"].set_header(header)

    def process(self, packets: PacketSet) -> None:
        """Passes one window, or does not."""
        sound, passed = packets["sound"], packets[self._source]
        if not passed:
            return
        if not sound or self._is_audible(sound.payload):
            self.outputs["audible"].send(passed)

    def _is_audible(self, window: Matrix) -> bool:
        values = window.values
        # Two passes without a copy, where the absolute value would make one.
        return bool(values.max() > self._peak or values.min() < -self._peak)
