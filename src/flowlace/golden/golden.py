"""Golden results: outputs of a graph that somebody looked at and kept, to be compared with later.

A golden result is a folder: `recipe.json` says what to run and what is allowed, `outputs.mcap`
holds what came out.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flowlace.comparison.streams import Comparison, compare_streams
from flowlace.framework.config_write import to_text
from flowlace.golden.errors import GoldenError
from flowlace.golden.recipe import Recipe
from flowlace.golden.result_file import (
    ResultFile,
    ResultSink,
    ResultWriter,
    describe_results,
)
from flowlace.golden.run_recipe import PlannedRecipe, plan_recipe
from flowlace.recording.description import differences, model_digests, present_versions
from flowlace.sinks.sink import SinkCounts

RECIPE = "recipe.json"
OUTPUTS = "outputs.mcap"
UNFINISHED = ".new-"


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a check."""

    comparison: Comparison
    changes: tuple[str, ...]
    """What else is another now than when the golden result was made: versions, models, graph."""


def create_golden(
    folder: Path, recipe: Recipe, *, overwrites: bool = False
) -> dict[str, SinkCounts]:
    """Runs a recipe and keeps its outputs in a folder; returns the packets kept, by stream.

    Nothing is changed unless the run succeeds.

    Args:
        recipe: with paths as seen from here.

    Raises:
        GoldenError: the folder is there already and may not be overwritten, or it can't be written.
        FlowlaceError: what the run raises.
    """
    if (folder / RECIPE).exists() and not overwrites:
        raise GoldenError(
            f"{str(folder)!r} exists already; check it, update it with `golden check --update`, "
            "or give --overwrite"
        )
    recipe.allowed  # noqa: B018 - reads what may be misspelt before it takes time
    planned = plan_recipe(recipe)
    try:
        with _beside(folder) as made:
            counts = _write_outputs(planned, made / OUTPUTS)
            (made / RECIPE).write_text(recipe.seen_from(folder).to_json(), encoding="utf-8")
            for name in (OUTPUTS, RECIPE):
                os.replace(made / name, folder / name)
    except OSError as error:
        raise GoldenError(f"{str(folder)!r} can't be written: {error.strerror or error}") from error
    return counts


def check_golden(folder: Path) -> Checked:
    """Runs the recipe of a golden result again and compares.

    Raises:
        GoldenError: there is none, or it is damaged.
        FlowlaceError: what the run raises.
    """
    recipe = read_recipe(folder).found_from(folder)
    if not (folder / OUTPUTS).is_file():
        raise GoldenError(f"{str(folder)!r} has no {OUTPUTS}; create it again")
    planned = plan_recipe(recipe)
    with tempfile.TemporaryDirectory(prefix="flowlace-golden-") as made:
        path = Path(made) / OUTPUTS
        _write_outputs(planned, path)
        with ResultFile(folder / OUTPUTS) as expected, ResultFile(path) as actual:
            comparison = compare_streams(
                expected.streams(),
                actual.streams(),
                recipe.allowed,
                expected_headers=expected.headers,
                actual_headers=actual.headers,
            )
            if not expected.is_complete:
                raise GoldenError(f"{str(folder / OUTPUTS)!r} was cut off; create it again")
            return Checked(comparison, _changes(expected, planned))


def update_golden(folder: Path) -> dict[str, SinkCounts]:
    """Runs the recipe of a golden result again and keeps what comes out from now on."""
    recipe = read_recipe(folder).found_from(folder)
    return create_golden(folder, recipe, overwrites=True)


def read_recipe(folder: Path) -> Recipe:
    """Returns the recipe in a folder; GoldenError if there is none or it can't be read."""
    path = folder / RECIPE
    try:
        return Recipe.from_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise GoldenError(f"{str(path)!r} can't be read: {reason}") from error
    except GoldenError as error:
        raise GoldenError(f"{path}: {error}") from error


def golden_folders(path: Path) -> list[Path]:
    """Returns a golden result, or all that are below a folder; GoldenError if there is none."""
    folders = [each.parent for each in path.rglob(RECIPE)] if path.is_dir() else []
    # Not what a killed `create` has left.
    found = sorted(folder for folder in folders if not folder.name.startswith(UNFINISHED))
    if not found:
        raise GoldenError(
            f"{str(path)!r}: there is no golden result; make one with `flowlace golden create`"
        )
    return found


def _write_outputs(planned: PlannedRecipe, path: Path) -> dict[str, SinkCounts]:
    config = planned.plan.config
    writer = ResultWriter(
        path,
        describe_results(
            planned.streams,
            graph=to_text(config),
            versions=present_versions(),
            models=model_digests(config),
        ),
    )
    sinks = {name: ResultSink(writer, name) for name in planned.streams}
    try:
        planned.run(sinks.__getitem__)
        writer.finish()
    finally:
        writer.abandon()
    return {name: sink.counts for name, sink in sinks.items()}


def _changes(expected: ResultFile, planned: PlannedRecipe) -> tuple[str, ...]:
    description = expected.description
    if description is None:
        return planned.changes
    found = differences(description, planned.plan.config)
    if description.graph != to_text(planned.plan.config):
        found.append("the graph or an option of it was changed")
    return tuple(found)


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """Gives a new folder in one, so that what is made in it can be moved in one step."""
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=folder))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        if is_new and not any(folder.iterdir()):
            folder.rmdir()
