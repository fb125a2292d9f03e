"""What goes wrong with golden results."""

from flowlace.comparison.errors import ComparisonError


class GoldenError(ComparisonError):
    """A golden result that can't be made, read or checked; says why and what to do."""
