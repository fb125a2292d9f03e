"""Turns the features a tracker relies on into what is drawn."""

import numpy as np
from numpy.typing import NDArray

from flowlace.formats.render_data import Color, Line, Point, RenderAnnotation, RenderData
from flowlace.formats.tracking_data import TrackingData
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator
from flowlace.tracking.box_states import BoxStates, aspect_extent

INLIER = Color(g=220)
OUTLIER = Color(r=230)


@register_calculator
class BoxFeaturesToRenderDataCalculator(Calculator[NoOptions]):
    """Turns the features a tracker looks at into what is drawn: inliers green, outliers red.

    Inputs:   STATES (BoxStates), from BoxTrackerCalculator
              TRACKING (TrackingData), the motion of the same frame
    Outputs:  RENDER_DATA (RenderData): a dot for each feature near a box and a line to where it
              was in the frame before; in step

    Example:
        ```
        node {
          calculator: "BoxFeaturesToRenderDataCalculator"
          input_stream: "STATES:box_states"
          input_stream: "TRACKING:tracking_data"
          output_stream: "RENDER_DATA:feature_render_data"
        }
        ```
    """

    input_ports = (
        Port("STATES", BoxStates, doc="what is known of the live boxes"),
        Port("TRACKING", TrackingData, doc="motion of the same frame"),
    )
    output_ports = (Port("RENDER_DATA", RenderData),)
    timestamp_offset = 0

    def process(self, packets: PacketSet) -> None:
        """Converts the features of one frame."""
        if not (packets["STATES"] and packets["TRACKING"]):
            return
        annotations = feature_annotations(packets["STATES"].payload, packets["TRACKING"].payload)
        data = RenderData(annotations=tuple(annotations), scene_class="TRACKED_FEATURES")
        self.outputs["RENDER_DATA"].send(Packet(data, packets.timestamp))


def feature_annotations(states: BoxStates, data: TrackingData) -> list[RenderAnnotation]:
    """Returns a dot and a line for every feature near a box, inliers and outliers coloured."""
    memory = states.memory
    starts = memory.position / aspect_extent(data.frame_aspect)
    ends = starts + _vectors(data, memory.track_id)
    drawn = []
    for (x0, y0), (x1, y1), is_inlier in zip(
        starts.tolist(), ends.tolist(), memory.is_inlier.tolist(), strict=True
    ):
        color = INLIER if is_inlier else OUTLIER
        line = Line(x_start=x0, y_start=y0, x_end=x1, y_end=y1, normalized=True)
        dot = Point(x=x0, y=y0, normalized=True)
        drawn.append(RenderAnnotation(data=line, color=color, scene_tag="VECTOR"))
        drawn.append(RenderAnnotation(data=dot, thickness=1.5, color=color, scene_tag="FEATURE"))
    return drawn


def _vectors(data: TrackingData, track_ids: NDArray[np.int64]) -> NDArray[np.float64]:
    """Returns `[feature, xy]` motion to the frame before, fractions; 0 where it is not known."""
    domain = np.array([data.domain_width, data.domain_height], np.float64)
    points = np.column_stack((data.positions, np.ones(len(data.positions))))
    moved = points @ data.background_model.T
    flow = (data.object_vectors + moved[:, :2] / moved[:, 2:] - data.positions) / domain
    order = np.argsort(data.track_ids)
    place = np.searchsorted(data.track_ids[order], track_ids)
    place = order[np.minimum(place, len(order) - 1)] if len(order) else np.zeros(0, np.int64)
    if not len(order):
        return np.zeros((len(track_ids), 2))
    is_known = data.track_ids[place] == track_ids
    return np.where(is_known[:, None], flow[place], 0.0)
