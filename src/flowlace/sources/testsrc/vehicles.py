"""Cars and vans, seen from the side, the front and the back."""

import numpy as np

from flowlace.sources.testsrc.canvas import Canvas, Color, Points
from flowlace.sources.testsrc.sprite import Sprite
from flowlace.sources.testsrc.texture import Floats

PAINTS: tuple[Color, ...] = (
    (178, 34, 38), (32, 74, 142), (226, 228, 230), (40, 42, 46), (150, 154, 158), (28, 96, 70),
    (222, 176, 40), (104, 28, 48), (92, 128, 168), (214, 108, 40), (84, 90, 72), (198, 190, 168),
    (18, 128, 142), (122, 84, 58),
)  # fmt: skip
_GLASS: Color = (46, 60, 74)
_SHINE: Color = (138, 160, 178)
_TYRE: Color = (24, 24, 26)
_LAMP: Color = (250, 244, 214)
_TAIL: Color = (196, 20, 24)

# Outlines of cars that look to the right; x in lengths of the car, y in metres.
_BODIES: dict[str, Points] = {
    "sedan": (
        (-0.49, 0.24), (-0.5, 0.62), (-0.485, 0.88), (-0.36, 0.96), (-0.25, 1.02), (-0.15, 1.4),
        (0.0, 1.46), (0.1, 1.42), (0.24, 1.0), (0.42, 0.88), (0.495, 0.7), (0.5, 0.24),
    ),
    "hatchback": (
        (-0.49, 0.24), (-0.5, 0.8), (-0.47, 1.06), (-0.41, 1.46), (-0.2, 1.53), (0.06, 1.5),
        (0.23, 1.04), (0.43, 0.92), (0.495, 0.72), (0.5, 0.24),
    ),
    "suv": (
        (-0.49, 0.32), (-0.5, 1.0), (-0.475, 1.64), (-0.25, 1.76), (0.08, 1.74), (0.21, 1.18),
        (0.44, 1.08), (0.5, 0.86), (0.5, 0.32),
    ),
    "van": (
        (-0.495, 0.3), (-0.5, 2.2), (-0.48, 2.36), (0.22, 2.36), (0.32, 2.16), (0.41, 1.32),
        (0.485, 1.14), (0.5, 0.3),
    ),
}  # fmt: skip
_WINDOWS: dict[str, tuple[Points, ...]] = {
    "sedan": (
        ((-0.225, 1.0), (-0.135, 1.34), (-0.025, 1.38), (-0.025, 0.98)),
        ((0.0, 0.98), (0.0, 1.38), (0.085, 1.35), (0.205, 0.98)),
    ),
    "hatchback": (
        ((-0.44, 1.08), (-0.385, 1.4), (-0.2, 1.45), (-0.2, 1.04)),
        ((-0.175, 1.04), (-0.175, 1.45), (0.045, 1.43), (0.195, 1.02)),
    ),
    "suv": (
        ((-0.455, 1.2), (-0.44, 1.56), (-0.3, 1.66), (-0.3, 1.18)),
        ((-0.275, 1.18), (-0.275, 1.66), (-0.1, 1.67), (-0.1, 1.17)),
        ((-0.075, 1.17), (-0.075, 1.67), (0.07, 1.65), (0.18, 1.17)),
    ),
    "van": (((0.13, 1.34), (0.13, 2.06), (0.27, 2.06), (0.365, 1.34)),),
}


def _darker(color: Color, share: float = 0.6) -> Color:
    return (int(color[0] * share), int(color[1] * share), int(color[2] * share))


def vehicle_from_side(label: str, rng: np.random.Generator, px_m: float, tile: Floats) -> Sprite:
    """Returns a car or van that looks to the right."""
    body = "van" if label == "van" else ("sedan", "hatchback", "suv")[int(rng.integers(3))]
    length = {"sedan": 4.6, "hatchback": 4.0, "suv": 4.7, "van": 5.4}[body] * rng.uniform(
        0.94, 1.06
    )
    paint = PAINTS[int(rng.integers(len(PAINTS)))]
    canvas = Canvas(length + 0.7, 2.6 if body == "van" else 1.95, px_m)
    canvas.shadow(length * 0.53)

    def stretched(points: Points) -> Points:
        return [(x * length, y) for x, y in points]

    canvas.polygon(stretched(_BODIES[body]), paint, smooth=2)
    sill = [(-0.49, 0.24), (-0.49, 0.44), (0.495, 0.44), (0.495, 0.24)]
    canvas.polygon(stretched(sill), _darker(paint, 0.5))
    canvas.line(stretched([(-0.48, 0.74), (0.47, 0.74)]), _darker(paint, 0.78), 0.03)
    _decorate(canvas, body, length, paint, rng)
    for window in _WINDOWS[body]:
        canvas.polygon(stretched(window), _GLASS)
        x, y = window[-1]
        glare = [
            (x - 0.05, y + 0.02),
            (x - 0.09, y + 0.3),
            (x - 0.075, y + 0.3),
            (x - 0.03, y + 0.02),
        ]
        canvas.polygon(stretched(glare), _SHINE)
    for x in (-0.02, 0.2):
        canvas.line(stretched([(x, 0.45), (x, 0.95)]), _darker(paint, 0.62), 0.02)
    canvas.line(stretched([(-0.07, 0.86), (-0.045, 0.86)]), _darker(paint, 0.4), 0.04)
    canvas.polygon(stretched([(0.455, 0.66), (0.455, 0.8), (0.49, 0.76), (0.498, 0.66)]), _LAMP)
    canvas.polygon(stretched([(-0.5, 0.72), (-0.497, 0.92), (-0.465, 0.92), (-0.47, 0.72)]), _TAIL)
    _wheels(canvas, length, rng)
    return canvas.sprite(tile, rng)


def _wheels(canvas: Canvas, length: float, rng: np.random.Generator) -> None:
    radius = float(rng.uniform(0.31, 0.36))
    rim = int(rng.integers(150, 225))
    spokes = int(rng.integers(4, 8))
    for x in (-0.31 * length, 0.31 * length):
        canvas.ellipse((x, radius + 0.03), (radius + 0.07, radius + 0.07), (16, 16, 18))
        canvas.ellipse((x, radius), (radius, radius), _TYRE)
        canvas.ellipse((x, radius), (radius * 0.64, radius * 0.64), (rim, rim, rim + 4))
        for one in range(spokes):
            angle = 2 * np.pi * one / spokes
            tip = (
                x + 0.6 * radius * float(np.cos(angle)),
                radius * (1 + 0.6 * float(np.sin(angle))),
            )
            canvas.line([(x, radius), tip], (62, 62, 66), 0.045)
        canvas.ellipse((x, radius), (0.07, 0.07), (90, 90, 94))


def _decorate(
    canvas: Canvas, body: str, length: float, paint: Color, rng: np.random.Generator
) -> None:
    """Paints what tells one car from the next: stripes, checks, a firm's name."""
    other = PAINTS[int(rng.integers(len(PAINTS)))]
    low, high = (1.0, 2.1) if body == "van" else (0.5, 0.72)
    left, right = (-0.46, 0.1) if body == "van" else (-0.4, 0.36)
    kind = int(rng.integers(5)) if body != "van" else int(rng.integers(3))
    if kind == 0:  # the firm's name
        for x in np.arange(left + 0.03, right - 0.05, 0.055):
            tall = rng.uniform(0.4, 1.0) * (high - low) * 0.5
            y = (low + high) / 2 - tall / 2
            wide = rng.uniform(0.018, 0.042)
            canvas.polygon(
                [
                    (x * length, y),
                    (x * length, y + tall),
                    ((x + wide) * length, y + tall),
                    ((x + wide) * length, y),
                ],
                other,
            )
    elif kind == 1:  # two stripes
        for y in (low + 0.06, low + 0.16):
            canvas.line([(left * length, y), (right * length, y)], other, 0.05)
    elif kind == 2:  # checks, as on a taxi
        for n, x in enumerate(np.arange(left, right, 0.035)):
            y = low + 0.1 + 0.09 * (n % 2)
            box = [(x, y), (x, y + 0.09), (x + 0.035, y + 0.09), (x + 0.035, y)]
            canvas.polygon([(u * length, v) for u, v in box], other)
    else:
        canvas.line([(left * length, 0.6), (right * length, 0.64)], _darker(paint, 0.85), 0.06)


def vehicle_from_end(
    label: str, rng: np.random.Generator, px_m: float, tile: Floats, *, is_front: bool
) -> Sprite:
    """Returns a car or van seen from the front or the back."""
    tall = 2.3 if label == "van" else float(rng.uniform(1.42, 1.72))
    half = 0.98 if label == "van" else float(rng.uniform(0.86, 0.94))
    belt = 1.25 if label == "van" else 0.58 * tall
    paint = PAINTS[int(rng.integers(len(PAINTS)))]
    canvas = Canvas(2 * half + 0.6, tall + 0.15, px_m)
    canvas.shadow(half * 1.12)
    for x in (-half + 0.16, half - 0.16):
        canvas.polygon([(x - 0.12, 0), (x - 0.12, 0.5), (x + 0.12, 0.5), (x + 0.12, 0)], _TYRE)
    roof = half * (0.95 if label == "van" else 0.72)
    body = [(-half, 0.24), (-half, belt), (-roof, tall), (roof, tall), (half, belt), (half, 0.24)]
    canvas.polygon(body, paint, smooth=1)
    glass = roof * 0.92
    canvas.polygon(
        [
            (-half * 0.88, belt + 0.02),
            (-glass, tall - 0.1),
            (glass, tall - 0.1),
            (half * 0.88, belt + 0.02),
        ],
        _GLASS,
    )
    canvas.polygon(
        [
            (-half * 0.5, belt + 0.05),
            (-glass * 0.35, tall - 0.12),
            (-glass * 0.1, tall - 0.12),
            (-half * 0.25, belt + 0.05),
        ],
        _SHINE,
    )
    lamp = _LAMP if is_front else _TAIL
    for side in (-1, 1):
        x = side * half * 0.76
        canvas.ellipse((x, belt - 0.2), (0.16, 0.09), (30, 30, 32))
        canvas.ellipse((x, belt - 0.2), (0.13, 0.07), lamp)
        mirror = side * (half + 0.08)
        canvas.ellipse((mirror, belt + 0.1), (0.09, 0.07), _darker(paint, 0.7))
    grille = (34, 34, 38) if is_front else _darker(paint, 0.72)
    canvas.polygon([(-0.42, 0.42), (-0.46, belt - 0.14), (0.46, belt - 0.14), (0.42, 0.42)], grille)
    for y in np.arange(0.46, belt - 0.16, 0.08):
        canvas.line([(-0.4, y), (0.4, y)], (96, 98, 102), 0.015)
    canvas.polygon([(-0.26, 0.4), (-0.26, 0.53), (0.26, 0.53), (0.26, 0.4)], (236, 236, 226))
    for x in np.arange(-0.2, 0.2, 0.07):
        canvas.line([(x, 0.44), (x + 0.02, 0.5)], (30, 30, 60), 0.02)
    canvas.line([(-half * 0.96, 0.34), (half * 0.96, 0.34)], _darker(paint, 0.5), 0.09)
    return canvas.sprite(tile, rng)
