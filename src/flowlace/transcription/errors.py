"""The one error of transcription."""

from flowlace.framework.errors import FlowlaceError


class TranscriptionError(FlowlaceError):
    """An engine is not installed, its model does not fit, or it was called in a wrong order."""
