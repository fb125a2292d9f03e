"""A world so small that a detector learns it in seconds: bright squares and dark bars."""

import hashlib
from dataclasses import replace

import numpy as np
from flowlace_trainers.card import CardText
from flowlace_trainers.detector.augmentation import AugmentOptions
from flowlace_trainers.detector.backbone import Stage
from flowlace_trainers.detector.network import NetworkOptions
from flowlace_trainers.detector.samples import Sample
from flowlace_trainers.detector.task import DetectorConfig
from flowlace_trainers.fit import FitOptions
from flowlace_trainers.schedule import Phase

LABELS = ("square", "bar")
WIDTH, HEIGHT = 96, 64


def sample(
    boxes: list[tuple[float, float, float, float]],
    classes: list[int],
    *,
    ignored: tuple[int, ...] = (),
    width: int = WIDTH,
    height: int = HEIGHT,
) -> Sample:
    """A gray picture on which nothing is drawn."""
    return Sample(
        image=np.full((height, width, 3), 90, np.uint8),
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        classes=np.array(classes, np.int64),
        is_ignored=np.array([number in ignored for number in range(len(boxes))], bool),
        scores=np.ones(len(boxes), np.float32),
    )


class Shapes:
    """Pictures with one to three shapes each."""

    labels = LABELS

    def __init__(self, count: int, seed: int) -> None:
        self._samples = [shapes(np.random.default_rng((seed, one))) for one in range(count)]
        self.digest = hashlib.sha256(
            b"".join(one.image.tobytes() for one in self._samples)
        ).hexdigest()

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> Sample:
        return self._samples[index]


def shapes(rng: np.random.Generator) -> Sample:
    kinds = rng.integers(0, 2, rng.integers(1, 4)).tolist()
    boxes = []
    for kind in kinds:
        w, h = (24, 24) if kind == 0 else (12, 30)
        x, y = rng.integers(0, WIDTH - w), rng.integers(0, HEIGHT - h)
        boxes.append((x, y, x + w, y + h))
    made = sample(boxes, kinds)
    image = made.image.copy()
    for (left, top, right, bottom), kind in zip(boxes, kinds, strict=True):
        image[top:bottom, left:right] = (250, 240, 60) if kind == 0 else (20, 20, 60)
    noise = rng.normal(0, 4, image.shape)
    return replace(made, image=np.clip(image + noise, 0, 255).astype(np.uint8))


NETWORK = NetworkOptions(
    classes=len(LABELS),
    stem=8,
    stages=(
        Stage(width=8, blocks=1, stride=1, expansion=1, is_fused=True),
        Stage(width=12, blocks=1, stride=2, expansion=2, is_fused=True),
        Stage(width=16, blocks=2, stride=2, expansion=2, is_fused=True),
        Stage(width=24, blocks=2, stride=2, expansion=2, is_fused=False),
        Stage(width=32, blocks=1, stride=2, expansion=2, is_fused=False),
    ),
    neck=32,
)

CARD = CardText(
    title="Shapes",
    purpose="Finds shapes.",
    limits="Knows nothing else.",
    data="Drawn by the test.",
    architecture="Tiny.",
    licence="Apache-2.0",
    hardware="Any.",
    commands=("flowlace-train detector fit toys.py",),
)

CONFIG = DetectorConfig(
    name="shapes",
    card=CARD,
    summary="Finds shapes.",
    licence="Apache-2.0",
    training=lambda _: Shapes(64, 1),
    development=lambda _: Shapes(16, 2),
    evaluation=lambda _: Shapes(16, 3),
    network=NETWORK,
    width_px=WIDTH,
    height_px=HEIGHT,
    batch_size=8,
    augment=AugmentOptions(mosaic=0.0),
    fit=FitOptions(
        steps=200,
        phases=(Phase(share=1.0, width_px=WIDTH, height_px=HEIGHT, strength=0.0, drop=0.0),),
        peak_learning_rate=2e-2,
        warm_up_steps=10,
        averaging=0.97,
        evaluate_every=200,
        threads=1,
    ),
)
