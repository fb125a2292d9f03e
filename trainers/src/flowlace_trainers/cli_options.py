"""What the commands of all trainers ask for in the same words."""

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[str, typer.Argument(help="name in flowlace_trainers.configs, or a file")]
Data = Annotated[Path, typer.Option(help="folder for data that can be made again")]
Models = Annotated[Path, typer.Option(help="folder for the exported files")]
Out = Annotated[Path, typer.Option(help="folder for checkpoints and the log")]
Run = Annotated[Path, typer.Option("--run", help="folder that `fit` wrote")]

DATA = Path("runs/data")
"""The usual folder for data that can be made again."""
