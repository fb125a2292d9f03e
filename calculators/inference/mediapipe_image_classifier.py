"""Classifies pictures with MediaPipe's own image classification task."""

from typing import Any

from flowlace.calculators.inference.mediapipe_object_detector import task_image
from flowlace.calculators.inference.mediapipe_task import MediaPipeTaskCalculator, classifications
from flowlace.formats.classification import ClassificationList
from flowlace.formats.image import Image
from flowlace.framework.calculator import PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator


@register_calculator
class MediaPipeImageClassifierCalculator(MediaPipeTaskCalculator):
    """Classifies pictures with MediaPipe's own image classification task.

    Inputs:   IMAGE (Image, SRGB)
    Outputs:  CLASSIFICATIONS (ClassificationList): of the model's first head, best first, in step

    Needs `pip install 'flowlace[mediapipe]'`.

    Example:
        ```
        node {
          calculator: "MediaPipeImageClassifierCalculator"
          input_stream: "IMAGE:camera_frames"
          output_stream: "CLASSIFICATIONS:classes"
          options {
            [flowlace.MediaPipeTaskOptions.ext] { model_path: "efficientnet_lite0.tflite" }
          }
        }
        ```
    """

    input_ports = (Port("IMAGE", Image),)
    output_ports = (Port("CLASSIFICATIONS", ClassificationList),)
    timestamp_offset = 0

    def make_task(self, modules: Any, arguments: dict[str, Any]) -> Any:
        """Returns an image classifier."""
        vision = modules.vision
        return vision.ImageClassifier.create_from_options(
            vision.ImageClassifierOptions(**arguments)
        )

    def process(self, packets: PacketSet) -> None:
        """Looks at one picture."""
        packet = packets["IMAGE"]
        if not packet:
            return
        heads = self._task.classify(task_image(packet.payload)).classifications
        listed = ClassificationList(classification=classifications(heads[0]) if heads else ())
        self.outputs["CLASSIFICATIONS"].send(Packet(listed, packets.timestamp))
