"""The video classifier that flowlace ships with: eight motions, drawn by a seed.

Command:   flowlace-train video fit motions --begin-with runs/motions_start --out runs/motions
Hardware:  one core of an AVX-512 CPU, no GPU
Score:     models/video_classification/card.md
"""

from flowlace.sources.testsrc.motion_frames import MOTIONS
from flowlace_trainers.card import CardText
from flowlace_trainers.fit import FitOptions
from flowlace_trainers.schedule import Phase
from flowlace_trainers.video.augmentation import ClipAugmentOptions
from flowlace_trainers.video.clip_store import ClipStore, DrawnClips
from flowlace_trainers.video.clips import read_table
from flowlace_trainers.video.config import Folders, VideoConfig
from flowlace_trainers.video.embedding import PatchOptions, StemStage
from flowlace_trainers.video.motions import MotionClips
from flowlace_trainers.video.sizes import EncoderSize
from flowlace_trainers.video.stepped_network import SteppedOptions
from flowlace_trainers.video.token_learner import TokenLearnerOptions

SIDE_PX = 96
MIRRORED = {one: one for one in MOTIONS} | {
    "left": "right", "right": "left", "cw": "ccw", "ccw": "cw"
}  # fmt: skip


def training(folders: Folders) -> DrawnClips:
    """Draws 8000 scenes, each with one motion, once."""
    return DrawnClips(MotionClips(8000, 4, motions_a_scene=1), folders.data)


def development(folders: Folders) -> DrawnClips:
    """Draws what tells the best checkpoint."""
    return DrawnClips(MotionClips(400, 2), folders.data)


def evaluation(folders: Folders) -> DrawnClips:
    """Draws what results are told of."""
    return DrawnClips(MotionClips(1600, 3), folders.data)


def compressed(folders: Folders) -> ClipStore:
    """Reads clips drawn by another program to the same rules, stored as H.264."""
    files = read_table(folders.recorded() / "clips.csv", "dev")
    return ClipStore(files, width_px=SIDE_PX, height_px=SIDE_PX, data=folders.data, labels=MOTIONS)


CONFIG = VideoConfig(
    name="motions",
    card=CardText(
        title="Motions",
        purpose=(
            "Says which of eight motions a shape makes over a cluttered background: left, right, "
            "up, down, clockwise (cw), counterclockwise (ccw), growing, shrinking. Graph "
            "`video_classification` uses it unless told otherwise; `testsrc:motions` shows such "
            "clips, so that the graph can be tried without a camera."
        ),
        limits=(
            "For demos, for tests, and as a start for your own classes (`flowlace-train video "
            "tune`). It knows drawn shapes, and moves of 1 to 2 pixels a frame of 96 pixels at 15 "
            "frames a second; of real people, hands or cars it knows nothing. It always says one "
            "of the eight, also where nothing moves."
        ),
        data=(
            "Clips drawn by a seed (`testsrc:motions`): 24 frames of 96 × 96 pixels, 15 a second; "
            "a textured shape of three to seven corners, 4 to 8 others as clutter, one that stands "
            "by, a camera that shakes, brightness and noise that change. Motions come in pairs, "
            "each the other played backwards, so that single frames say nothing. Every set has "
            "seeds of its own. *Compressed clips* are drawn by another program to the same rules "
            "and stored as H.264; none of them was learnt from."
        ),
        architecture=(
            "Every 400 ms a step of three frames goes through four small convolutions (Xiao et al. "
            "2021) and one layer that looks at its 36 places; a TokenLearner (v1.1) makes 8 tokens "
            "of them. Seven layers of width 96 look at the 32 tokens of the newest four steps, "
            "1.6 s. Logits are read from their mean. Both networks of the comparison begin with "
            "`motions_start`, which learnt 5000 steps with the tokens; the one without them keeps "
            "all places from there on. Wrong are mostly turning shapes, and scenes where the shape "
            "is hardly seen: all eight motions of one such scene are often missed."
        ),
        licence="Apache-2.0, weights and data.",
        hardware="One core of a shared two-core machine, no GPU: half an hour.",
        commands=(
            "flowlace-train video fit      motions_start --out runs/motions_start",
            "flowlace-train video fit      motions --begin-with runs/motions_start "
            "--out runs/motions",
            "flowlace-train video fit      motions_all_places --begin-with runs/motions_start "
            "--out runs/motions_all_places",
            "flowlace-train video export   motions --run runs/motions "
            "--models models/video_classification",
            "flowlace-train video evaluate motions --run runs/motions --clips CLIPS/motions "
            "--models models/video_classification --beside runs/motions "
            "--beside runs/motions_all_places",
        ),
    ),
    summary="Tells eight motions: left, right, up, down, clockwise or not, growing, shrinking.",
    licence="Apache-2.0",
    network=SteppedOptions(
        classes=len(MOTIONS),
        size=EncoderSize(layers=8, width=96, heads=3, inside=384),
        tubelets=PatchOptions(
            width_px=SIDE_PX,
            height_px=SIDE_PX,
            frames=3,
            stem=(
                StemStage(width=32, side_px=7, stride=4),
                StemStage(width=32, stride=1),
                StemStage(width=64),
                StemStage(width=96),
            ),
        ),
        steps=4,
        spatial_layers=1,
        temporal_layers=7,
        token_learner=TokenLearnerOptions(at=1, tokens=8),
    ),
    training=training,
    development=development,
    evaluation=evaluation,
    others={"compressed clips": compressed},
    period_us=133_333,
    batch_size=32,
    # Clips are drawn with all that may change; only the mirror and short windows are added.
    augment=ClipAugmentOptions(
        operations=0,
        noise=0.0,
        hidden=0.0,
        mixing=0.0,
        smoothing=0.05,
        short=0.1,
        rates=(0.85, 1.15),
        mirrored=MIRRORED,
    ),
    fit=FitOptions(
        steps=3000,
        phases=(Phase(share=1.0, width_px=SIDE_PX, height_px=SIDE_PX, strength=1.0, drop=0.0),),
        peak_learning_rate=6e-4,
        largest_gradient=1.0,
        warm_up_steps=100,
        weight_decay=0.05,
        averaging=0.998,
        evaluate_every=500,
        precision="bf16-mixed",
        threads=1,
    ),
)
