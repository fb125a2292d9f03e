"""A small video classifier of two parts whose answers are a formula.

Tokens are a weighted sum of a step's pixels, scores the sigmoid of a weighted sum of the window.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.inference.tiny_models import TinyGraph, TinyModel, TinyTensor

SIDE = 4
PERIOD_US = 66_667
LABELS = ("still", "wave", "jump")

Floats = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class TinyClipModels:
    """Sizes and weights of both parts."""

    steps: int = 3
    frames: int = 2
    tokens: int = 2
    width: int = 5
    seed: int = 1
    labels: tuple[str, ...] = LABELS
    facts: dict[str, Any] = field(default_factory=dict)
    """What the cards say besides."""

    @property
    def pixels(self) -> int:
        return SIDE * SIDE * 3 * self.frames

    @property
    def token_weights(self) -> Floats:
        rng = np.random.default_rng((self.seed, 1))
        made = rng.normal(0, 0.2, (self.tokens * self.width, self.pixels))
        return made.astype(np.float32)

    @property
    def head_weights(self) -> Floats:
        rng = np.random.default_rng((self.seed, 2))
        inside = self.steps * self.tokens * self.width
        return rng.normal(0, 0.2, (len(self.labels), inside)).astype(np.float32)

    def scores(self, frames: NDArray[np.uint8]) -> Floats:
        """Returns `[class]` for a clip of `[frame, y, x, 3]`: zeros stand for steps before it."""
        values = frames.astype(np.float32) / np.float32(127.5) - 1
        steps = values.reshape(-1, self.frames, SIDE, SIDE, 3)[-self.steps :]
        stacked = steps.transpose(0, 2, 3, 1, 4).reshape(len(steps), -1)
        window = np.zeros((self.steps, self.tokens * self.width), np.float32)
        window[self.steps - len(steps) :] = stacked @ self.token_weights.T
        made: Floats = 1 / (1 + np.exp(-self.head_weights @ window.ravel()))
        return made

    def write(self, folder: Path, name: str = "tiny") -> Path:
        """Writes both parts; returns the first."""
        folder.mkdir(exist_ok=True, parents=True)
        self.write_head(folder / f"{name}_temporal_head_f32.tflite")
        return self.write_tokens(folder / f"{name}_frame_tokens_f32.tflite")

    def write_tokens(self, path: Path) -> Path:
        """Writes the part a step goes through."""
        shape = (1, self.tokens, self.width)
        graph = TinyGraph(
            tensors=[
                TinyTensor(name="frames", shape=(1, SIDE, SIDE, 3 * self.frames)),
                TinyTensor(name="weights", values=self.token_weights),
                TinyTensor(name="bias", values=np.zeros(len(self.token_weights))),
                TinyTensor(name="flat", shape=(1, len(self.token_weights))),
                TinyTensor(name="shape", values=shape, dtype="int32"),
                TinyTensor(name="tokens", shape=shape),
            ],
            inputs=["frames"],
            outputs=["tokens"],
            operators=[
                ("FULLY_CONNECTED", ["frames", "weights", "bias"], ["flat"]),
                ("RESHAPE", ["flat", "shape"], ["tokens"]),
            ],
        )
        return self._model(graph).write(path)

    def write_head(self, path: Path) -> Path:
        """Writes the part the window goes through."""
        classes = len(self.labels)
        graph = TinyGraph(
            tensors=[
                TinyTensor(name="window", shape=(1, self.steps, self.tokens, self.width)),
                TinyTensor(name="weights", values=self.head_weights),
                TinyTensor(name="bias", values=np.zeros(classes)),
                TinyTensor(name="logits", shape=(1, classes)),
                TinyTensor(name="scores", shape=(1, classes)),
            ],
            inputs=["window"],
            outputs=["scores"],
            operators=[
                ("FULLY_CONNECTED", ["window", "weights", "bias"], ["logits"]),
                ("LOGISTIC", ["logits"], ["scores"]),
            ],
        )
        return self._model(graph).write(path)

    def _model(self, graph: TinyGraph) -> TinyModel:
        facts = {"steps": self.steps, "frames_a_step": self.frames, "period_us": PERIOD_US}
        card = json.dumps({**facts, **self.facts}).encode()
        packed = {"labels.txt": "".join(f"{one}\n" for one in self.labels)}
        return TinyModel(graphs=[graph], metadata={"FLOWLACE_CARD": card}, packed=packed)


def made_clip(frames: int, seed: int = 5) -> NDArray[np.uint8]:
    """Returns noise, `[frame, y, x, 3]`."""
    shape = (frames, SIDE, SIDE, 3)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
