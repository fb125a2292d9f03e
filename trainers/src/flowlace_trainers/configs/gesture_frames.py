"""Body postures in single frames: a small ViT that learns 8 tokens after half of its layers.

Command:   flowlace-train video fit gesture_frames --clips CLIPS --out runs/gesture_frames
Hardware:  one core of an AVX-512 CPU, no GPU
Score:     models/image_classification/card.md
"""

from flowlace_trainers.card import CardText
from flowlace_trainers.fit import FitOptions
from flowlace_trainers.schedule import Phase
from flowlace_trainers.video.augmentation import ClipAugmentOptions
from flowlace_trainers.video.clip_store import ClipStore
from flowlace_trainers.video.clips import list_clips
from flowlace_trainers.video.config import Folders, VideoConfig
from flowlace_trainers.video.embedding import PatchOptions, StemStage
from flowlace_trainers.video.image_network import ImageNetworkOptions
from flowlace_trainers.video.sizes import EncoderSize
from flowlace_trainers.video.token_learner import TokenLearnerOptions

LABELS = ("emergency", "land", "left", "photo", "right", "take_off", "video", "video_pause")
WIDTH_PX, HEIGHT_PX = 128, 96
# Left and right are those of the person: in a mirror each is the other, and the rest stay.
MIRRORED = {one: one for one in LABELS} | {"left": "right", "right": "left"}


def training(folders: Folders) -> ClipStore:
    """Reads the pictures of one room."""
    return _clips(folders, "train")


def development(folders: Folders) -> ClipStore:
    """Reads the pictures of another room, with another person: they choose nothing."""
    return _clips(folders, "dev")


def _clips(folders: Folders, part: str) -> ClipStore:
    files = list_clips(folders.recorded() / part)
    return ClipStore(
        files, width_px=WIDTH_PX, height_px=HEIGHT_PX, data=folders.data, labels=LABELS
    )


CONFIG = VideoConfig(
    name="gesture_frames",
    card=CardText(
        title="Gesture frames",
        purpose=(
            "Says which of eight postures a person holds who stands a few metres before a moving "
            "camera: signals to a drone. Graph `image_classification` uses it unless told "
            "otherwise."
        ),
        limits=(
            "An example of an image classifier by this trainer, and of what a small set can and "
            "can't teach: it was learnt from one room and two people, and is judged in another "
            "room with another person. It always says one of the eight, also where nobody stands. "
            "Nothing that moves, flies or cuts should obey it."
        ),
        data=(
            "Photos of github.com/emrecandir9/custom-gesture-dataset (MIT, © 2025 emrecandir9) at "
            "160 × 120 pixels, stretched to 128 × 96. To learn: one room, two people; to judge: "
            "another room, another person. What is judged on chose neither checkpoint nor "
            "settings: the last weights of each run are taken."
        ),
        architecture=(
            "Four small convolutions in a row make a token of every 16 × 16 pixels (Xiao et al. "
            "2021), three layers of a ViT of width 96 look at all 48 places, a TokenLearner (v1.1) "
            "makes 8 tokens of them, and three more layers look at those. The tokens hardly "
            "differ: "
            "on this little data all eight look at the same few places (`flowlace-train video "
            "maps`). That seems to be what helps in another room: with all places, the same "
            "network learns more of the first room. CoAtNet is compared as one of 0.49 million "
            "weights and 39 million multiply-adds, this one has 0.79 and 42."
        ),
        licence="Apache-2.0, weights. Made from photos under the MIT licence, as named above.",
        hardware="One core of a shared two-core machine, no GPU: ten minutes a run.",
        commands=(
            "flowlace-train video fit      gesture_frames --clips CLIPS/gesture_frames "
            "--out runs/gesture_frames.1 --seed 1",
            "flowlace-train video export   gesture_frames --clips CLIPS/gesture_frames "
            "--run runs/gesture_frames.1 --models models/image_classification",
            "flowlace-train video evaluate gesture_frames --clips CLIPS/gesture_frames "
            "--run runs/gesture_frames.1 --models models/image_classification --beside ...",
        ),
    ),
    summary="Tells eight postures of a person a few metres away, as signals to a drone.",
    licence="Apache-2.0",
    network=ImageNetworkOptions(
        classes=len(LABELS),
        size=EncoderSize(layers=6, width=96, heads=3, inside=384),
        patches=PatchOptions(
            width_px=WIDTH_PX,
            height_px=HEIGHT_PX,
            stem=(
                StemStage(width=24, side_px=5),
                StemStage(width=48),
                StemStage(width=64),
                StemStage(width=96),
            ),
        ),
        token_learner=TokenLearnerOptions(at=3, tokens=8),
    ),
    training=training,
    development=development,
    evaluation=development,
    batch_size=32,
    augment=ClipAugmentOptions(operations=3, mirrored=MIRRORED),
    fit=FitOptions(
        steps=1200,
        phases=(Phase(share=1.0, width_px=WIDTH_PX, height_px=HEIGHT_PX, strength=1.0, drop=0.1),),
        peak_learning_rate=1e-3,
        largest_gradient=1.0,
        warm_up_steps=100,
        weight_decay=0.05,
        averaging=0.995,
        evaluate_every=400,
        keeps_last=True,
        precision="bf16-mixed",
        threads=1,
    ),
)
