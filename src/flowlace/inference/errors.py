"""The one error of models and their files."""

from flowlace.framework.errors import FlowlaceError


class ModelError(FlowlaceError):
    """A model can't be read, does not fit what it is used for, or gives what it must not."""
