"""A detector that somebody else trained, run on any picture: a teacher and a yardstick."""

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from flowlace_trainers.detector.samples import Floats, Pixels, clipped
from flowlace_trainers.errors import TrainerError

_OUTPUTS = 4


class Taught(NamedTuple):
    """What a teacher sees on a picture."""

    boxes: Floats
    """`[k, 4]` corners in pixels."""
    labels: list[str]
    """`[k]` the teacher's names."""
    scores: Floats
    """`[k]`, 0 to 1."""


class SsdTeacher:
    """An SSD `.tflite` with decoding and suppression inside, such as COCO SSD MobileNet.

    Such a file has one input `[1, y, x, 3]`, bytes or values from −1 to 1, and four outputs:
    boxes (top, left, bottom, right as shares), classes, scores, count. The labels' file has a
    line a class; a first line `???` stands for the background, which classes don't count.
    """

    def __init__(self, model: Path, labels: Path) -> None:
        if not model.exists() or not labels.exists():
            raise TrainerError(f"teacher needs {str(model)!r} and {str(labels)!r}; one is missing")
        self._interpreter = Interpreter(str(model), num_threads=1)
        self._interpreter.allocate_tensors()
        (self._input,) = self._interpreter.get_input_details()
        self._outputs = [one["index"] for one in self._interpreter.get_output_details()]
        if len(self._outputs) != _OUTPUTS:
            raise TrainerError(
                f"teacher {str(model)!r} has {len(self._outputs)} outputs; expected an SSD with "
                "boxes, classes, scores and count"
            )
        names = labels.read_text(encoding="utf-8").splitlines()
        self._names = names[1:] if names[0] == "???" else names

    def look(self, image: Pixels) -> Taught:
        """Returns what the teacher sees, the surest first."""
        rows, columns = image.shape[:2]
        height, width = self._input["shape"][1:3]
        scaled = cv2.resize(image, (int(width), int(height)), interpolation=cv2.INTER_AREA)[None]
        if self._input["dtype"] == np.float32:
            scaled = scaled.astype(np.float32) / np.float32(127.5) - np.float32(1)
        self._interpreter.set_tensor(self._input["index"], scaled)
        self._interpreter.invoke()
        boxes, classes, scores, count = map(self._interpreter.get_tensor, self._outputs)
        some = slice(0, int(count[0]))
        corners = boxes[0, some][:, [1, 0, 3, 2]] * (columns, rows, columns, rows)
        named = [self._names[int(number)] for number in classes[0, some]]
        return Taught(clipped(corners, columns, rows), named, scores[0, some].astype(np.float32))
