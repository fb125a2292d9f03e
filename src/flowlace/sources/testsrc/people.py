"""People on foot and on bikes, in the phases of their step."""

from dataclasses import dataclass

import numpy as np

from flowlace.sources.testsrc.canvas import Canvas, Color
from flowlace.sources.testsrc.sprite import Sprite
from flowlace.sources.testsrc.texture import Floats
from flowlace.sources.testsrc.vehicles import PAINTS

PHASES = 8
"""Pictures of one double step."""

_SKIN: tuple[Color, ...] = ((236, 196, 168), (206, 156, 120), (146, 98, 68), (96, 64, 46))
_HAIR: tuple[Color, ...] = ((32, 26, 24), (86, 56, 36), (168, 128, 76), (120, 118, 116))
_TROUSERS: tuple[Color, ...] = (
    (36, 44, 70),
    (52, 52, 56),
    (112, 98, 78),
    (70, 84, 108),
    (90, 40, 46),
)


@dataclass(frozen=True, slots=True)
class Looks:
    """What tells one person from the next."""

    skin: Color
    hair: Color
    shirt: Color
    pattern: Color
    trousers: Color
    tall_m: float
    kind: int
    """0 stripes, 1 a band, 2 a jacket, 3 plain with a print."""
    bag: Color | None


def random_looks(rng: np.random.Generator) -> Looks:
    """Returns a person."""
    return Looks(
        skin=_SKIN[int(rng.integers(len(_SKIN)))],
        hair=_HAIR[int(rng.integers(len(_HAIR)))],
        shirt=PAINTS[int(rng.integers(len(PAINTS)))],
        pattern=PAINTS[int(rng.integers(len(PAINTS)))],
        trousers=_TROUSERS[int(rng.integers(len(_TROUSERS)))],
        tall_m=float(rng.uniform(1.58, 1.9)),
        kind=int(rng.integers(4)),
        bag=PAINTS[int(rng.integers(len(PAINTS)))] if rng.random() < 0.5 else None,
    )


def walker(looks: Looks, phase: int, rng: np.random.Generator, px_m: float, tile: Floats) -> Sprite:
    """Returns a person walking to the right, in phase 0 … PHASES - 1 of the step."""
    canvas = Canvas(1.3, looks.tall_m + 0.1, px_m)
    canvas.shadow(0.34)
    hip = 0.49 * looks.tall_m
    shoulder = 0.81 * looks.tall_m
    swing = float(np.sin(2 * np.pi * phase / PHASES)) * 0.5
    dark: Color = tuple(int(0.72 * one) for one in looks.trousers)  # type: ignore[assignment]
    for angle, color in ((-swing, dark), (swing, looks.trousers)):
        knee = (0.48 * hip * np.sin(angle), hip - 0.48 * hip * np.cos(angle))
        bend = angle - 0.55 * max(0.0, -np.sin(angle) + 0.25)
        foot = (knee[0] + 0.46 * hip * np.sin(bend), max(0.05, knee[1] - 0.46 * hip * np.cos(bend)))
        canvas.line([(0, hip), (float(knee[0]), float(knee[1]))], color, 0.17)
        canvas.line(
            [(float(knee[0]), float(knee[1])), (float(foot[0]), float(foot[1]))], color, 0.13
        )
        toe = (float(foot[0]) + 0.15, float(foot[1]) - 0.01)
        canvas.line([(float(foot[0]), float(foot[1])), toe], (34, 28, 26), 0.09)
    if looks.bag is not None:
        canvas.ellipse((-0.2, 0.68 * looks.tall_m), (0.14, 0.23), looks.bag)
        canvas.line(
            [(-0.24, 0.62 * looks.tall_m), (-0.12, 0.62 * looks.tall_m)], (40, 36, 34), 0.03
        )
    _torso(canvas, looks, (0.0, hip), (0.02, shoulder))
    for angle in (swing,):
        elbow = (0.02 - 0.3 * float(np.sin(angle)), shoulder - 0.3)
        hand = (elbow[0] - 0.2 * float(np.sin(angle)) + 0.07, elbow[1] - 0.24)
        sleeve: Color = tuple(int(0.82 * one) for one in looks.shirt)  # type: ignore[assignment]
        canvas.line([(0.02, shoulder - 0.03), elbow, hand], sleeve, 0.105)
        canvas.ellipse(hand, (0.05, 0.055), looks.skin)
    _head(canvas, looks, (0.05, 0.91 * looks.tall_m))
    return canvas.sprite(tile, rng, grain=0.07)


def rider(looks: Looks, phase: int, rng: np.random.Generator, px_m: float, tile: Floats) -> Sprite:
    """Returns a person riding a bike to the right, in phase 0 … PHASES - 1 of a turn."""
    canvas = Canvas(2.1, 1.85, px_m)
    canvas.shadow(0.85)
    frame = looks.pattern
    rear, front, axle = (-0.52, 0.34), (0.54, 0.34), (-0.06, 0.32)
    saddle, bar = (-0.2, 0.93), (0.4, 1.0)
    turn = 2 * np.pi * phase / PHASES
    hip, shoulder = (-0.18, 1.0), (0.14, 1.43)
    for offset, share in ((np.pi, 0.7), (0.0, 1.0)):
        pedal = (
            axle[0] + 0.17 * float(np.cos(-turn + offset)),
            axle[1] + 0.17 * float(np.sin(-turn + offset)),
        )
        knee = ((hip[0] + pedal[0]) / 2 + 0.24, (hip[1] + pedal[1]) / 2 + 0.1)
        color: Color = tuple(int(share * one) for one in looks.trousers)  # type: ignore[assignment]
        canvas.line([hip, knee, pedal], color, 0.13)
        canvas.line([pedal, (pedal[0] + 0.13, pedal[1])], (30, 28, 28), 0.08)
        if share < 1:
            _bike(canvas, frame, rear, front, axle, saddle, bar)
    if looks.bag is not None:
        canvas.polygon([(-0.82, 0.72), (-0.82, 1.08), (-0.42, 1.08), (-0.42, 0.72)], looks.bag)
        canvas.line([(-0.8, 0.9), (-0.44, 0.9)], (236, 232, 220), 0.03)
    _torso(canvas, looks, hip, shoulder)
    canvas.line([shoulder, (0.3, 1.14), bar], looks.shirt, 0.1)
    canvas.ellipse(bar, (0.05, 0.05), looks.skin)
    _head(canvas, looks, (0.26, 1.62))
    canvas.polygon(
        [(0.11, 1.64), (0.13, 1.76), (0.27, 1.8), (0.39, 1.73), (0.41, 1.66)], frame, smooth=1
    )
    return canvas.sprite(tile, rng, grain=0.07)


def _bike(
    canvas: Canvas, color: Color, rear: tuple[float, float], front: tuple[float, float],
    axle: tuple[float, float], saddle: tuple[float, float], bar: tuple[float, float],
) -> None:  # fmt: skip
    for wheel in (rear, front):
        canvas.ring(wheel, 0.31, (26, 26, 28), 0.055)
        for angle in np.arange(0, np.pi, np.pi / 4):
            dx, dy = 0.29 * float(np.cos(angle)), 0.29 * float(np.sin(angle))
            canvas.line(
                [(wheel[0] - dx, wheel[1] - dy), (wheel[0] + dx, wheel[1] + dy)],
                (128, 130, 134),
                0.012,
            )
    head = (0.36, 0.86)
    canvas.line([rear, saddle, head, front], color, 0.045)
    canvas.line([saddle, axle, head], color, 0.045)
    canvas.line([rear, axle], color, 0.035)
    canvas.line([head, bar], (60, 60, 64), 0.035)
    canvas.line([(saddle[0] - 0.1, saddle[1]), (saddle[0] + 0.1, saddle[1])], (30, 26, 24), 0.06)


def _torso(
    canvas: Canvas, looks: Looks, hip: tuple[float, float], shoulder: tuple[float, float]
) -> None:
    along = (shoulder[0] - hip[0], shoulder[1] - hip[1])
    across = (-along[1] * 0.27, along[0] * 0.27)

    def at(up: float, side: float) -> tuple[float, float]:
        wide = 0.82 + 0.3 * up
        return (
            hip[0] + up * along[0] + side * wide * across[0],
            hip[1] + up * along[1] + side * wide * across[1],
        )

    canvas.polygon(
        [at(-0.08, 1), at(0.95, 1), at(1.06, 0.3), at(1.06, -0.3), at(0.95, -1), at(-0.08, -1)],
        looks.shirt,
        smooth=1,
    )
    if looks.kind == 0:
        for up in np.arange(0.1, 0.95, 0.16):
            canvas.line([at(up, 0.85), at(up, -0.85)], looks.pattern, 0.04)
    elif looks.kind == 1:
        canvas.polygon(
            [at(0.5, 0.95), at(0.72, 0.95), at(0.72, -0.95), at(0.5, -0.95)], looks.pattern
        )
    elif looks.kind == 2:
        canvas.polygon([at(-0.05, -0.3), at(1, -0.15), at(1, -0.7), at(-0.05, -0.9)], looks.pattern)
        canvas.line([at(0, -0.3), at(1, -0.2)], (240, 238, 230), 0.02)
    else:
        canvas.ellipse(at(0.62, -0.1), (0.09, 0.09), looks.pattern)


def _head(canvas: Canvas, looks: Looks, center: tuple[float, float]) -> None:
    x, y = center
    canvas.line([(x - 0.03, y - 0.1), (x - 0.03, y - 0.2)], looks.skin, 0.09)
    canvas.ellipse((x - 0.015, y + 0.02), (0.115, 0.135), looks.hair)
    canvas.ellipse((x + 0.025, y - 0.015), (0.088, 0.112), looks.skin)
    canvas.ellipse((x + 0.075, y + 0.015), (0.016, 0.016), (30, 28, 28))
