"""Decodes one GRIB2 message with eccodes, as a process of its own.

Run as `python -m flowlace.sources.radar.eccodes_worker`: the message comes on the standard input,
an `.npz` goes to the standard output. Not in the process that asks: the wheels of eccodes and of
pyproj each bring a copy of PROJ, and a process that has loaded both dies when it ends (the same
happens with pygrib).
"""

import io
import sys

import numpy as np

NOT_INSTALLED, NOT_READ = 3, 4
"""Exit statuses; the reason stands on the standard error."""


def decode(message: bytes) -> bytes:
    """Returns the `.npz`: values `[y, x]`, first and last point, steps and scanning mode."""
    import eccodes

    handle = eccodes.codes_new_from_message(message)

    def get(key: str) -> float:
        return float(eccodes.codes_get(handle, key))

    grid = eccodes.codes_get(handle, "gridType")
    if grid != "regular_ll":
        raise ValueError(f"grid {grid!r} is not read, only regular_ll")
    eccodes.codes_set(handle, "missingValue", 1e20)
    values = eccodes.codes_get_values(handle).astype(np.float32)
    values[values > 1e19] = np.nan
    packed = io.BytesIO()
    np.savez(
        packed,
        values=values.reshape(int(get("Nj")), int(get("Ni"))),
        first=[get(f"{one}OfFirstGridPointInDegrees") for one in ("latitude", "longitude")],
        last=[get(f"{one}OfLastGridPointInDegrees") for one in ("latitude", "longitude")],
        steps=[get(f"{one}DirectionIncrementInDegrees") for one in "ji"],
        mode=int(get("scanningMode")),
    )
    return packed.getvalue()


def main() -> int:
    """Decodes what comes on the standard input; returns the exit status."""
    try:
        sys.stdout.buffer.write(decode(sys.stdin.buffer.read()))
    except ImportError as error:
        sys.stderr.write(str(error))
        return NOT_INSTALLED
    except Exception as error:  # eccodes has errors of its own, which may not be importable here
        sys.stderr.write(str(error) or type(error).__name__)
        return NOT_READ
    return 0


if __name__ == "__main__":
    sys.exit(main())
