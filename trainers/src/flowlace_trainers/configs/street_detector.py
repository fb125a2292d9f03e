"""Cars, vans, people and bikes on `testsrc:street`; the detector that ships.

Command:   flowlace-train detector fit street_detector --out runs/street_detector
Hardware:  one core of an AVX-512 CPU with bfloat16, no GPU
Hours:     1.2, and 0.2 for painting the street
Score:     mAP 0.74, AP50 0.95 on unseen streets; models/object_detection/card.md has them all
"""

from collections.abc import Callable
from pathlib import Path

from flowlace.sources.testsrc.scene import LABELS
from flowlace_trainers.card import CardText
from flowlace_trainers.detector.augmentation import AugmentOptions
from flowlace_trainers.detector.decoding import DecodeOptions
from flowlace_trainers.detector.network import NetworkOptions
from flowlace_trainers.detector.street import StreetSamples, StreetSplit
from flowlace_trainers.detector.task import DetectorConfig
from flowlace_trainers.fit import FitOptions
from flowlace_trainers.schedule import Phase

TRAINING = StreetSplit(first_seed=10_000, streets=400, frames=12)
DEVELOPMENT = StreetSplit(first_seed=20_000, streets=20, frames=10)
EVALUATION = StreetSplit(first_seed=30_000, streets=40, frames=10)


def _opens(split: StreetSplit) -> Callable[[Path], StreetSamples]:
    return lambda data: StreetSamples(split, data / "street", processes=2)


CARD = CardText(
    title="Street detector",
    purpose=(
        "Finds cars, vans, people and bikes on the built-in test street (`testsrc:street`), so "
        "that demos, tests and tutorials run offline, at once and with known truth."
    ),
    limits=(
        "Use it with `testsrc:street`. **It has never seen a photograph: real cameras want a "
        "fetched model** (COCO SSD and others, by path and checksum) or one trained on your own "
        "pictures, with this trainer from COCO-format labels, or from a teacher's labels with "
        "`flowlace-train detector distil`. Objects of which less than 30 % is visible and those "
        "with a side under 1/60 of the picture's height were neither learned nor measured. It "
        "knows no other kinds of objects, no night, no rain. It must not be used where a miss "
        "or a false find can hurt anybody."
    ),
    data=(
        "Frames of `testsrc:street`, 640×360, painted by flowlace itself; no photographs, no "
        "people's data. A seed is one street: its houses, traffic, camera path and light, its "
        "figures drawn anew by the same painter; density 0.4–1.6, pan 0–1, shake 0–1.5, noise "
        "0–1.5 and light 0.5–2 are drawn by seed too. Splits share no seed: training "
        "10000–10399 (12 moments of each within ten minutes), development 20000–20019 (10 each; "
        "chooses the checkpoint, the score shown and the overlap suppressed), evaluation "
        "30000–30039 (10 each; for this card only, never for a choice). Boxes are cut at the "
        "picture's edges. Boxes of which less than 30 % is visible (hidden by something nearer "
        "or outside the picture), and boxes with a side under 1/60 of the picture's height, are "
        "ignored in training and evaluation: neither find nor miss counts."
    ),
    architecture=(
        "Backbone after EfficientNetV2 (FusedMBConv, then MBConv with squeeze-and-excitation; "
        "ReLU), strides 8, 16 and 32 joined by one top-down and one bottom-up round, a head "
        "without anchor boxes. Task-aligned assignment, CIoU and soft cross-entropy; picture "
        "size, augmentation and stochastic depth grow while it trains. Boxes come out as XYWH "
        "in input pixels, counted from the cell's middle; scores as logits; "
        "`SsdAnchorsCalculator` and `TensorsToDetectionsCalculator` decode them with the "
        "options in `street_detector.json`. In the int8 file the head's last convolutions and the "
        "decoding of boxes stay in float, because one step in eight bits would be over a pixel."
    ),
    licence="Apache-2.0, weights and data: both are made by this project alone.",
    hardware=(
        "One core of a shared two-core machine, bfloat16, no GPU; about 1.2 hours. The shipped "
        "weights were made in pieces: 3500 steps of a schedule of 7000 with norms shared by the "
        "scales in the head, then, with norms of each scale's own, to step 5500 of the schedule "
        "in the configuration. The command makes such a model in one go, not the same weights."
    ),
    commands=(
        "flowlace-train detector fit      street_detector --out runs/street_detector",
        "flowlace-train detector export   street_detector --run runs/street_detector "
        "--models models/object_detection",
        "flowlace-train detector evaluate street_detector --run runs/street_detector "
        "--models models/object_detection \\\n"
        "    --baseline coco_ssd_mobilenet_v1_1.0_quant_2018_06_29.tflite "
        "--baseline-labels labelmap.txt",
    ),
)

CONFIG = DetectorConfig(
    name="street_detector",
    card=CARD,
    summary="Finds cars, vans, people and bikes on the built-in test street.",
    licence="Apache-2.0",
    training=_opens(TRAINING),
    development=_opens(DEVELOPMENT),
    evaluation=_opens(EVALUATION),
    network=NetworkOptions(classes=len(LABELS)),
    width_px=384,
    height_px=224,
    batch_size=16,
    decode=DecodeOptions(largest_overlap=0.65),
    shown_score=0.35,
    augment=AugmentOptions(
        nearer=1.4, farther=0.75, shift=0.1, brightness=0.25, colour=0.08, gray=0.05, mosaic=0.15
    ),
    fit=FitOptions(
        steps=5500,
        phases=(
            Phase(share=0.3, width_px=256, height_px=160, strength=0.3, drop=0.0),
            Phase(share=0.3, width_px=320, height_px=192, strength=0.6, drop=0.05),
            Phase(share=0.4, width_px=384, height_px=224, strength=0.8, drop=0.1),
        ),
        precision="bf16-mixed",
        threads=1,
        evaluate_every=500,
        seed=1,
    ),
)
