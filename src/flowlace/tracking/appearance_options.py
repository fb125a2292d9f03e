"""Options of the appearance model."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class AppearanceOptions:
    """How boxes are looked at. Defaults hold for boxes from about 15 pixels upwards."""

    patch_px: int = 128
    """Side a box and its surroundings are scaled to."""

    padding: float = 1.2
    """Surroundings, in mean box sides."""

    label_sigma: float = 0.08
    """Width of the wanted response, in box sizes."""

    regularisation: float = 0.01
    """Part of the mean spectral power added to the denominator."""

    learning_rate: float = 0.02
    """Weight of a new picture."""

    first_share: float = 0.0
    """Weight of the very first picture beside the running mean."""

    motion_window: float = 0.5
    """Deviation expected of the flow's prediction, in box sizes."""

    min_peak_ratio: float = 0.6
    """A response below this part of the box's usual one is not believed."""

    search_after_frames: int = 3
    """A box not seen for this long is looked for in a wider area; 0 never does."""

    search_peak_ratio: float = 0.7
    """A response there must reach this part of the usual one."""

    usual_peak_rate: float = 0.05
    """How fast the usual response follows."""

    scales: int = 17
    """Sizes compared; 0 leaves the size to the flow."""

    scale_step: float = 1.03
    """Ratio of neighbouring sizes."""

    scale_patch_px: int = 32
    """Side a box is scaled to when sizes are compared."""

    max_scale_steps: float = 2.0
    """Most steps the size changes in a frame."""
