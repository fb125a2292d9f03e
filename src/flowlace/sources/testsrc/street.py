"""`testsrc:street`: a busy street that exists nowhere, with everything known about it."""

from __future__ import annotations

from dataclasses import dataclass

from flowlace.formats.image import Image, ImageFormat
from flowlace.framework.clock import Clock
from flowlace.framework.openers import Url
from flowlace.sources.source import Source
from flowlace.sources.testsrc.camera_path import Affine
from flowlace.sources.testsrc.made_pictures import MadePictures
from flowlace.sources.testsrc.scene import SceneBox, StreetScene


@dataclass(frozen=True, slots=True, kw_only=True)
class StreetOptions:
    """What street, seen how."""

    width: int = 640
    """Columns."""

    height: int = 360
    """Rows."""

    fps: float = 30.0
    """Frames a second."""

    seconds: float = 10.0
    """Length; 0 has no end."""

    seed: int = 1
    """Another seed is another street with other people in it."""

    live: bool = False
    """Come by the clock and drop what isn't read in time, as a camera does."""

    density: float = 1.0
    """How busy: 1 has about fifteen things moving at a time, 0 none."""

    pan: float = 1.0
    """How far the camera sweeps; 0 stands."""

    shake: float = 1.0
    """How much the camera shakes; 0 is a tripod."""

    noise: float = 1.0
    """How much the sensor's noise and the lens's blur are; 0 is clean."""

    light: float = 1.0
    """How much sun and clouds change; 0 is steady."""

    def __post_init__(self) -> None:
        if min(self.width, self.height) < 32:
            raise ValueError(f"width={self.width} and height={self.height} must be at least 32")
        if self.fps <= 0 or self.seconds < 0 or self.density < 0:
            raise ValueError("fps must be positive, seconds and density not negative")


class StreetSource(MadePictures):
    """Gives the frames of a procedural street, with ground truth for each.

    Args:
        options: what street.
        clock: for a live one.
    """

    def __init__(
        self, options: StreetOptions = StreetOptions(), clock: Clock | None = None
    ) -> None:
        super().__init__(
            "testsrc:street", width_px=options.width, height_px=options.height, fps=options.fps,
            seconds=options.seconds, is_live=options.live, clock=clock,
        )  # fmt: skip
        self._options = options
        self.scene = StreetScene(
            options.width, options.height, options.seed, density=options.density,
            pan=options.pan, shake=options.shake, noise=options.noise, light=options.light,
        )  # fmt: skip

    def image(self, frame_index: int) -> Image:
        """Returns frame number `frame_index` as SRGB."""
        time_s = float(frame_index / self._rate)
        return Image(ImageFormat.SRGB, self.scene.picture(time_s, frame_index))

    def ground_truth(self, frame_index: int) -> list[SceneBox]:
        """Returns what moves in a frame, sorted by id, also what is hidden just now."""
        return self.scene.boxes(float(frame_index / self._rate))

    def camera_matrix(self, frame_index: int) -> Affine:
        """Returns the 2×3 map from the still panorama to a frame, the truth of camera motion.

        Coordinates have pixel edges at whole numbers.
        """
        return self.scene.camera.matrix(float(frame_index / self._rate))


def open_street(url: Url, clock: Clock) -> Source:
    """Opens the street named on the command line."""
    return StreetSource(url.read_options(StreetOptions), clock)
