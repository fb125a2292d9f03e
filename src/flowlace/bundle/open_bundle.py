"""Opens a bundle to run it: checked against its manifest, in a folder that goes at exit."""

import atexit
import hashlib
import shutil
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Final

from flowlace.bundle.errors import BundleError
from flowlace.bundle.manifest import GRAPH_TEXT, MANIFEST, BundledFile, bundled_files
from flowlace.framework.config import GivenOptions, GraphConfig
from flowlace.framework.config_load import load_graph_config

_DAMAGE: Final = (OSError, ValueError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)
"""What reading a damaged zip raises; the last for passwords and compression it does not know."""


def opened_bundle(path: str | Path) -> GraphConfig:
    """Returns the graph of a bundle, with its files where the graph finds them.

    Raises:
        BundleError: no such file, no bundle, or a file that is not what the manifest says.
    """
    folder = Path(tempfile.mkdtemp(prefix="flowlace-bundle-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    try:
        with zipfile.ZipFile(path) as archive:
            listed = bundled_files(archive.read(MANIFEST).decode())
            for one in listed:
                _extract(archive, one, folder)
    except KeyError as error:
        raise BundleError(f"{str(path)!r} is no whole bundle: {error.args[0]}") from error
    except _DAMAGE as error:
        raise BundleError(f"{str(path)!r} can't be opened as a bundle: {error}") from error
    config = load_graph_config(folder / GRAPH_TEXT)
    _point_to_files(config, folder, {one.path for one in listed})
    return config


def _extract(archive: zipfile.ZipFile, listed: BundledFile, folder: Path) -> None:
    target = (folder / listed.path).resolve()
    if not target.is_relative_to(folder.resolve()):
        raise ValueError(f"{listed.path!r} lies outside of the bundle")
    # The size first: a changed zip may unpack to more than the memory holds.
    is_same_size = archive.getinfo(listed.path).file_size == listed.size_bytes
    data = archive.read(listed.path) if is_same_size else b""
    if not is_same_size or hashlib.sha256(data).hexdigest() != listed.sha256:
        raise ValueError(f"{listed.path!r} is not what the manifest says; it was changed")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)


def _point_to_files(config: GraphConfig, folder: Path, paths: set[str]) -> None:
    for node in config.nodes:
        for given in node.options:
            if not isinstance(given, GivenOptions):
                continue
            for field, value in given.message.ListFields():
                if isinstance(value, str) and value in paths:
                    setattr(given.message, field.name, str(folder / value))
