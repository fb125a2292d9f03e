"""The one error of bundles."""

from flowlace.framework.errors import FlowlaceError


class BundleError(FlowlaceError):
    """A graph can't be bundled, or a file is no bundle."""
