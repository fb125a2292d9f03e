"""Ten sounds of ESC-10, speech and music; the classifier that ships.

Command:   flowlace-train sound fit sound_classifier --clips DATA --teacher YAMNET --out runs/sound
Hardware:  one core of an AVX-512 CPU, no GPU
Hours:     0.2 for the windows, 0.1 a fold; five trainings with the one on all folds
Score:     models/sound_events/card.md
"""

from flowlace_trainers.card import CardText
from flowlace_trainers.fit import FitOptions
from flowlace_trainers.schedule import Phase
from flowlace_trainers.sound.augmentation import SoundAugmentOptions
from flowlace_trainers.sound.config import SoundConfig
from flowlace_trainers.sound.network import SoundNetworkOptions
from flowlace_trainers.sound.pool import PoolOptions

ESC10 = (
    "baby_cry",
    "chainsaw",
    "clock_tick",
    "dog_bark",
    "fire_crackling",
    "helicopter",
    "rain",
    "rooster",
    "sea_waves",
    "sneeze",
)
LABELS = tuple(sorted((*ESC10, "music", "speech")))

_PHASES = (
    # The blocks learn to hear as the teacher does; the classes look on and learn from that.
    Phase(share=0.6, width_px=64, height_px=96, strength=0.0, drop=0.5),
    # Then the classes have a say too.
    Phase(share=0.4, width_px=64, height_px=96, strength=1.0, drop=0.5),
)

CONFIG = SoundConfig(
    name="sound_classifier",
    card=CardText(
        title="Sound classifier",
        purpose="",
        limits="",
        data="",
        architecture="",
        licence="",
        hardware="",
        commands=(),
    ),
    summary="Hears ten everyday sounds, speech and music in windows of 0.96 s.",
    licence="Apache-2.0",
    labels=LABELS,
    named=ESC10,
    licences=(
        "CC BY 3.0",
        "CC BY 4.0",
        "CC-BY",
        "Attribution License",
        "CC0",
        "publicdomain/mark/1.0/",
    ),
    folders=("esc10", "speech", "music"),
    network=SoundNetworkOptions(classes=len(LABELS)),
    pool=PoolOptions(windows_per_fold=6000, augment=SoundAugmentOptions(), seed=1),
    teacher_labels={
        "baby_cry": ("Baby cry, infant cry", "Crying, sobbing"),
        "chainsaw": ("Chainsaw",),
        "clock_tick": ("Tick", "Tick-tock", "Clock"),
        "dog_bark": ("Dog", "Bark"),
        "fire_crackling": ("Fire", "Crackle"),
        "helicopter": ("Helicopter",),
        "music": ("Music",),
        "rain": ("Rain", "Raindrop", "Rain on surface"),
        "rooster": ("Chicken, rooster", "Crowing, cock-a-doodle-doo"),
        "sea_waves": ("Ocean", "Waves, surf"),
        "sneeze": ("Sneeze",),
        "speech": ("Speech",),
    },
    batch_size=64,
    fit=FitOptions(
        steps=2400,
        phases=_PHASES,
        peak_learning_rate=2e-3,
        warm_up_steps=50,
        weight_decay=0.02,
        averaging=0.995,
        evaluate_every=500,
        keeps_last=True,
        threads=1,
    ),
)
