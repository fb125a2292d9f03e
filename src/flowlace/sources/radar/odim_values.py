"""What all ODIM HDF5 files share: how values, times and groups are written."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowlace.sources.radar.hdf5_file import attribute
from flowlace.sources.radar.radar_file import RadarFile, RadarFileError, microseconds


def odim_values(raw: NDArray[Any], what: dict[str, Any]) -> NDArray[np.float32]:
    """Returns values; -inf where there was no echo, NaN where nothing was measured."""
    values: NDArray[np.float32] = raw.astype(np.float32) * np.float32(what.get("gain", 1.0))
    values += np.float32(what.get("offset", 0.0))
    values[raw == what.get("undetect")] = -np.inf
    values[raw == what.get("nodata")] = np.nan
    return values


def odim_time(what: Any, file: RadarFile) -> int:
    """Returns the time of the group `what` in microseconds since 1970."""
    text = f"{attribute(what, 'date')}{attribute(what, 'time')}"
    try:
        return microseconds(datetime.strptime(text, "%Y%m%d%H%M%S"))
    except ValueError as error:
        raise RadarFileError(f"{file.name}: {text!r} is no time") from error


def attributes_of(*groups: Any) -> dict[str, Any]:
    """Returns the attributes of all groups there are; later ones win."""
    found: dict[str, Any] = {}
    for group in groups:
        if group is not None:
            found |= {key: attribute(group, key) for key in group.attrs}
    return found


def in_number_order(group: Any, beginning: str) -> list[str]:
    """Returns the members named `beginning` and a number, by that number."""
    matches = [re.fullmatch(rf"{beginning}(\d+)", one) for one in group]
    found = [one for one in matches if one is not None]
    return [one[0] for one in sorted(found, key=lambda one: int(one[1]))]
