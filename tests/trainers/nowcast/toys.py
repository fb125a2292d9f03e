"""A small U-Net on made rain, for tests."""

from pathlib import Path

import numpy as np
from flowlace_trainers.card import CardText
from flowlace_trainers.fit import FitOptions
from flowlace_trainers.nowcast.events import RainEvent
from flowlace_trainers.nowcast.task import RainUnetConfig
from flowlace_trainers.schedule import Phase

from tests.nowcasting.made_rain import moving_rain

LEADS = (10.0, 30.0, 60.0)
LIMITS = (0.2, 1.0, 2.0)


def event(name: str = "made_1", dx: float = 0.4, minutes: int = 90, step: int = 5) -> RainEvent:
    """Returns cells that move and do nothing else."""
    times = np.arange(0, minutes + 1, step)
    return RainEvent(
        name=name,
        network=name.partition("_")[0],
        rain_mm_h=moving_rain(times.tolist(), dx, 0.1),
        minutes=times.astype(float),
        pixel_km=1.0,
        source="made",
    )


def training(_: Path) -> list[RainEvent]:
    return [event("made_1"), event("other_2", -0.3)]


def development(_: Path) -> list[RainEvent]:
    return [event("kept_3", 0.2)]


CONFIG = RainUnetConfig(
    name="toy_unet",
    card=CardText(
        title="Toy", purpose="p", limits="l", data="d", architecture="a", licence="c",
        hardware="h", commands=("flowlace-train nowcast fit toy",),
    ),
    summary="A toy.",
    licence="Apache-2.0",
    training=training,
    development=development,
    shares={"made": 0.5, "other": 0.5},
    leads_minutes=LEADS,
    thresholds_mm_h=LIMITS,
    threshold_weights=(1.0, 1.0, 1.0),
    rate_weight=1.0,
    widths=(8, 12, 16),
    batch_size=2,
    tile_px=128,
    fit=FitOptions(
        steps=60,
        phases=(Phase(share=1, width_px=64, height_px=64, strength=1, drop=0),),
        peak_learning_rate=5e-3,
        warm_up_steps=5,
        averaging=0.9,
        evaluate_every=60,
        threads=1,
    ),
)  # fmt: skip
