"""The graph that a recording was made with."""

from flowlace.framework.config import GraphConfig
from flowlace.framework.config_load import load_graph_config
from flowlace.recording.errors import RecordingError
from flowlace.recording.recording import Recording


def recorded_graph(recording: Recording) -> GraphConfig:
    """Returns the graph a recording holds.

    Raises:
        RecordingError: it holds none: somebody else made it, or its beginning is damaged.
        GraphError: this version can't read the graph.
    """
    if recording.description is not None:
        return load_graph_config(recording.description.graph, file=f"<{recording.name}>")
    streams = ", ".join(recording.streams()) or "none"
    why = (
        "is cut off or damaged at its beginning, where its graph was"
        if recording.is_damaged_ours
        else "was not made by flowlace and holds no graph"
    )
    raise RecordingError(
        f"recording {recording.name!r} {why}; name a graph to feed: flowlace replay "
        f"{recording.name} GRAPH --input NAME=STREAM, with a stream of: {streams}"
    )
