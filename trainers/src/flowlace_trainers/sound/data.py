"""Clips, teacher and windows of a configuration: what its trainings have in common."""

from functools import cached_property
from pathlib import Path

from torch import nn

from flowlace_trainers.sound.clips import Clip, folds_of, read_clips
from flowlace_trainers.sound.config import SoundConfig
from flowlace_trainers.sound.network import Trunk
from flowlace_trainers.sound.pool import FeaturePool, make_pool
from flowlace_trainers.sound.start import trunk_from
from flowlace_trainers.sound.teacher import Layer, conv_of, read_layers


class SoundData:
    """Reads what it is asked for once.

    Args:
        config: says what is wanted.
        clips: folder with `labels.csv` and the clips.
        teacher: YAMNet's `.tflite`.
        made: folder for what can be made again.
    """

    def __init__(self, config: SoundConfig, clips: Path, teacher: Path, made: Path) -> None:
        self.config = config
        self.teacher_file = teacher
        self._clips_folder = clips
        self._made = made

    @cached_property
    def clips(self) -> list[Clip]:
        """All that may be used. Raises TrainerError where they can't be read."""
        config = self.config

        def is_wanted(row: dict[str, str]) -> bool:
            return (
                row["label"] in config.labels
                and row["licence"] in config.licences
                and (not config.folders or row["file"].partition("/")[0] in config.folders)
            )

        return read_clips(self._clips_folder, wanted=is_wanted)

    @cached_property
    def folds(self) -> tuple[str, ...]:
        """Of the clips."""
        return folds_of(self.clips)

    @cached_property
    def layers(self) -> list[Layer]:
        """The teacher's. Raises TrainerError where the file is not YAMNet."""
        return read_layers(self.teacher_file)

    @cached_property
    def trunk(self) -> Trunk:
        """The part that is not trained."""
        return trunk_from(self.layers)

    @cached_property
    def pool(self) -> FeaturePool:
        """Windows of all folds, made now if they are not there."""
        first = len(self.trunk)
        last = first + 2 * len(self.config.network.ranks)
        continued = nn.Sequential(*map(conv_of, self.layers[first:last])).eval()
        config = self.config
        return make_pool(
            self.clips, config.labels, config.pool, self.trunk, continued, self._made, told=_tell
        )


def _tell(done: int, parts: int) -> None:
    print(f"windows to learn from: part {done} of {parts}", flush=True)  # noqa: T201 - progress
