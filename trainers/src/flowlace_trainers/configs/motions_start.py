"""The first part of how `motions` is trained: every scene with all eight motions.

Command:   flowlace-train video fit motions_start --out runs/motions_start
Hardware:  one core of an AVX-512 CPU, no GPU
"""

from dataclasses import replace

from flowlace_trainers.configs import motions
from flowlace_trainers.video.clip_store import DrawnClips
from flowlace_trainers.video.config import Folders
from flowlace_trainers.video.motions import MotionClips


def training(folders: Folders) -> DrawnClips:
    """Draws 1000 clips of each motion, once."""
    return DrawnClips(MotionClips(8000, 1), folders.data)


CONFIG = replace(
    motions.CONFIG,
    name="motions_start",
    training=training,
    card=None,
    fit=replace(
        motions.CONFIG.fit,
        steps=5000,
        peak_learning_rate=1e-3,
        evaluate_every=300,
    ),
)
