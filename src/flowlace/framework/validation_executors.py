"""Checks the executors of a graph and the input policies its nodes name."""

from typing import Any

from flowlace.framework.builtin_options import (
    EXECUTOR_TYPES,
    INPUT_POLICIES,
    OUTPUT_HANDLERS,
    ThreadPoolExecutorOptions,
)
from flowlace.framework.config import (
    AnyOptions,
    ExecutorConfig,
    GivenOptions,
    GraphConfig,
    HandlerConfig,
)
from flowlace.framework.contract import InputPolicyRequest
from flowlace.framework.errors import Problem
from flowlace.framework.options import options_message
from flowlace.framework.registry import nearest_name

_RESERVED = ("default", "gpu")


def executor_problems(config: GraphConfig) -> list[Problem]:
    """Returns what is wrong with the executors of a graph and with the nodes that name them."""
    problems: list[Problem] = []
    declared: set[str] = set()
    for executor in config.executors:
        problems += _one_executor(executor, declared)
        declared.add(executor.name)
    default = next((each for each in config.executors if not each.name), None)
    if default is not None and config.num_threads:
        problems.append(
            Problem(
                "num_threads and an executor without a name both set up the default executor",
                default.location,
                "keep one of them",
            )
        )
    for node in config.nodes:
        if node.executor and node.executor not in declared:
            who = node.name or node.calculator
            hint = nearest_name(node.executor, sorted(declared))
            message = f"node {who!r}: executor {node.executor!r} is not declared"
            declare = f'add executor {{ name: "{node.executor}" type: "ThreadPoolExecutor" }}'
            problems.append(Problem(message, node.location, hint or declare))
    return problems


def _one_executor(executor: ExecutorConfig, declared: set[str]) -> list[Problem]:
    problems = []
    name = executor.name
    if name in _RESERVED or name.startswith("__"):
        message = f"executor name {name!r} is reserved"
        problems.append(Problem(message, executor.location, "choose another name"))
    if name in declared:
        problems.append(Problem(f"executor {name!r} is declared twice", executor.location))
    if executor.type and executor.type not in EXECUTOR_TYPES:
        hint = nearest_name(executor.type, list(EXECUTOR_TYPES))
        message = f"executor type {executor.type!r} is not known"
        known = f"known: {', '.join(EXECUTOR_TYPES)}"
        problems.append(Problem(message, executor.location, hint or known))
    if executor.type == "ApplicationThreadExecutor" and name:
        message = f"executor {name!r}: ApplicationThreadExecutor can only be the default executor"
        problems.append(Problem(message, executor.location, "leave the name out"))
    return problems


def thread_pool_options(executor: ExecutorConfig) -> ThreadPoolExecutorOptions:
    """Returns the thread pool options of an executor, the defaults where it gives none."""
    found: ThreadPoolExecutorOptions = _read_options(ThreadPoolExecutorOptions, executor.options)
    return found


def default_thread_count(config: GraphConfig) -> int:
    """Returns the threads asked for the default executor; 0 leaves the choice to the engine."""
    for executor in config.executors:
        if not executor.name:
            return max(thread_pool_options(executor).num_threads or 0, 0)
    return config.num_threads


def input_policy(handler: HandlerConfig) -> tuple[InputPolicyRequest, list[Problem]]:
    """Returns the input policy a handler config names, with its options."""
    name = str(handler.name) or "DefaultInputStreamHandler"
    if name not in INPUT_POLICIES:
        known = list(INPUT_POLICIES)
        hint = nearest_name(name, known) or f"known: {', '.join(known)}"
        message = f"input policy {name!r} is not known"
        return InputPolicyRequest(name), [Problem(message, handler.location, hint)]
    options_class = INPUT_POLICIES[name]
    options = None if options_class is None else _read_options(options_class, handler.options)
    return InputPolicyRequest(name, options), _foreign_options(name, options_class, handler)


def complete_policy(request: InputPolicyRequest) -> InputPolicyRequest:
    """Returns the request with its policy's default options where it has none."""
    options_class = INPUT_POLICIES.get(request.name)
    if request.options is None and options_class is not None:
        return InputPolicyRequest(request.name, options_class())
    return request


def output_handler_problems(handler: HandlerConfig | None) -> list[Problem]:
    """Returns what is wrong with an output stream handler; only MediaPipe's default exists."""
    if handler is None or str(handler.name) in ("", *OUTPUT_HANDLERS):
        return []
    message = f"output stream handler {handler.name!r} is not known"
    return [Problem(message, handler.location, f"leave it out, or use {OUTPUT_HANDLERS[0]}")]


def _read_options(options_class: Any, options: list[AnyOptions]) -> Any:
    name = options_message(options_class).full_name
    for each in options:
        if isinstance(each, GivenOptions) and each.type_name == name:
            return each.read_as(options_class)
    return options_class()


def _foreign_options(name: str, options_class: Any, handler: HandlerConfig) -> list[Problem]:
    wanted = "" if options_class is None else options_message(options_class).full_name
    takes = f"it takes {wanted}" if wanted else "it takes none"
    return [
        Problem(f"{each.type_name} are no options of {name}", each.location, takes)
        for each in handler.options
        if each.type_name != wanted
    ]
