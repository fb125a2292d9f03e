"""A configuration for the clips of a user's folder, beginning with a trained network.

Clips lie in `FOLDER/class/clip.mp4`; every fifth of a class, by name, is then kept to check, which
flatters where neighbours were filmed together. `FOLDER/train/class/…` and `FOLDER/dev/class/…` part
them as they should be: by person, by place, by day.
"""

import logging
from dataclasses import replace
from importlib import resources
from pathlib import Path

from flowlace_trainers.card import CardText
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.schedule import Phase
from flowlace_trainers.video.augmentation import ClipAugmentOptions
from flowlace_trainers.video.clip_store import ClipStore
from flowlace_trainers.video.clips import ClipFile, labels_of, list_clips
from flowlace_trainers.video.config import Folders, VideoConfig
from flowlace_trainers.video.networks import input_of

_logger = logging.getLogger("flowlace_trainers.video.tuning")
_KEPT_EVERY = 5
_LEARNING_RATE = 3e-4


def tuned_config(base: VideoConfig, folder: Path, *, name: str, steps: int) -> VideoConfig:
    """Returns a configuration that learns the classes of a folder.

    Args:
        base: its network and sampling are taken, and its trained weights where there are some.
        folder: of the clips.
        name: of the model.
        steps: of training.

    Raises:
        TrainerError: the folder holds no clips, only one class, or too few to keep any.
    """
    learnt, kept = parted(folder)
    labels = labels_of([*learnt, *kept])
    if len(labels) < 2:
        raise TrainerError(f"{str(folder)!r} has one class, {labels[0]!r}; nothing to tell apart")
    takes = input_of(base.network)

    def store(files: list[ClipFile], folders: Folders) -> ClipStore:
        return ClipStore(
            files,
            width_px=takes.width_px,
            height_px=takes.height_px,
            data=folders.data,
            labels=labels,
        )

    phase = Phase(
        share=1.0, width_px=takes.width_px, height_px=takes.height_px, strength=0.7, drop=0.05
    )
    start = base.start or packaged_weights(base.name)
    if start is None:
        _logger.warning("configuration %r has no trained weights; begins with fresh", base.name)
    return replace(
        base,
        name=name,
        summary=f"Tells {', '.join(labels)}.",
        licence="",
        network=replace(base.network, classes=len(labels)),
        training=lambda folders: store(learnt, folders),
        development=lambda folders: store(kept, folders),
        evaluation=lambda folders: store(kept, folders),
        others={},
        augment=ClipAugmentOptions(),
        start=start,
        card=_card(name, base.name, labels, folder),
        fit=replace(
            base.fit,
            steps=steps,
            phases=(phase,),
            peak_learning_rate=min(base.fit.peak_learning_rate, _LEARNING_RATE),
            warm_up_steps=min(base.fit.warm_up_steps, steps // 10),
            averaging=0.99,
            evaluate_every=max(1, steps // 10),
            keeps_last=False,
        ),
    )


def parted(folder: Path) -> tuple[list[ClipFile], list[ClipFile]]:
    """Returns the clips to learn and those to check, as the folder parts them or one in five.

    Raises:
        TrainerError: no clips, or no class has enough to keep one.
    """
    if (folder / "train").is_dir() and (folder / "dev").is_dir():
        return list_clips(folder / "train"), list_clips(folder / "dev")
    clips = list_clips(folder)
    by_class = {label: [one for one in clips if one.label == label] for label in labels_of(clips)}
    kept = [one for some in by_class.values() for one in some[_KEPT_EVERY - 1 :: _KEPT_EVERY]]
    if not kept:
        raise TrainerError(
            f"{str(folder)!r} has fewer than {_KEPT_EVERY} clips of every class; take more, or "
            f"part them yourself into {folder / 'train'} and {folder / 'dev'}"
        )
    learnt = [one for one in clips if one not in kept]
    return learnt, kept


def packaged_weights(name: str) -> Path | None:
    """Returns the file of a configuration's trained weights, if the package has it."""
    file = Path(str(resources.files("flowlace_trainers") / "weights" / f"{name}.safetensors"))
    return file if file.exists() else None


def _card(name: str, base: str, labels: tuple[str, ...], folder: Path) -> CardText:
    return CardText(
        title=name,
        purpose=f"Tells {', '.join(labels)}.",
        limits=(
            "For what was filmed as these clips were. Where nothing of this happens it still says "
            "the likeliest; add a class of clips in which nothing does. The clips kept to check "
            "chose the checkpoint, so the scores flatter a little, and more where they show the "
            "same people and places as those learnt from."
        ),
        data=f"Clips of the folder `{folder.name}`.",
        architecture=f"That of `{base}`, whose trained weights it began with where there are any.",
        licence="That of the clips, which only their owner knows.",
        hardware="",
        commands=(f"flowlace-train video tune {folder.name} --base {base} --name {name}",),
    )
