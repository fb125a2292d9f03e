"""The one error of tags."""

from flowlace.framework.errors import FlowlaceError


class TagsError(FlowlaceError):
    """The data that tags are made with can't be read."""
