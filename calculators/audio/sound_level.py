"""Measures how loud each step of sound is."""

import numpy as np

from flowlace.formats.time_series import Matrix
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import NoOptions
from flowlace.framework.registry import register_calculator


@register_calculator
class SoundLevelCalculator(Calculator[NoOptions]):
    """Measures how loud each packet of sound is.

    Inputs:   steps (Matrix `[channel, sample]`, -1..1)
    Outputs:  levels (float), in step: root mean square in decibels below full scale, -inf for
              digital silence

    A square wave of full scale has 0 dBFS, a sine -3. Counts `clipped_steps`: packets with samples
    at full scale or beyond. NaN and infinite samples do not count.

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "SoundLevelCalculator"
          input_stream: "sound_steps"
          output_stream: "levels"
        }
        ```
    """

    input_ports = (Port("steps", Matrix),)
    output_ports = (Port("levels", float),)
    timestamp_offset = 0

    def open(self) -> None:
        """Hands the header on."""
        header = self.input_headers["steps"]
        if header:
            self.outputs["levels"].set_header(header)

    def process(self, packets: PacketSet) -> None:
        """Measures one packet."""
        packet = packets["steps"]
        if not packet:
            return
        values = packet.payload.values.ravel()
        power = float(np.dot(values, values))
        if not np.isfinite(power):
            values = np.where(np.isfinite(values), values, np.float32(0))
            power = float(np.dot(values.astype(np.float64), values))
        if values.size and max(values.max(), -values.min()) >= 1:
            self.count("clipped_steps")
        mean = power / values.size if values.size else 0.0
        level = 10 * np.log10(mean) if mean > 0 else -np.inf
        self.outputs["levels"].send(packet.with_payload(float(level)))
