"""The U-Net that nowcasts ship with: rain up to 90 minutes ahead, from two pictures or more.

Command:   flowlace-train nowcast fit rain_unet --radar RADAR --out runs/rain_unet
Hardware:  one core of an AVX-512 CPU, no GPU
Hours:     1.0
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
        purpose=(
            "Says how rain seen by radar goes on: the chance of reaching 0.1 to 20 mm/h and a rain "
            "rate, 5 to 90 minutes ahead, from two observations or more that are 2 to 15 minutes "
            "apart. `flowlace run nowcast` and `flowlace.nowcast` use it."
        ),
        limits=(
            "For warnings a good half hour ahead and for outlooks of an hour, anywhere radar gives "
            "rain rates on pixels of about a kilometre (others are resampled). It was learnt from "
            "rain of three days: a summer night over North America, one over the Netherlands, an "
            "autumn afternoon over Finland. Snow, tropical cyclones, rain held by mountains and "
            "radars with much clutter were not among it; check it on your own archive (`flowlace "
            "nowcast verify`) before you rely on it, and train your own where that says so. Rain "
            "that is born where there was none is not foreseen, and what comes from outside of "
            "what radars see is unknown. Leads over 60 minutes were learnt from two of the three "
            "days. It is no replacement for the warnings of a weather service where lives depend "
            "on them."
        ),
        data=(
            "MRMS PrecipRate of 2019-06-10, 00:00 to 01:10 UTC (NOAA, public domain), 14 rainy "
            "squares of 448 pixels of the mosaic that touch none of the boxes kept to check; FMI's "
            "lowest CAPPI of 2016-09-28, 14:45 to 18:00 UTC (Finnish Meteorological Institute, CC "
            "BY 4.0); KNMI's RAD_NL25_RAP_5min of 2010-08-26, 00:00 to 04:00 UTC (KNMI, CC BY "
            "4.0); all by way of the examples of pysteps. Each is learnt from forwards and "
            "backwards in time: whether rain grew or faded in three events says little about "
            "others. Windows of 192 pixels are cut anywhere, turned and mirrored, made up to 2 dB "
            "stronger or weaker, and parts of their past are left out; half of the histories have "
            "steps of 10 or 15 minutes. Checked on MeteoSwiss' composite of 2016-07-11, a network "
            "it never learns from, and on three boxes of the MRMS mosaic of the same hour with at "
            "least 64 pixels between."
        ),
        architecture=(
            "A U-Net (Ronneberger et al. 2015) of five resolutions with 16 to 96 channels, batch "
            "norm, a short skip in every block and long ones between the sides. Input: the newest "
            "frame and up to three older ones carried to it along the motion, their ages, what is "
            "known, and the speed. Output: for 5, 10, 20, 30, 45, 60 and 90 minutes the logits of "
            "eight thresholds, and a rate. Targets are carried back along the same motion, so what "
            "is left to learn is growth, decay and how sure one can be. Chances are learnt by "
            "cross-entropy, each lead weighing alike; the rate by the adjusted squared error of "
            "Subich et al. (2025), which asks each scale for its variance. In use, the rate gives "
            "the order in which the newest frame's amounts are handed out over the area expected "
            "to be wet. The logits are pooled with those of Lagrangian probability, with weights "
            "by lead that were chosen on the development events (0.9 and 0.2 up to half an hour, "
            "0.4 and 0.5 from an hour on): alone, the network doubts rain fields larger than any "
            "it has seen. Before, they are smoothed with a Gaussian whose σ grows by 0.08 km a "
            "minute, chosen on the events it learnt from and on MeteoSwiss' composite of "
            "2015-05-15: alone, the network places rain too exactly."
        ),
        licence=(
            "Apache-2.0, weights. Made from radar data of NOAA/NSSL (MRMS), the Finnish "
            "Meteorological Institute and the Royal Netherlands Meteorological Institute (KNMI)."
        ),
        hardware="One core of a shared two-core machine, no GPU: about an hour.",
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
    # Chosen on the development events: alone, the network doubts rain fields larger than any it has
    # learnt from, the more so the longer the lead.
    network_weights=(0.9, 0.9, 0.9, 0.9, 0.65, 0.4, 0.4),
    lagrangian_weights=(0.2, 0.2, 0.2, 0.2, 0.35, 0.5, 0.5),
    # Chosen on the events it learnt from and on MeteoSwiss' composite of 2015-05-15.
    network_blur_km_minute=0.08,
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
