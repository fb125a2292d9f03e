"""Binds sources and sinks to a graph and runs it to the end, interrupted or not."""

from flowlace.runner.bindings import Binding, parse_binding
from flowlace.runner.errors import RunnerError
from flowlace.runner.graph_runner import GraphRunner
from flowlace.runner.summary import RunSummary

__all__ = ["Binding", "GraphRunner", "RunSummary", "RunnerError", "parse_binding"]
