"""The command line: one file a verb."""

from flowlace.cli.app import main

__all__ = ["main"]
