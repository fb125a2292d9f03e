"""Results of graphs that were looked at and kept, and checks that they are still the same."""

from flowlace.golden.errors import GoldenError
from flowlace.golden.golden import Checked, check_golden, create_golden, update_golden
from flowlace.golden.recipe import Recipe

__all__ = ["Checked", "GoldenError", "Recipe", "check_golden", "create_golden", "update_golden"]
