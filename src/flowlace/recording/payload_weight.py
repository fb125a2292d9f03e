"""How much memory a payload holds, about."""

from typing import Any, Final

import numpy as np

LIGHT: Final = 256
"""Of what has no arrays: rows, boxes, numbers."""


def weight_bytes(payload: Any) -> int:
    """Returns the bytes of a payload's arrays, or of the items of a list; cheap, never exact."""
    if isinstance(payload, np.ndarray):
        return LIGHT + payload.nbytes
    if isinstance(payload, list | tuple):
        return LIGHT + sum(map(weight_bytes, payload))
    if isinstance(payload, str | bytes):
        return LIGHT + len(payload)
    for name in ("pixels", "values", "rain_rate_mm_h", "array"):
        held = getattr(payload, name, None)
        if isinstance(held, np.ndarray):
            return LIGHT + held.nbytes
    return LIGHT
