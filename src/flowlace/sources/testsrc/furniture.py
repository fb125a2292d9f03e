"""What stands in the street and hides what passes behind it: lamp posts, trees, signs."""

import numpy as np

from flowlace.sources.testsrc.canvas import Canvas
from flowlace.sources.testsrc.sprite import Sprite
from flowlace.sources.testsrc.texture import Floats


def lamp_post(rng: np.random.Generator, px_m: float, tile: Floats) -> Sprite:
    """Returns a lamp post of 5 m."""
    canvas = Canvas(1.9, 5.2, px_m)
    canvas.shadow(0.25)
    canvas.polygon([(-0.1, 0), (-0.07, 5), (0.07, 5), (0.1, 0)], (66, 74, 76))
    canvas.polygon([(-0.16, 0), (-0.13, 0.9), (0.13, 0.9), (0.16, 0)], (52, 58, 60))
    canvas.line([(0, 5.0), (0.35, 5.1), (0.7, 5.06)], (66, 74, 76), 0.08)
    canvas.polygon([(0.4, 5.0), (0.45, 5.12), (0.85, 5.1), (0.85, 4.98)], (214, 214, 200))
    # A sticker and a number plate, so that the post itself can be tracked.
    canvas.polygon([(-0.1, 1.5), (-0.1, 1.75), (0.09, 1.75), (0.09, 1.5)], (220, 190, 40))
    canvas.polygon([(-0.08, 1.1), (-0.08, 1.25), (0.08, 1.25), (0.08, 1.1)], (200, 60, 50))
    return canvas.sprite(tile, rng, grain=0.08)


def tree(rng: np.random.Generator, px_m: float, tile: Floats) -> Sprite:
    """Returns a tree of 4 to 5 m."""
    tall = float(rng.uniform(4.2, 5.0))
    canvas = Canvas(3.6, tall + 0.3, px_m)
    canvas.shadow(0.5)
    canvas.polygon(
        [(-0.2, 0), (-0.12, 1.2), (-0.1, 2.8), (0.1, 2.8), (0.13, 1.2), (0.22, 0)], (84, 66, 50)
    )
    canvas.line([(0, 2.2), (-0.6, 3.0)], (84, 66, 50), 0.12)
    canvas.line([(0, 2.3), (0.6, 3.1)], (84, 66, 50), 0.1)
    hue = float(rng.uniform(-14, 22))
    for n in range(620):
        angle, out = rng.uniform(0, 2 * np.pi), np.sqrt(rng.uniform(0, 1))
        x = 1.5 * out * np.cos(angle)
        y = tall - 1.25 + 1.2 * out * np.sin(angle)
        # Later leaves lie in front, and those at the upper left are in the sun.
        sun = 0.55 + 0.3 * n / 620 + 0.12 * (y - tall + 1.25) - 0.08 * x + rng.uniform(-0.1, 0.1)
        leaf = np.clip(np.array([86 + hue, 128, 58 - hue * 0.3]) * sun * 1.35, 0, 255).astype(int)
        size = float(rng.uniform(0.06, 0.14))
        color = (int(leaf[0]), int(leaf[1]), int(leaf[2]))
        canvas.ellipse((float(x), float(y)), (size * 1.3, size), color)
    return canvas.sprite(tile, rng, grain=0.1)


def sign(rng: np.random.Generator, px_m: float, tile: Floats) -> Sprite:
    """Returns a traffic sign or a bus stop."""
    canvas = Canvas(1.0, 2.9, px_m)
    canvas.shadow(0.15)
    canvas.polygon([(-0.04, 0), (-0.04, 2.4), (0.04, 2.4), (0.04, 0)], (136, 138, 140))
    if rng.random() < 0.5:
        canvas.ellipse((0, 2.45), (0.32, 0.32), (200, 24, 30))
        canvas.ellipse((0, 2.45), (0.24, 0.24), (244, 244, 240))
        canvas.line([(-0.12, 2.38), (-0.12, 2.52)], (20, 20, 20), 0.06)
        canvas.ellipse((0.06, 2.45), (0.08, 0.1), (20, 20, 20))
    else:
        canvas.polygon([(-0.34, 2.0), (-0.34, 2.75), (0.34, 2.75), (0.34, 2.0)], (24, 92, 160))
        canvas.polygon([(-0.2, 2.2), (-0.2, 2.6), (0.2, 2.6), (0.2, 2.2)], (240, 240, 236))
        canvas.line([(-0.12, 2.3), (0.1, 2.52)], (24, 60, 120), 0.05)
    return canvas.sprite(tile, rng, grain=0.06)
