"""`--model` and `--set`: options of a graph's nodes from the command line.

They change the graph as its file says it, before subgraphs are put in their places. A node inside a
subgraph that is a file has the name it gets there: `sound_events__classifier`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flowlace.bundle import is_bundle, opened_bundle
from flowlace.framework.config import GivenOptions, GraphConfig, NodeConfig, canonical_names
from flowlace.framework.config_load import GraphSource, load_graph_config
from flowlace.framework.errors import GraphConfigError
from flowlace.framework.options import (
    NoOptions,
    option_fields,
    options_message,
    registered_options,
)
from flowlace.framework.options_message import merge_options, options_from_fields
from flowlace.framework.registry import find_calculator
from flowlace.framework.subgraph import expand_subgraphs
from flowlace.framework.subgraph_library import SubgraphLibrary, subgraph_options
from flowlace.runner.errors import RunnerError, unknown_name
from flowlace.runner.find_graph import find_graph

MODEL_FIELD = "model_path"
"""The option of every node that runs a model."""


def configured_graph(graph: str, models: Sequence[str], settings: Sequence[str]) -> GraphSource:
    """Returns a graph by name, path or bundle, with models and options in its nodes.

    Raises:
        RunnerError: as `find_graph`, `set_models` and `set_options`.
        BundleError: as `opened_bundle`.
    """
    if is_bundle(graph):
        config = opened_bundle(graph)
    elif models or settings:
        config = load_graph_config(find_graph(graph))
    else:
        return find_graph(graph)
    return configured(config, models, settings)


def configured(config: GraphConfig, models: Sequence[str], settings: Sequence[str]) -> GraphConfig:
    """Returns a graph with models and options in its nodes; `config` itself changes.

    Raises:
        RunnerError: as `set_models` and `set_options`.
    """
    of_graph = [text for text in settings if "." not in text.partition("=")[0]]
    set_options(config, of_graph)
    of_nodes = [text for text in settings if text not in of_graph]
    if _reaches_inside(config, models, of_nodes):
        config, problems, _ = expand_subgraphs(
            config, SubgraphLibrary.for_graph(config), keeps_made=True
        )
        if problems:
            raise GraphConfigError(problems)
    set_models(config, models)
    set_options(config, of_nodes)
    return config


def _reaches_inside(config: GraphConfig, models: Sequence[str], settings: Sequence[str]) -> bool:
    """Tells whether a name, or a model for the only node that takes one, is not of this file."""
    nodes = dict(_named(config))
    names = [text.partition(".")[0] for text in settings]
    names += [text.partition("=")[0] for text in models if "=" in text]
    needs_any = any("=" not in text for text in models)
    has_any = any(_takes_model(node) for node in nodes.values())
    return any(name not in nodes for name in names) or (needs_any and not has_any)


def set_models(config: GraphConfig, texts: Sequence[str]) -> None:
    """Sets the models of a graph's nodes in place: `MODEL` for the only one, or `NODE=MODEL`.

    Raises:
        RunnerError: no node runs a model, several do and none is named, or no such node.
    """
    for text in texts:
        name, equals, model = text.partition("=")
        running = {each: node for each, node in _named(config) if _takes_model(node)}
        if not equals:
            name, model = _only(running), text
        elif name not in running:
            known = ", ".join(running) or "none"
            message = f"--model {text!r}: no node {name!r} runs a model; these do: {known}"
            raise unknown_name(message, name, running)
        _set(running[name], {MODEL_FIELD: model}, f"--model {text!r}")


def set_options(config: GraphConfig, texts: Sequence[str]) -> None:
    """Sets options in place: `NODE.FIELD=VALUE` of a node, `FIELD=VALUE` of the graph itself.

    A value is JSON, or else text; a list takes the place of the one there was.

    Raises:
        RunnerError: no such node or option, or a value of another kind.
    """
    for text in texts:
        path, equals, value = text.partition("=")
        name, dot, field = path.partition(".")
        nodes = dict(_named(config))
        if not equals:
            raise RunnerError(f"--set {text!r}: expected NODE.FIELD=VALUE or FIELD=VALUE")
        if not dot:
            _set_graph_option(config, path, _value(value), f"--set {text!r}")
            continue
        if name not in nodes:
            known = ", ".join(nodes)
            raise unknown_name(
                f"--set {text!r}: the graph has no node {name!r}: {known}", name, nodes
            )
        _check_path(_options_class(nodes[name]), field.split("."), text)
        *outer, last = field.split(".")
        fields: dict[str, Any] = {last: _value(value)}
        for each in reversed(outer):
            fields = {each: fields}
        _set(nodes[name], fields, f"--set {text!r}")


def _set_graph_option(config: GraphConfig, field: str, value: Any, who: str) -> None:
    known: list[str] = []
    for place, given in enumerate(config.options):
        options_class = registered_options().get(given.type_name)
        if options_class is None or not isinstance(given, GivenOptions):
            continue
        names = [each.name for each in option_fields(options_class)]
        known += names
        if field in names:
            over = _options(options_class, {field: value}, who)
            merged = merge_options(given.read_as(options_class), over, replaces_lists=True)
            config.options[place] = GivenOptions.of(merged, is_any=given.is_any)
            return
    listed = ", ".join(known) or "none"
    raise unknown_name(f"{who}: the graph has no option {field!r}; it has: {listed}", field, known)


def _check_path(options_class: Any, path: Sequence[str], text: str) -> None:
    for place, step in enumerate(path):
        known = {each.name: each for each in option_fields(options_class)}
        if step not in known:
            whole = ".".join(path[: place + 1])
            listed = ", ".join(known) or "none"
            message = f"--set {text!r}: there is no option {whole!r}: {listed}"
            raise unknown_name(message, step, known)
        if known[step].kind != "message":
            return  # a step further is told with the value
        options_class = known[step].type


def _named(config: GraphConfig) -> Iterator[tuple[str, NodeConfig]]:
    return zip(canonical_names(config.nodes), config.nodes, strict=True)


def _takes_model(node: NodeConfig) -> bool:
    return any(field.name == MODEL_FIELD for field in option_fields(_options_class(node)))


def _options_class(node: NodeConfig) -> Any:
    calculator = find_calculator(node.calculator)
    if calculator is not None:
        return calculator.options_class or NoOptions
    return subgraph_options(node.calculator) or NoOptions


def _only(running: Mapping[str, NodeConfig]) -> str:
    if len(running) == 1:
        return next(iter(running))
    if not running:
        raise RunnerError("--model: no node of this graph runs a model")
    raise RunnerError(
        f"--model: which node is meant? write NODE=MODEL with one of: {', '.join(running)}"
    )


def _set(node: NodeConfig, fields: Mapping[str, Any], who: str) -> None:
    options_class = _options_class(node)
    over = _options(options_class, fields, who)
    given = node.given_options(options_message(options_class).full_name)
    if given is not None:
        # Who types a list means that list, not a longer one.
        over = merge_options(given.read_as(options_class), over, replaces_lists=True)
    node.set_options(over)


def _options(options_class: Any, fields: Mapping[str, Any], who: str) -> Any:
    try:
        return options_from_fields(options_class, fields)
    except ValueError as error:
        raise RunnerError(f"{who}: {error}") from error


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
