"""A library of recordings: their sound, what was heard and what was said, searchable."""

from flowlace.recorder.analysis import Analysis as Analysis
from flowlace.recorder.check import check_library as check_library
from flowlace.recorder.errors import DamagedLibraryError as DamagedLibraryError
from flowlace.recorder.errors import LibraryError as LibraryError
from flowlace.recorder.errors import SearchError as SearchError
from flowlace.recorder.library import Library as Library
from flowlace.recorder.library import Recording as Recording
from flowlace.recorder.make_recording import MakeRecording as MakeRecording
from flowlace.recorder.page import PageSound as PageSound
from flowlace.recorder.page import recording_page as recording_page
from flowlace.recorder.repair import Repair as Repair
from flowlace.recorder.repair import repair_library as repair_library
from flowlace.recorder.search import Hit as Hit
from flowlace.recorder.search import SearchResult as SearchResult
from flowlace.recorder.search import search_library as search_library

__all__ = [
    "Analysis",
    "DamagedLibraryError",
    "Hit",
    "Library",
    "LibraryError",
    "MakeRecording",
    "PageSound",
    "Recording",
    "Repair",
    "SearchError",
    "SearchResult",
    "check_library",
    "recording_page",
    "repair_library",
    "search_library",
]
