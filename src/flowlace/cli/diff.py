"""`flowlace diff`: how two results differ."""

from typing import Annotated

import typer

from flowlace.cli.comparison_output import show_comparison, trouble_told, write_picture
from flowlace.cli.imports import Imports
from flowlace.cli.tolerance_options import Allowed, Ignored, Keys, RenamedIds, tolerances_from
from flowlace.comparison.errors import ComparisonError
from flowlace.comparison.json_lines import TIME_FIELD
from flowlace.comparison.streams import compare_streams
from flowlace.golden.result_files import opened_results
from flowlace.runner.import_code import import_code


def diff(
    expected: Annotated[str, typer.Argument(help="JSON lines, recording, video, sound, folder")],
    actual: Annotated[str, typer.Argument(help="another of the same kind")],
    tolerance: Allowed = [],  # noqa: B006 - typer copies it
    ignore: Ignored = [],  # noqa: B006
    key: Keys = [],  # noqa: B006
    rename_ids: RenamedIds = False,
    stream: Annotated[
        list[str], typer.Option("--stream", help="Compare only this stream; all if not given.")
    ] = [],  # noqa: B006
    time_field: Annotated[
        str, typer.Option(help="Field of JSON lines by which rows are put together.")
    ] = TIME_FIELD,
    picture: Annotated[
        str, typer.Option(help="Write expected | actual | difference to this PNG file.")
    ] = "",
    imports: Imports = [],  # noqa: B006
    is_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only the exit code.")] = False,
) -> None:
    """Compare two results: exit 0 if they are the same, 1 if not, 2 if they can't be compared.

    Everything has to be equal unless a tolerance is given. JSON lines are compared row by row
    (boxes by place, events by time), recordings packet by packet, everything else frame by frame.
    """
    with trouble_told():
        import_code(imports)
        allowed = tolerances_from(tolerance, ignore, key, rename_ids)
        with (
            opened_results(expected, time_field, stream) as first,
            opened_results(actual, time_field, stream) as second,
        ):
            if first.streams.keys().isdisjoint(second.streams):
                streams = [", ".join(side) or "nothing" for side in (first.streams, second.streams)]
                raise ComparisonError(
                    f"{expected!r} has {streams[0]}, {actual!r} has {streams[1]}; "
                    "there is no stream to compare"
                )
            comparison = compare_streams(
                first.streams,
                second.streams,
                allowed,
                expected_headers=first.headers,
                actual_headers=second.headers,
            )
        if picture and not write_picture(comparison, picture) and not comparison.is_same:
            typer.echo("what differs is no picture; none was written", err=True)
    if not quiet:
        show_comparison(comparison, is_json=is_json)
    if not comparison.is_same:
        raise typer.Exit(1)
