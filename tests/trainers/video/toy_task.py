"""Two motions so plain that a network learns them in seconds: a bright square slides."""

import hashlib

import numpy as np
from flowlace_trainers.fit import FitOptions
from flowlace_trainers.schedule import Phase
from flowlace_trainers.video.augmentation import ClipAugmentOptions
from flowlace_trainers.video.clips import Clip
from flowlace_trainers.video.config import VideoConfig
from flowlace_trainers.video.embedding import PatchOptions
from flowlace_trainers.video.sizes import EncoderSize
from flowlace_trainers.video.stepped_network import SteppedOptions
from flowlace_trainers.video.token_learner import TokenLearnerOptions

LABELS = ("left", "right")
PERIOD_US = 100_000


class Slides:
    """Clips of eight frames of 16×24 pixels; left ones are right ones played backwards."""

    labels = LABELS

    def __init__(self, count: int, seed: int) -> None:
        self._count, self._seed = count, seed
        self.digest = hashlib.sha256(f"{count} {seed}".encode()).hexdigest()

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Clip:
        rng = np.random.default_rng((self._seed, index))
        frames = rng.integers(40, 60, (8, 16, 24, 3), np.uint8)
        top, left = rng.integers(0, 9), rng.integers(0, 4)
        for number, frame in enumerate(frames):
            frame[top : top + 8, left + 2 * number : left + 2 * number + 6] = (250, 220, 90)
        label = LABELS[index % 2]
        ordered = frames[::-1] if label == "left" else frames
        return Clip(ordered, np.arange(8, dtype=np.int64) * PERIOD_US, label)


NETWORK = SteppedOptions(
    classes=2,
    size=EncoderSize(layers=2, width=32, heads=2, inside=64),
    tubelets=PatchOptions(width_px=24, height_px=16, patch_px=8, frames=2),
    steps=4,
    spatial_layers=1,
    temporal_layers=1,
    token_learner=TokenLearnerOptions(at=1, tokens=2),
)

CONFIG = VideoConfig(
    name="slides",
    network=NETWORK,
    training=lambda _: Slides(128, 1),
    development=lambda _: Slides(32, 2),
    evaluation=lambda _: Slides(64, 3),
    period_us=PERIOD_US,
    batch_size=16,
    augment=ClipAugmentOptions(operations=1, mirrored={"left": "right", "right": "left"}),
    fit=FitOptions(
        steps=150,
        phases=(Phase(share=1.0, width_px=24, height_px=16, strength=0.3, drop=0.05),),
        peak_learning_rate=3e-3,
        warm_up_steps=20,
        averaging=0.95,
        evaluate_every=75,
        threads=1,
    ),
)
