"""Finds objects with MediaPipe's own object detection task."""

from typing import Any

import numpy as np

from flowlace.calculators.inference.mediapipe_task import MediaPipeTaskCalculator
from flowlace.formats.detection import Detection, LocationData, LocationFormat, RelativeBoundingBox
from flowlace.formats.image import Image, ImageFormat
from flowlace.framework.calculator import PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator


@register_calculator
class MediaPipeObjectDetectorCalculator(MediaPipeTaskCalculator):
    """Finds objects with MediaPipe's own object detection task.

    Inputs:   IMAGE (Image, SRGB)
    Outputs:  DETECTIONS (list[Detection]): relative boxes, labels, scores, best first, in step

    Needs `pip install 'flowlace[mediapipe]'`. Takes the place of `ObjectDetectionSubgraph` for
    models that only MediaPipe can read; for others that subgraph gives the same at less cost.

    Example:
        ```
        node {
          calculator: "MediaPipeObjectDetectorCalculator"
          input_stream: "IMAGE:camera_frames"
          output_stream: "DETECTIONS:detections"
          options {
            [flowlace.MediaPipeTaskOptions.ext] {
              model_path: "efficientdet_lite0.tflite"
              score_threshold: 0.5
            }
          }
        }
        ```
    """

    input_ports = (Port("IMAGE", Image),)
    output_ports = (Port("DETECTIONS", list[Detection]),)
    timestamp_offset = 0

    def make_task(self, modules: Any, arguments: dict[str, Any]) -> Any:
        """Returns an object detector."""
        vision = modules.vision
        return vision.ObjectDetector.create_from_options(vision.ObjectDetectorOptions(**arguments))

    def process(self, packets: PacketSet) -> None:
        """Looks at one picture."""
        packet = packets["IMAGE"]
        if not packet:
            return
        image: Image = packet.payload
        found = self._task.detect(task_image(image)).detections
        detections = [_detection(each, image) for each in found]
        self.outputs["DETECTIONS"].send(Packet(detections, packets.timestamp))


def task_image(image: Image) -> Any:
    """Returns a picture as MediaPipe's tasks take it; ValueError unless it is SRGB."""
    from mediapipe import Image as TaskImage
    from mediapipe import ImageFormat as TaskFormat

    if image.format is not ImageFormat.SRGB:
        raise ValueError(f"MediaPipe's tasks take SRGB pictures, but got {image.format.name}")
    return TaskImage(image_format=TaskFormat.SRGB, data=np.ascontiguousarray(image.pixels))


def _detection(found: Any, image: Image) -> Detection:
    box = found.bounding_box
    return Detection(
        label=tuple(each.category_name or str(each.index) for each in found.categories),
        label_id=tuple(each.index for each in found.categories if each.index is not None),
        score=tuple(each.score for each in found.categories),
        location_data=LocationData(
            format=LocationFormat.RELATIVE_BOUNDING_BOX,
            relative_bounding_box=RelativeBoundingBox(
                xmin=box.origin_x / image.width_px,
                ymin=box.origin_y / image.height_px,
                width=box.width / image.width_px,
                height=box.height / image.height_px,
            ),
        ),
    )
