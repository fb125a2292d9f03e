"""Reads the header of a stream of matrices, and checks packets against it."""

from typing import Any

from flowlace.formats.time_series import Matrix, TimeSeriesHeader
from flowlace.framework.packet import Packet


def required_header(header: Packet[Any], node_name: str) -> TimeSeriesHeader:
    """Returns the header of an input, which has to say the rate and the number of channels.

    Raises:
        ValueError: there is none, it is something else, or it lacks one of the two.
    """
    found = header.payload if header else None
    if not isinstance(found, TimeSeriesHeader):
        what = f"a {type(found).__name__} came" if header else "there is none"
        raise ValueError(
            f"node {node_name!r} needs a TimeSeriesHeader with its input, but {what}; let it come "
            "from a source of sound, or put AddAudioHeaderCalculator before the node"
        )
    if not found.sample_rate or found.sample_rate < 0 or not found.num_channels:
        raise ValueError(
            f"node {node_name!r} needs a sample_rate and num_channels above 0 in the header of "
            f"its input, but they are {found.sample_rate} and {found.num_channels}"
        )
    return found


def check_shape(matrix: Matrix, header: TimeSeriesHeader, node_name: str) -> None:
    """Refuses a packet that is not what the header of its stream says.

    Raises:
        ValueError: another number of rows, or of columns where the header fixes it.
    """
    rows, columns = matrix.values.shape
    if rows == header.num_channels and header.num_samples in (None, columns):
        return
    wanted = "any number of" if header.num_samples is None else header.num_samples
    raise ValueError(
        f"node {node_name!r} expects {header.num_channels} channels and {wanted} samples a packet, "
        f"as the header of its input says, but {rows} x {columns} came"
    )


def required_num_samples(header: TimeSeriesHeader, node_name: str) -> int:
    """Returns the number of samples a packet.

    Raises:
        ValueError: the header does not say it.
    """
    if header.num_samples is None:
        raise ValueError(
            f"node {node_name!r} needs num_samples in the header of its input; put "
            "TimeSeriesFramerCalculator before it"
        )
    return header.num_samples
