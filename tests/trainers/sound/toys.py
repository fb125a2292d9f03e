"""A sound classifier small enough for tests: three made sounds, a teacher of random weights."""

import csv
import wave
from pathlib import Path

import numpy as np
import torch
from flowlace_trainers.card import CardText
from flowlace_trainers.fit import FitOptions
from flowlace_trainers.schedule import Phase
from flowlace_trainers.sound.augmentation import SoundAugmentOptions
from flowlace_trainers.sound.config import SoundConfig
from flowlace_trainers.sound.front_end import SAMPLE_RATE, Floats
from flowlace_trainers.sound.network import CHANNELS, STAGES, SoundNetworkOptions
from flowlace_trainers.sound.pool import PoolOptions
from flowlace_trainers.sound.teacher import Layer

LABELS = ("hiss", "low", "high")
FOLDS = ("1", "2")


def sound(label: str, seconds: float, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    if label == "hiss":
        return (0.1 * rng.standard_normal(len(time_s))).astype(np.float32)
    pitch_hz = {"low": 200, "high": 3000}[label] * rng.uniform(0.8, 1.25)
    return (0.5 * np.sin(2 * np.pi * pitch_hz * time_s)).astype(np.float32)


def write_clips(folder: Path, *, per_fold: int = 3, seconds: float = 1.5) -> None:
    rows = []
    for fold in FOLDS:
        for label in LABELS:
            for number in range(per_fold):
                name = f"{fold}_{label}_{number}.wav"
                seed = number + 100 * FOLDS.index(fold)
                write_wave(folder / name, sound(label, seconds, seed))
                rows.append((name, label, fold, "CC0"))
    with (folder / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "label", "fold", "licence"), *rows])


def write_wave(file: Path, values: Floats, rate: int = SAMPLE_RATE) -> None:
    with wave.open(str(file), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes((np.clip(values, -1, 1) * 32767).astype("<i2").tobytes())


def layers() -> list[Layer]:
    """Layers of the shapes of YAMNet's first seventeen."""
    generator = torch.Generator().manual_seed(1)

    def layer(out: int, inner: int, size: int, stride: int, groups: int) -> Layer:
        spread = (2 / (inner * size * size)) ** 0.5
        weights = torch.randn((out, inner, size, size), generator=generator) * spread
        return Layer(weights, torch.zeros(out), stride, groups)

    made, inner = [layer(32, 1, 3, 2, 1)], 32
    for out, stride in (*STAGES, (CHANNELS, 1), (CHANNELS, 1)):
        made += [layer(inner, 1, 3, stride, inner), layer(out, inner, 1, 1, 1)]
        inner = out
    return made


CONFIG = SoundConfig(
    name="toy",
    card=CardText(
        title="Toy",
        purpose="Tests.",
        limits="None.",
        data="Made.",
        architecture="Small.",
        licence="CC0",
        hardware="Any.",
        commands=("none",),
    ),
    summary="Hears hiss and tones.",
    licence="CC0-1.0",
    labels=LABELS,
    named=("low", "high"),
    licences=("CC0",),
    network=SoundNetworkOptions(classes=len(LABELS), ranks=(8,)),
    pool=PoolOptions(windows_per_fold=500, augment=SoundAugmentOptions(), seed=1),
    teacher_labels={label: (label,) for label in LABELS},
    batch_size=16,
    fit=FitOptions(
        steps=150,
        phases=(
            Phase(share=0.5, width_px=64, height_px=96, strength=0, drop=0.2),
            Phase(share=0.5, width_px=64, height_px=96, strength=1, drop=0.2),
        ),
        peak_learning_rate=3e-3,
        warm_up_steps=2,
        averaging=0.95,
        evaluate_every=150,
        threads=1,
    ),
)
