"""Exported models as files: each is compared with the trained model before it is written."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace.inference.model_spec import ModelFile
from flowlace_trainers import tflite

_SAME_DB = 200.0


@dataclass(frozen=True, slots=True)
class Unchecked:
    """A model as the converter gave it."""

    name: str
    """Of the file it is for."""
    content: bytes
    """Of the `.tflite`."""
    least_db: float
    """Agreement with the trained model that is asked for."""


def file_facts(folder: Path, file: ModelFile) -> dict[str, Any]:
    """Returns what a card says about an exported file, its CPU time measured now."""
    content = (folder / file.file).read_bytes()
    return {
        "file": file.file,
        "sha256": file.sha256,
        "bytes": len(content),
        "cpu_ms": tflite.cpu_ms(content),
        "agreement_db": tflite.read_card(content)[0]["agreement_db"],
    }


@dataclass(frozen=True, slots=True)
class Checked:
    """A model as it was written."""

    file: ModelFile
    """Name and digest."""
    agreement_db: float
    """With the trained model."""


def write_checked(
    models: Mapping[str, Unchecked],
    reference: Callable[[NDArray[np.float32]], tflite.Arrays],
    inputs: Sequence[NDArray[np.float32]],
    facts: Mapping[str, Any],
    labels: Sequence[str],
    folder: Path,
) -> dict[str, Checked]:
    """Writes models with their facts and labels inside; returns what was written.

    Args:
        models: by precision.
        reference: the trained model.
        inputs: to compare on.
        facts: go into the metadata, with precision and agreement.
        labels: of the classes.
        folder: gets the files.

    Raises:
        TrainerError: an exported model doesn't do what the trained one does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = {}
    for precision, one in models.items():
        run = tflite.runner(one.content)
        agreement = tflite.check_agreement(
            reference, run, inputs, least_db=one.least_db, what=one.name
        )
        told = {**facts, "precision": precision, "agreement_db": round(agreement, 1)}
        packed = tflite.with_card(one.content, told, labels)
        tflite.check_agreement(
            run,
            tflite.runner(packed),
            inputs[:1],
            least_db=_SAME_DB,
            what=f"{one.name} with its card",
        )
        (folder / one.name).write_bytes(packed)
        file = ModelFile(file=one.name, sha256=hashlib.sha256(packed).hexdigest())
        made[precision] = Checked(file, agreement)
    return made
