"""Matches one node of a graph to its calculator: ports, options, input policy, contract."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from flowlace.framework.builtin_options import INPUT_POLICIES
from flowlace.framework.calculator import Calculator
from flowlace.framework.config import GivenOptions, HandlerConfig, NodeConfig
from flowlace.framework.contract import (
    ConnectedPort,
    Contract,
    ContractError,
    InputPolicyRequest,
    PortMap,
)
from flowlace.framework.errors import Location, Problem
from flowlace.framework.options import NoOptions, options_message
from flowlace.framework.plan import DEFAULT_INPUT_POLICY
from flowlace.framework.registry import find_calculator, known_calculators, nearest_name
from flowlace.framework.stream_names import StreamNameError, parse_tag_index
from flowlace.framework.validation_executors import (
    complete_policy,
    input_policy,
    output_handler_problems,
)
from flowlace.framework.validation_ports import match_ports

_LIMITS = ("source_layer", "buffer_size_hint", "max_in_flight")


@dataclass(slots=True)
class Draft:
    """One node on its way into the plan."""

    config: NodeConfig
    name: str
    calculator: type[Calculator[Any]] | None = None
    contract: Contract | None = None
    policy: InputPolicyRequest = field(
        default_factory=lambda: InputPolicyRequest(DEFAULT_INPUT_POLICY)
    )
    places: dict[int, Location | None] = field(default_factory=dict)
    """Where the graph names each connected port, by the port's id."""
    problems: list[Problem] = field(default_factory=list)

    def report(self, message: str, place: Location | None = None, hint: str = "") -> None:
        """Adds an error of this node."""
        place = place or self.config.location
        self.problems.append(Problem(f"node {self.name!r}: {message}", place, hint))


def draft_node(
    config: NodeConfig,
    name: str,
    *,
    graph_policy: HandlerConfig | None,
    subgraphs: Iterable[str],
    must_run: bool,
) -> Draft:
    """Returns what can be settled of a node by itself.

    Args:
        config: the node as written.
        name: its unique name.
        graph_policy: the graph's own input policy, for nodes that name none.
        subgraphs: names a node can also have, for hints.
        must_run: whether options of an unknown type are an error rather than a warning.
    """
    draft = Draft(config, name)
    draft.problems += output_handler_problems(config.output_stream_handler)
    for limit in _LIMITS:
        if limit != "source_layer" and getattr(config, limit) < 0:
            draft.report(f"{limit} is {getattr(config, limit)}, but can't be below 0")
    draft.calculator = find_calculator(config.calculator)
    if draft.calculator is None:
        _report_unknown(draft, subgraphs)
        return draft
    contract = _contract(draft, draft.calculator, must_run)
    if not any(each.severity == "error" for each in draft.problems):
        _configure(draft, draft.calculator, contract)
    draft.contract = contract
    _choose_policy(draft, contract, graph_policy)
    return draft


def _report_unknown(draft: Draft, subgraphs: Iterable[str]) -> None:
    name = draft.config.calculator
    if not name:
        draft.report("names no calculator", hint='add calculator: "…"')
        return
    known = [*known_calculators(), *subgraphs]
    hint = nearest_name(name, known) or "flowlace nodes lists what there is"
    place = getattr(name, "location", None)
    draft.report(f"there is no calculator or subgraph {name!r}", place, hint)


def _contract(draft: Draft, calculator: type[Calculator[Any]], must_run: bool) -> Contract:
    config = draft.config
    ports: list[PortMap[ConnectedPort]] = []
    for texts, declared, what in (
        (config.input_streams, calculator.input_ports, "input_stream"),
        (config.output_streams, calculator.output_ports, "output_stream"),
        (config.input_side_packets, calculator.side_input_ports, "input_side_packet"),
        (config.output_side_packets, calculator.side_output_ports, "output_side_packet"),
    ):
        matched = match_ports(texts, declared, field=what, node=draft.name, place=config.location)
        draft.problems += matched.problems
        draft.places |= {id(each.port): each.location for each in matched.connections}
        ports.append(matched.ports)
    _mark_back_edges(draft, ports[0])
    preferred = calculator.input_policy
    return Contract(
        node=draft.name,
        calculator=calculator.__name__,
        options=_read_options(draft, calculator.options_class or NoOptions, must_run),
        inputs=ports[0],
        outputs=ports[1],
        side_inputs=ports[2],
        side_outputs=ports[3],
        timestamp_offset=calculator.timestamp_offset,
        process_timestamp_bounds=calculator.process_timestamp_bounds,
        input_policy=None if preferred is None else InputPolicyRequest(preferred),
        services={each.key: each for each in calculator.services},
    )


def _mark_back_edges(draft: Draft, inputs: PortMap[ConnectedPort]) -> None:
    for info in draft.config.input_stream_info:
        try:
            key = parse_tag_index(info.tag_index)
        except StreamNameError as error:
            draft.report(f"input_stream_info: {error}", info.location)
            continue
        port: ConnectedPort | None = inputs.get(key)
        if port is None:
            labels = [each.label for each in inputs.values()]
            message = f"input_stream_info: no input {info.tag_index!r} is connected"
            draft.report(message, info.location, f"connected: {', '.join(labels) or 'none'}")
        else:
            port.back_edge = info.back_edge


def _read_options(draft: Draft, options_class: Any, must_run: bool) -> Any:
    wanted = options_message(options_class).full_name
    _report_foreign(draft, wanted, must_run, takes_none=options_class is NoOptions)
    given = draft.config.given_options(wanted)
    try:
        return options_class() if given is None else given.read_as(options_class)
    except (ValueError, TypeError) as error:
        place = None if given is None else given.location
        draft.report(f"options {wanted}: {error}", place)
        return None


def _report_foreign(draft: Draft, wanted: str, must_run: bool, *, takes_none: bool) -> None:
    takes = "it takes no options" if takes_none else f"it reads {wanted}"
    seen: set[tuple[str, bool]] = set()
    is_given = draft.config.given_options(wanted) is not None
    for each in draft.config.options:
        if (each.type_name, each.is_any) in seen:
            where = "node_options" if each.is_any else "options"
            draft.report(f"{each.type_name} is given twice in {where}", each.location)
        seen.add((each.type_name, each.is_any))
        if isinstance(each, GivenOptions) and each.type_name == wanted:
            continue
        missing = f"options {each.type_name} are of no known type"
        if isinstance(each, GivenOptions):
            missing = f"options {each.type_name} are not read by this calculator"
        elif each.missing and each.missing != each.type_name:
            missing = f"options {each.type_name} hold {each.missing}, which is of no known type"
        can_ignore = isinstance(each, GivenOptions) or is_given or not must_run
        draft.problems.append(
            Problem(
                f"node {draft.name!r}: {missing}",
                each.location or draft.config.location,
                takes,
                "warning" if can_ignore else "error",
            )
        )


def _configure(draft: Draft, calculator: type[Calculator[Any]], contract: Contract) -> None:
    try:
        calculator.configure(contract)
    except (ContractError, ValueError) as error:
        draft.report(str(error))
    except Exception as error:
        error.add_note(f"while configuring node {draft.name!r} at {draft.config.location}")
        raise


def _choose_policy(draft: Draft, contract: Contract, graph_policy: HandlerConfig | None) -> None:
    """The node's own policy beats the graph's, that beats what the calculator prefers."""
    own = draft.config.input_stream_handler or graph_policy
    if own is not None:
        draft.policy, problems = input_policy(own)
        draft.problems += problems
    elif contract.input_policy is not None:
        draft.policy = contract.input_policy
        if draft.policy.name not in INPUT_POLICIES:
            draft.report(
                f"the calculator asks for input policy {draft.policy.name!r}, unknown here"
            )
    draft.policy = complete_policy(draft.policy)
