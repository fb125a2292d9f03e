"""Says what a whole recording holds."""

import numpy as np

from flowlace.calculators.audio.top_sounds import ranked
from flowlace.formats.classification import ClassificationList
from flowlace.formats.sound_scores import SoundClasses, SoundScores
from flowlace.framework.calculator import Calculator, PacketSet
from flowlace.framework.contract import Port
from flowlace.framework.options import NoOptions
from flowlace.framework.packet import Packet
from flowlace.framework.registry import register_calculator


@register_calculator
class PooledSoundScoresCalculator(Calculator[NoOptions]):
    """Says what a whole recording holds: pools the scores of all its windows.

    Inputs:   SCORES (SoundScores)
    Outputs:  CLASSES (ClassificationList): one, at the end, all classes by falling score; nothing
              if nothing came

    The score of a class is the root mean square of its scores over all windows that are not
    silent: 0 for a recording of silence. It lies between the mean, in which a short sound drowns,
    and the maximum, which believes every mistake; docs/benchmarks/sound_accuracy.md compares them.
    Memory does not grow with the recording.

    Timestamps: of the last scores.

    Example:
        ```
        node {
          calculator: "PooledSoundScoresCalculator"
          input_stream: "SCORES:sound_scores"
          output_stream: "CLASSES:clip_classes"
        }
        ```
    """

    input_ports = (Port("SCORES", SoundScores),)
    output_ports = (Port("CLASSES", ClassificationList),)

    def open(self) -> None:
        """Starts to count."""
        self._classes: SoundClasses | None = None
        self._windows = 0
        self._last_us = 0

    def process(self, packets: PacketSet) -> None:
        """Adds the scores of one window."""
        packet = packets["SCORES"]
        if not packet:
            return
        scores, self._last_us = packet.payload, packet.timestamp
        if self._classes is None:
            self._classes = scores.classes
            self._squares = np.zeros(len(scores.values))
        if not scores.is_silence:
            self._squares += np.square(scores.values, dtype=np.float64)
            self._windows += 1

    def close(self) -> None:
        """Sends the result."""
        if getattr(self, "_classes", None) is None or self.graph_error is not None:
            return
        assert self._classes is not None
        pooled = np.sqrt(self._squares / max(self._windows, 1)).astype(np.float32)
        whole = SoundScores(classes=self._classes, values=pooled)
        self.outputs["CLASSES"].send(Packet(ranked(whole, top_k=0), self._last_us))
