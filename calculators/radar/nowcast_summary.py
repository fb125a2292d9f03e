"""Says a nowcast in a few numbers."""

import numpy as np

from flowlace.formats.nowcast import Nowcast, NowcastSummary
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import NoOptions
from flowlace.framework.registry import register_calculator

_WET_MM_H = 0.1


@register_calculator
class NowcastSummaryCalculator(Calculator[NoOptions]):
    """Says each lead of a nowcast in a few numbers, for lines of JSON.

    Inputs:   nowcasts (Nowcast)
    Outputs:  summaries (list[NowcastSummary]), one a lead

    Timestamps: as the input.

    Example:
        ```
        node {
          calculator: "NowcastSummaryCalculator"
          input_stream: "nowcasts"
          output_stream: "summaries"
        }
        ```
    """

    input_ports = (Port("nowcasts", Nowcast),)
    output_ports = (Port("summaries", list[NowcastSummary]),)
    timestamp_offset = 0

    def process(self, packets: PacketSet) -> None:
        """Says one nowcast."""
        packet = packets["nowcasts"]
        made = [_summary(packet.payload, lead) for lead in range(len(packet.payload.rain_mm_h))]
        self.outputs["summaries"].send(packet.with_payload(made))


def _summary(nowcast: Nowcast, lead: int) -> NowcastSummary:
    minutes = nowcast.leads_minutes[lead]
    rain = nowcast.rain_mm_h[lead]
    known = rain[np.isfinite(rain)]
    return NowcastSummary(
        valid_us=nowcast.observed_us + round(minutes * 60e6),
        lead_minutes=minutes,
        method=nowcast.method,
        observed_us=nowcast.observed_us,
        data_age_s=nowcast.data_age_s,
        frames=nowcast.frames,
        known_share=known.size / rain.size,
        mean_mm_h=float(known.mean(dtype=float)) if known.size else float("nan"),
        largest_mm_h=float(known.max()) if known.size else float("nan"),
        wet_share=float((known >= _WET_MM_H).mean()) if known.size else float("nan"),
    )
