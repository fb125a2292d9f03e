"""Finds a graph by its folder's name or by a path."""

from importlib.resources import files
from pathlib import Path

from flowlace.runner.errors import unknown_name


def graphs_folder() -> Path:
    """Returns the folder of the graphs that come with the package."""
    return Path(str(files("flowlace") / "graphs"))


def known_graphs() -> dict[str, Path]:
    """Returns the packaged graphs by name: `graphs/NAME/NAME.pbtxt`."""
    found = sorted(graphs_folder().glob("*/*.pbtxt"))
    return {path.stem: path for path in found if path.parent.name == path.stem}


def find_graph(name_or_path: str) -> Path:
    """Returns the file of a graph.

    Raises:
        RunnerError: there is no such file or packaged graph; lists the known ones.
    """
    path = Path(name_or_path)
    if path.is_file():
        return path
    known = known_graphs()
    if name_or_path in known:
        return known[name_or_path]
    listed = ", ".join(known) or "none"
    message = f"graph {name_or_path!r} is neither a file nor one of the packaged graphs: {listed}"
    raise unknown_name(message, name_or_path, known)
