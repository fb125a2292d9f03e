"""Classifies sound with MediaPipe's own audio classification task."""

from typing import Any

import numpy as np

from flowlace.calculators.inference.mediapipe_task import (
    MediaPipeTaskCalculator,
    classifications,
)
from flowlace.formats.classification import ClassificationList
from flowlace.framework.calculator import PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator


@register_calculator
class MediaPipeAudioClassifierCalculator(MediaPipeTaskCalculator):
    """Classifies sound with MediaPipe's own audio classification task.

    Inputs:   AUDIO (numpy array `[channel, sample]` of float32 within -1 and 1): any length
    Outputs:  CLASSIFICATIONS (list[ClassificationList]): one for each window of the model that
              the packet holds, in order of time, in step
    Side packets: SAMPLE_RATE (float): Hz

    The task is used on whole clips: each packet is classified by itself. Needs
    `pip install 'flowlace[mediapipe]'`.

    Example:
        ```
        node {
          calculator: "MediaPipeAudioClassifierCalculator"
          input_stream: "AUDIO:clips"
          input_side_packet: "SAMPLE_RATE:sample_rate_hz"
          output_stream: "CLASSIFICATIONS:sound_classes"
          options {
            [flowlace.MediaPipeTaskOptions.ext] { model_path: "yamnet" max_results: 3 }
          }
        }
        ```
    """

    input_ports = (Port("AUDIO", np.ndarray),)
    output_ports = (Port("CLASSIFICATIONS", list[ClassificationList]),)
    side_input_ports = (Port("SAMPLE_RATE", float),)
    timestamp_offset = 0

    def make_task(self, modules: Any, arguments: dict[str, Any]) -> Any:
        """Returns an audio classifier."""
        audio = modules.audio
        return audio.AudioClassifier.create_from_options(audio.AudioClassifierOptions(**arguments))

    def process(self, packets: PacketSet) -> None:
        """Listens to one packet."""
        packet = packets["AUDIO"]
        if not packet:
            return
        found = self._task.classify(self._clip(packet.payload))
        steps = [
            ClassificationList(classification=classifications(result.classifications[0]))
            for result in found
            if result.classifications
        ]
        self.outputs["CLASSIFICATIONS"].send(Packet(steps, packets.timestamp))

    def _clip(self, samples: Any) -> Any:
        from mediapipe.tasks.python.components.containers import AudioData

        if samples.ndim != 2 or samples.dtype != np.float32:
            raise ValueError(
                f"AUDIO has to be float32 [channel, sample], but is {samples.dtype} "
                f"{list(samples.shape)}"
            )
        return AudioData.create_from_array(
            np.ascontiguousarray(samples.T), self.side_packets["SAMPLE_RATE"]
        )
