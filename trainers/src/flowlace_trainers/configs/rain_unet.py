"""The U-Net that nowcasts ship with: rain up to 90 minutes ahead, from two pictures or more.

Command:   flowlace-train nowcast fit rain_unet --radar RADAR --out runs/rain_unet
Hardware:  one core of an AVX-512 CPU, no GPU
Hours:     1.1
Score:     models/nowcast/card.md
"""

from pathlib import Path

from flowlace_trainers.card import CardText
from flowlace_trainers.fit import FitOptions
from flowlace_trainers.nowcast.events import (
    RainEvent,
    read_events,
    reversed_in_time,
    tile_events,
)
from flowlace_trainers.nowcast.task import RainUnetConfig
from flowlace_trainers.schedule import Phase

# What is kept to check: three boxes of the mosaic, and all around them; and a fourth that others
# keep. (First row, first column, row after, column after.)
KEPT = ((640, 4224, 1280, 4864), (448, 3584, 1088, 4224), (2240, 2560, 2880, 3200),
        (1576, 3672, 3500, 7000))  # fmt: skip
DEVELOPMENT = ("mch_20160711", *(f"mrms_20190610_A{one}" for one in range(3)))


def training(radar: Path) -> list[RainEvent]:
    """Reads what it learns from, forwards and backwards in time."""
    events = [
        *tile_events(
            f"mrms:{radar / 'raw' / 'mrms'}", network="mrms", tile_px=448, least_wet=0.02,
            without=KEPT,
        ),
        *read_events(radar / "train", ("fmi_20160928", "knmi_20100826")),
    ]  # fmt: skip
    return [*events, *map(reversed_in_time, events)]


def development(radar: Path) -> list[RainEvent]:
    """Reads what tells the best checkpoint; MeteoSwiss is a network it never learns from."""
    return read_events(radar / "train", DEVELOPMENT)


CONFIG = RainUnetConfig(
    name="rain_unet",
    card=CardText(
        title="Rain U-Net",
        purpose="",
        limits="",
        data="",
        architecture="",
        licence="",
        hardware="",
        commands=(
            "flowlace-train nowcast fit      rain_unet --radar RADAR --out runs/rain_unet",
            "flowlace-train nowcast export   rain_unet --radar RADAR --run runs/rain_unet "
            "--models models/nowcast",
            "flowlace-train nowcast evaluate rain_unet --radar RADAR --run runs/rain_unet "
            "--models models/nowcast",
        ),
    ),
    summary="Says how rain goes on: chances of 0.1 to 20 mm/h and a rate, up to 90 minutes ahead.",
    licence="Apache-2.0",
    training=training,
    development=development,
    shares={"mrms": 0.45, "fmi": 0.3, "knmi": 0.25},
    leads_minutes=(5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 90.0),
    thresholds_mm_h=(0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0),
    threshold_weights=(1.0, 1.0, 1.0, 1.5, 2.0, 3.0, 4.0, 4.0),
    rate_weight=2.0,
    widths=(16, 32, 48, 64, 96),
    batch_size=8,
    tile_px=512,
    fit=FitOptions(
        steps=1800,
        phases=(Phase(share=1.0, width_px=192, height_px=192, strength=1.0, drop=0.1),),
        peak_learning_rate=2e-3,
        warm_up_steps=100,
        weight_decay=0.05,
        averaging=0.995,
        evaluate_every=300,
        precision="bf16-mixed",
        threads=1,
    ),
)
