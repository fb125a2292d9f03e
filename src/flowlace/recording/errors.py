"""What goes wrong with recordings."""

from flowlace.framework.errors import FlowlaceError


class RecordingError(FlowlaceError):
    """A recording that can't be written or read; names the file and the reason."""


class CodecError(RecordingError):
    """A payload that no codec can write, or bytes that are not what their codec wrote."""
