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
        purpose=(
            "Says which of twelve sounds are heard in 0.96 s: ten everyday sounds (the classes of "
            "ESC-10), speech and music. Several may be heard at once. Graphs ask it twenty times "
            "a second."
        ),
        limits=(
            "For recorders, demos and smart rooms that need these sounds. Whatever else is heard "
            "is none of them, or is taken for the nearest: a saw for a chainsaw, a crow for a "
            "rooster, a fan or traffic for rain or sea waves. Speech is read English in studios "
            "and living rooms; singing, whispering, children and crowds were not learnt. Music is "
            "six tracks and some fifty loops and single notes. Recordings are clips people "
            "uploaded to Freesound, most of them close and clean; far and faint sounds are "
            "missed. For other sounds fetch YAMNet (`flowlace models fetch yamnet`, 521 classes, "
            "nine times the size). It must not be relied on where a sound that is missed can hurt "
            "anybody."
        ),
        data=(
            "ESC-10 (K. J. Piczak 2015, folds 1 to 4 as its author parted them, 32 clips of 5 s "
            "for each of ten sounds, CC BY 3.0, clips of many Freesound authors); one clip of each "
            "of 251 readers of LibriSpeech's train-clean-100 (Panayotov et al. 2015, CC BY 4.0); "
            "music from the examples of librosa and the CC0 samples of Sonic Pi, without tracks "
            "whose licence excludes commerce; folds of music are by track, of speech by reader. "
            "Windows are cut anywhere; a window holds its clip's label where at least 50 ms of it "
            "are not more than 30 dB below the clip's loudest 10 ms. Half are mixed with a second "
            "sound at -10 to 10 dB, many get a room, another microphone's tone, noise, another "
            "level, or masks; one in ten is hum, tones, sweeps, faint noise or silence and holds "
            "nothing. The settings were chosen on folds 1 to 3."
        ),
        architecture=(
            "The first thirteen convolutions are YAMNet's (MobileNet v1 on log-mel, trained by "
            "Google on AudioSet; Apache-2.0), and stay as they are: 264 thousand weights. Two "
            "blocks stand for its next four convolutions with matrices of rank 64, a quarter of "
            "their weights with the depthwise ones; they learn to give the same pooled values, "
            "then together with the classes. Mean and largest value of each channel go to one "
            "sigmoid a class. In the int8 file the sigmoid stays in float."
        ),
        licence=(
            "Apache-2.0, weights. Made from YAMNet (Apache-2.0) and from sound under CC BY 3.0, "
            "CC BY 4.0, CC0 and in the public domain; authors as named in ESC-10's README, by "
            "LibriSpeech, librosa and Sonic Pi."
        ),
        hardware=(
            "One core of a shared two-core machine, no GPU: a quarter of an hour for the windows, "
            "two and a half minutes for each of five trainings."
        ),
        commands=(
            "flowlace models fetch yamnet",
            "flowlace-train sound fit      sound_classifier --clips DATA/audio "
            "--teacher yamnet.tflite --out runs/sound",
            "flowlace-train sound export   sound_classifier --clips DATA/audio "
            "--teacher yamnet.tflite --run runs/sound --models models/sound_events",
            "flowlace-train sound evaluate sound_classifier --clips DATA/audio "
            "--teacher yamnet.tflite --run runs/sound --models models/sound_events",
        ),
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
