"""Where the outputs of graphs go: video files, sound files, pictures, JSON lines, nowhere."""

from flowlace.sinks.registry import open_sink as open_sink
from flowlace.sinks.registry import opens_sink as opens_sink
from flowlace.sinks.sink import Sink as Sink
from flowlace.sinks.sink import SinkCounts as SinkCounts
from flowlace.sinks.sink import SinkError as SinkError

__all__ = ["Sink", "SinkCounts", "SinkError", "open_sink", "opens_sink"]
