"""`--import`, which all verbs that know calculators share."""

from typing import Annotated

import typer

Imports = Annotated[
    list[str],
    typer.Option(
        "--import",
        "-i",
        help="Module or .py file with calculators, sources or sinks of your own",
    ),
]
