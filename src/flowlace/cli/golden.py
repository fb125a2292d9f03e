"""`flowlace golden`: keeps what a graph gives, and checks later that it still gives the same."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from flowlace.cli.comparison_output import show_comparison, trouble_told, write_picture
from flowlace.cli.imports import Imports
from flowlace.cli.node_settings import Models, Settings
from flowlace.cli.run import Boxes, Sides, Sources
from flowlace.cli.tolerance_options import Allowed, Ignored, Keys, RenamedIds
from flowlace.comparison.report import as_json
from flowlace.golden.golden import (
    Checked,
    check_golden,
    create_golden,
    golden_folders,
    update_golden,
)
from flowlace.golden.recipe import Recipe

golden = typer.Typer(
    name="golden",
    help="Keep what a graph gives; check later that it still gives the same.",
    no_args_is_help=True,
)


@golden.command()
def create(
    subject: Annotated[
        str, typer.Argument(metavar="REC|GRAPH", help="a recording; with --source a graph")
    ],
    graph: Annotated[str, typer.Argument(help="another graph than the recorded one")] = "",
    folder: Annotated[
        str, typer.Option("--output", "-o", help="Where to; golden/NAME if not given.")
    ] = "",
    source: Sources = [],  # noqa: B006 - typer copies it
    stream: Annotated[
        list[str], typer.Option("--stream", help="Output to keep; all if not given.")
    ] = [],  # noqa: B006
    tolerance: Allowed = [],  # noqa: B006
    ignore: Ignored = [],  # noqa: B006
    key: Keys = [],  # noqa: B006
    rename_ids: RenamedIds = False,
    box: Boxes = [],  # noqa: B006
    side: Sides = [],  # noqa: B006
    model: Models = [],  # noqa: B006
    setting: Settings = [],  # noqa: B006
    imports: Imports = [],  # noqa: B006
    fault: Annotated[
        list[str], typer.Option(help="What goes wrong in the replay, as in `replay`.")
    ] = [],  # noqa: B006
    seed: Annotated[int, typer.Option(help="Of the faults.")] = 0,
    overwrite: Annotated[bool, typer.Option(help="Replace what is there.")] = False,
) -> None:
    """Run a graph on a recording (or on --source) and keep its outputs and how they were made."""
    with trouble_told(), _interruptible():
        recipe = Recipe(
            graph=subject if source else graph,
            recording="" if source else subject,
            sources=tuple(source),
            boxes=tuple(box),
            sides=tuple(side),
            models=tuple(model),
            settings=tuple(setting),
            imports=tuple(imports),
            faults=tuple(fault),
            seed=seed,
            streams=tuple(stream),
            tolerances=tuple(tolerance),
            ignore=tuple(ignore),
            keys=tuple(key),
            are_ids_renamed=rename_ids,
        )
        path = Path(folder or f"golden/{Path(subject).stem}")
        counts = create_golden(path, recipe, overwrites=overwrite)
    kept = ", ".join(f"{name} {count.written}" for name, count in counts.items())
    typer.echo(f"{path}: kept packets of {kept}")


@golden.command()
def check(
    paths: Annotated[
        list[str] | None, typer.Argument(help="golden results, or folders of them")
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Keep what is given now, after showing what differs.")
    ] = False,
    pictures: Annotated[
        str, typer.Option(help="Folder for pictures of the first differences.")
    ] = ".",
    is_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Run graphs again and compare: exit 0 if all is the same, 1 if not, 2 if it can't be told."""
    results: dict[str, Checked] = {}
    with trouble_told(), _interruptible():
        for folder in [one for path in paths or ["golden"] for one in golden_folders(Path(path))]:
            checked = results[str(folder)] = check_golden(folder)
            if not is_json:
                _show(folder, checked)
            if not checked.comparison.is_same:
                write_picture(checked.comparison, Path(pictures) / f"{folder.name}-difference.png")
                if update:
                    update_golden(folder)
                    typer.echo(f"{folder}: updated", err=True)
    if is_json:
        plain = {
            name: {**as_json(one.comparison), "changes": one.changes}
            for name, one in results.items()
        }
        typer.echo(json.dumps(plain, allow_nan=False, ensure_ascii=False, indent=1))
    if not update and not all(each.comparison.is_same for each in results.values()):
        raise typer.Exit(1)


def _show(folder: Path, checked: Checked) -> None:
    streams = checked.comparison.streams
    if checked.comparison.is_same:
        count = sum(each.same for each in streams.values())
        typer.echo(f"{folder}: the same, {count} packets of {', '.join(streams)}")
        for name in checked.comparison.unmet:
            typer.echo(f"{folder}: no field {name!r} was seen", err=True)
        return
    typer.echo(f"{folder}: differs")
    show_comparison(checked.comparison)
    for line in checked.changes:
        typer.echo(f"also changed: {line}")


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ends with 130 on Ctrl-C: 1 would say that results differ."""
    try:
        yield
    except KeyboardInterrupt:
        print("interrupted; nothing was kept", file=sys.stderr)  # noqa: T201
        raise typer.Exit(130) from None
