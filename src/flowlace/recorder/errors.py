"""What goes wrong with a library of recordings."""

from flowlace.framework.errors import FlowlaceError


class LibraryError(FlowlaceError):
    """A library, or a recording in it, can't be used; names it, the reason, and what to do."""


class DamagedLibraryError(LibraryError):
    """The library's database is damaged; `flowlace recorder repair` saves what can be saved."""


class SearchError(LibraryError):
    """What is searched for can't be searched for."""
