"""Projections in the words of the CF conventions."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowlace.framework.errors import FlowlaceError


def grid_mapping(projection: str) -> dict[str, Any]:
    """Returns the attributes of CF's grid mapping, with the projection as WKT.

    Raises:
        FlowlaceError: pyproj is not installed, or does not know the projection.
    """
    try:
        import pyproj
    except ImportError as error:
        raise FlowlaceError(
            "telling the projection needs pyproj; install it with: pip install 'flowlace[radar]'"
        ) from error
    try:
        mapping = dict(pyproj.CRS.from_user_input(projection).to_cf())
    except pyproj.exceptions.CRSError as error:
        raise FlowlaceError(f"the projection {projection!r} is not known: {error}") from error
    if mapping.get("grid_mapping_name") == "polar_stereographic":
        # CF requires it; PROJ leaves it out where a standard parallel says the same.
        north = mapping.get("standard_parallel", 90.0)
        mapping.setdefault("latitude_of_projection_origin", float(np.copysign(90.0, north)))
    return mapping
