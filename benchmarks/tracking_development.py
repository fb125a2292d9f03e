"""Makes clips for choosing the tracker's settings, so that the evaluation clips stay unseen.

Two kinds: the procedural street with its true boxes, and collages: pieces cut from the two
videos without ground truth, bent, turned, faded into one another, blurred, hidden and lit
differently on top of other stretches of those videos. No evaluation clip is touched.

    python benchmarks/tracking_development.py --cache /tmp/made_clips
"""

import argparse
import pickle
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tracking_clips import DATA, Clip, Truth, analyse
from tracking_runs import first_starts, run_all

from flowlace.sources.testsrc.street import StreetOptions, StreetSource
from flowlace.tracking.evaluation import success_auc

FloatArray = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bgr = NDArray[np.uint8]

FRAMES, FPS = 150, 25.0
SCENERY = ("pedestrians_vtest_480.avi", "traffic_car_detection.mp4")
MADE = (*(("collage", k) for k in range(100, 116)), *(("street", k) for k in range(20, 25)))
CHANGES = ("bend", "turn", "view", "plain", "fast", "light", "hide", "grow")


@dataclass(slots=True)
class MadeClip(Clip):
    """A clip that is kept in memory."""

    pictures: list[Bgr] = field(default_factory=list)

    def frames(self) -> Iterator[Bgr]:
        """Yields the frames `[y, x, bgr]`."""
        yield from self.pictures


def development_clip(kind: str, seed: int, cache: Path | None = None) -> MadeClip:
    """Returns a `street` or a `collage`, analysed; kept in the folder `cache` if there is one."""
    file = cache / f"{kind}{seed}.pickle" if cache else None
    if file and file.exists():
        made: MadeClip = pickle.loads(file.read_bytes())
        return made
    clip = street_clip(seed) if kind == "street" else collage_clip(seed)
    analyse(clip)
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(pickle.dumps(clip))
    return clip


def street_clip(seed: int) -> MadeClip:
    """Returns a street; its tracks are the larger things that start in full view and stay."""
    seconds = FRAMES / FPS
    source = StreetSource(StreetOptions(width=480, height=270, fps=FPS, seconds=seconds, seed=seed))
    pictures = [np.asarray(source.image(k).pixels[..., ::-1]).copy() for k in range(FRAMES)]
    tracks: dict[int, Truth] = {}
    for k in range(FRAMES):
        for box in source.ground_truth(k):
            is_clear = box.visible_fraction > 0.9 and min(box.w, box.h) > 12
            # Truth where it can be seen; a track begins in full view.
            if is_clear or (box.id in tracks and box.visible_fraction > 0.3):
                tracks.setdefault(box.id, {})[k] = np.array([box.x, box.y, box.w, box.h])
    tracks = {id_: truth for id_, truth in tracks.items() if len(truth) >= FRAMES // 3}
    return _made(f"street{seed}", tracks, pictures)


def collage_clip(seed: int) -> MadeClip:
    """Returns two objects that go through three changes each before real scenery."""
    rng = np.random.default_rng(seed)
    scenery = _scenery(DATA / SCENERY[seed % 2], int(rng.integers(0, 200)))
    other = _scenery(DATA / SCENERY[(seed + 1) % 2], int(rng.integers(0, 200)), 40)
    height, width = scenery[0].shape[:2]
    sway = _wander(rng, FRAMES, 2, rng.uniform(0, 25))
    cutouts = [_Cutout(rng, other, scenery, (width, height)) for _ in range(2)]
    pictures: list[Bgr] = []
    tracks: dict[int, Truth] = {0: {}, 1: {}}
    for k, still in enumerate(scenery):
        matrix = np.array([[1.12, 0, sway[k, 0] - 0.06 * width], [0, 1.12, sway[k, 1] - 20]])
        picture = cv2.warpAffine(still, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
        canvas = picture.astype(np.float32)
        for id_, cutout in enumerate(cutouts):
            box = cutout.drawn_on(canvas, k)
            if box is not None:
                tracks[id_][k] = box
        noisy = canvas + rng.normal(0, 2, canvas.shape)
        pictures.append(np.clip(noisy, 0, 255).astype(np.uint8))
    return _made(f"collage{seed}", {k: t for k, t in tracks.items() if len(t) > 20}, pictures)


class _Cutout:
    """One object of a collage as a function of the frame number."""

    def __init__(
        self, rng: np.random.Generator, other: list[Bgr], own: list[Bgr], frame: tuple[int, int]
    ) -> None:
        self._changes = set(rng.choice(CHANGES, 3, replace=False).tolist())
        self._size = rng.uniform(0.09, 0.28) * frame[1] * np.exp(rng.uniform(-0.35, 0.35, 2))
        pool = other if rng.random() < 0.6 else own
        self._looks = [_piece(rng, pool) for _ in range(3)]
        reach = 0.3 * np.array(frame)
        speed = 0.5 if "fast" in self._changes else rng.uniform(0.02, 0.15)
        pulls = 12 if "fast" in self._changes else 4
        self._path = np.array(frame) / 2 + _wander(rng, FRAMES, 2, reach, pulls)
        self._path += rng.uniform(-0.12, 0.12, 2) * frame
        self._blur = speed
        self._bend = _wander(rng, FRAMES, 8, 0.14 if "bend" in self._changes else 0.03)
        self._angle = _wander(rng, FRAMES, 1, 0.8 if "turn" in self._changes else 0.06)[:, 0]
        self._growth = np.exp(
            _wander(rng, FRAMES, 1, 0.6 if "grow" in self._changes else 0.08)[:, 0]
        )
        self._growth /= self._growth[0]
        self._angle -= self._angle[0]
        self._light = 1 + _wander(rng, FRAMES, 1, 0.45 if "light" in self._changes else 0.05)[:, 0]
        self._hidden = range(0)
        if "hide" in self._changes:
            begin = int(rng.integers(40, 100))
            self._hidden = range(begin, begin + int(rng.integers(6, 22)))
        y, x = np.mgrid[-1:1:64j, -1:1:64j]
        power = rng.uniform(2, 6)
        lobes = 1 + 0.15 * np.sin(3 * np.arctan2(y, x) + rng.uniform(0, 6))
        inside = (np.abs(x) ** power + np.abs(y) ** power) ** (1 / power) / lobes
        self._mask = np.clip((0.95 - inside) * 12, 0, 1).astype(np.float32)

    def drawn_on(self, canvas: Float32, k: int) -> FloatArray | None:
        """Paints frame `k`; returns the box, none while mostly hidden."""
        look, mask = self._look(k), self._mask
        x, y = self._places(k)
        u, v = ((x + 1) * 31.5).astype(np.float32), ((y + 1) * 31.5).astype(np.float32)
        colour = cv2.remap(look, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        alpha = cv2.remap(mask, u, v, cv2.INTER_LINEAR, borderValue=(0.0,))
        step = self._path[k] - self._path[max(k - 1, 0)]
        corner = self._path[k] - self._grid(k) / 2
        taps = int(np.clip(np.linalg.norm(step) * self._blur, 1, 15))
        left, top = (int(v) for v in np.floor(corner))
        box = _bounds(alpha, left, top)
        soft = np.mean([_moved(alpha, -step * t / taps * 0.5) for t in range(taps)], axis=0)
        smear = np.mean([_moved(colour, -step * t / taps * 0.5) for t in range(taps)], axis=0)
        if k in self._hidden:
            # Something of the scenery stands before all of it.
            return None
        _blend(canvas, smear * self._light[k], soft, left, top)
        height, width = canvas.shape[:2]
        seen = np.minimum(box[:2] + box[2:], (width, height)) - np.maximum(box[:2], 0)
        return box if seen.min() > 0 and seen.prod() > 0.5 * box[2:].prod() else None

    def _look(self, k: int) -> Float32:
        if "view" not in self._changes:
            look = self._looks[0]
        else:
            at = k / FRAMES * 1.999
            first, part = int(at), at % 1
            look = self._looks[first] * (1 - part) + self._looks[first + 1] * part
        if "plain" in self._changes:
            mean = look.mean(axis=(0, 1))
            look = (mean + 0.3 * (cv2.GaussianBlur(look, (0, 0), 4) - mean)).astype(np.float32)
        return look.astype(np.float32)

    def _grid(self, k: int) -> FloatArray:
        return np.ceil(self._size * self._growth[k] * 1.5) + 2

    def _places(self, k: int) -> tuple[FloatArray, FloatArray]:
        """Returns where in -1..1 of the look each pixel of the patch comes from."""
        width, height = self._grid(k).astype(int)
        y, x = np.mgrid[0:height, 0:width].astype(np.float64)
        size = self._size * self._growth[k]
        x, y = x - width / 2, y - height / 2
        cos, sin = np.cos(self._angle[k]), np.sin(self._angle[k])
        x, y = (cos * x + sin * y) / size[0] * 2, (cos * y - sin * x) / size[1] * 2
        b = self._bend[k] - self._bend[0]
        bent_x = x + b[0] * np.sin(2 * y + b[1] * 9) + b[2] * np.sin(3 * x + b[3] * 9)
        bent_y = y + b[4] * np.sin(2 * x + b[5] * 9) + b[6] * np.sin(3 * y + b[7] * 9)
        return bent_x, bent_y


def _piece(rng: np.random.Generator, frames: list[Bgr]) -> Float32:
    """Returns a textured piece `[64, 64, bgr]`: the liveliest of a few."""
    pieces = []
    for _ in range(6):
        frame = frames[int(rng.integers(len(frames)))]
        side = int(rng.uniform(0.1, 0.3) * frame.shape[0])
        y, x = (int(rng.integers(0, n - side)) for n in frame.shape[:2])
        pieces.append(cv2.resize(frame[y : y + side, x : x + side], (64, 64)))
    best = max(pieces, key=lambda piece: float(piece.std()))
    return np.asarray(best, np.float32)


def _wander(
    rng: np.random.Generator,
    count: int,
    width: int,
    reach: float | FloatArray,
    pulls: int = 4,
) -> FloatArray:
    """Returns a smooth random curve `[frame, width]` within about `reach` of 0."""
    t = np.arange(count)[:, None] / count
    curve = np.zeros((count, width))
    for k in range(1, pulls + 1):
        curve += rng.normal(0, 1 / k, width) * np.sin(np.pi * k * t + rng.uniform(0, 6.3, width))
    largest = np.abs(curve).max(axis=0) + 1e-9
    return np.asarray(curve / largest * reach)


def _moved(image: Float32, shift: FloatArray) -> Float32:
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]])
    return np.asarray(
        cv2.warpAffine(image, matrix, image.shape[1::-1], borderMode=cv2.BORDER_REPLICATE),
        np.float32,
    )


def _bounds(alpha: Float32, left: int, top: int) -> FloatArray:
    rows, columns = (np.flatnonzero((alpha > 0.5).any(axis=a)) for a in (1, 0))
    if not len(rows) or not len(columns):
        return np.array([left, top, 1.0, 1.0])
    x, y = columns[0] + left, rows[0] + top
    return np.array([x, y, columns[-1] + 1 + left - x, rows[-1] + 1 + top - y], np.float64)


def _blend(canvas: Float32, colour: Float32, alpha: Float32, left: int, top: int) -> None:
    height, width = canvas.shape[:2]
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + alpha.shape[1], width), min(top + alpha.shape[0], height)
    if x1 <= x0 or y1 <= y0:
        return
    part = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
    a = alpha[part][..., None]
    canvas[y0:y1, x0:x1] += a * (colour[part] - canvas[y0:y1, x0:x1])


def _scenery(path: Path, first: int, count: int = FRAMES) -> list[Bgr]:
    capture = cv2.VideoCapture(str(path))
    for _ in range(first):
        capture.grab()
    frames = (capture.read()[1] for _ in range(count))
    return [np.asarray(cv2.resize(frame, (480, 300)), np.uint8) for frame in frames]


def _made(name: str, tracks: dict[int, Truth], pictures: list[Bgr]) -> MadeClip:
    size = pictures[0].shape[1], pictures[0].shape[0]
    return MadeClip(
        name=name, path=Path(name), tracks=tracks, fps=FPS, size=size, pictures=pictures
    )


def main() -> None:
    """Prints how much the look helps, and how often it hurts, on all made clips."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    motion, look = [], []
    for kind, seed in MADE:
        clip = development_clip(kind, seed, arguments.cache)
        starts = first_starts(clip)
        motion += [success_auc(run.overlaps()) for run in run_all(clip, starts)]
        look += [success_auc(run.overlaps()) for run in run_all(clip, starts, clip.pictures)]
    gain = np.array(look) - np.array(motion)
    print(
        f"{len(gain)} tracks: motion {np.mean(motion):.3f}, with look {np.mean(look):.3f}, "
        f"worst {gain.min():+.3f}, hurt by more than .05: {(gain < -0.05).mean():.0%}"
    )


if __name__ == "__main__":
    main()
