"""What feeds graphs: files, pictures, cameras, microphones, network streams, test sources."""

from flowlace.sources.registry import open_source as open_source
from flowlace.sources.registry import open_sources as open_sources
from flowlace.sources.registry import opens_sound as opens_sound
from flowlace.sources.registry import opens_source as opens_source
from flowlace.sources.source import Frame as Frame
from flowlace.sources.source import Medium as Medium
from flowlace.sources.source import Source as Source
from flowlace.sources.source import SourceCounts as SourceCounts
from flowlace.sources.source import SourceError as SourceError
from flowlace.sources.source import SourceInfo as SourceInfo
from flowlace.sources.source import SourceTimeoutError as SourceTimeoutError

__all__ = [
    "Frame",
    "Medium",
    "Source",
    "SourceCounts",
    "SourceError",
    "SourceInfo",
    "SourceTimeoutError",
    "open_source",
    "open_sources",
    "opens_sound",
    "opens_source",
]
