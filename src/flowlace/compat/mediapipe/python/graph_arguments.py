"""Reads what `CalculatorGraph` and `ValidatedGraphConfig` are made from."""

import os
from typing import Any

from google.protobuf.message import Message

from flowlace.compat.mediapipe.python.errors import peer_errors
from flowlace.framework.config import GraphConfig
from flowlace.framework.config_load import load_graph_config, parse_graph
from flowlace.framework.errors import GraphConfigError
from flowlace.framework.plan import GraphPlan
from flowlace.framework.schema import GRAPH
from flowlace.framework.validation import validate_graph


def plan_of(graph_config: Any, binary_graph_path: str | os.PathLike[str] | None) -> GraphPlan:
    """Returns the validated graph.

    Raises:
        FileNotFoundError: there is no such file.
        RuntimeError: it can't be parsed, with file, line and column; or it can't run.
        ValueError: it can't run.
    """
    if binary_graph_path is not None:
        config = _from_file(os.fspath(binary_graph_path))
    else:
        config = _from_argument(graph_config)
    with peer_errors():
        return validate_graph(config)


def _from_file(path: str) -> GraphConfig:
    if not os.path.exists(path):
        raise FileNotFoundError(f"The path does not exist: {path}")
    with open(path, "rb") as file:
        data = file.read()
    try:
        return load_graph_config(data, file=path)
    except GraphConfigError as error:
        raise RuntimeError(f"Failed to parse the binary graph: {error}") from error


def _from_argument(graph_config: Any) -> GraphConfig:
    is_message = isinstance(graph_config, Message) and graph_config.DESCRIPTOR.full_name == GRAPH
    if not is_message and not isinstance(graph_config, str | GraphConfig):
        raise RuntimeError(
            f"Failed to parse: graph_config is a CalculatorGraphConfig or its text, "
            f"not {graph_config!r}"
        )
    parsed = parse_graph(graph_config)
    if parsed.problems:
        error = GraphConfigError(parsed.problems)
        raise RuntimeError(f"Failed to parse:\n{error}") from error
    return parsed.config
