"""Reads options as a graph file has them."""

from typing import TypeVar

from flowlace.framework.config_load import load_graph_config
from flowlace.framework.options import options_message

T = TypeVar("T")


def options_in(text: str, options_class: type[T]) -> T:
    """Returns the options a node has whose options message holds `text`."""
    name = options_message(options_class).full_name
    config = load_graph_config(
        f'node {{ calculator: "SomeCalculator" options {{ [{name}.ext] {{ {text} }} }} }}'
    )
    given = config.nodes[0].given_options(name)
    assert given is not None
    options = given.read_as(options_class)
    assert isinstance(options, options_class)
    return options
