"""`flowlace nodes`: what calculators there are and what they take and give."""

import inspect
from typing import Annotated, Any

import typer

from flowlace.cli.imports import Imports
from flowlace.framework.calculator import Calculator
from flowlace.framework.contract import Port, SameAs, type_name
from flowlace.framework.options import OptionField, option_fields
from flowlace.framework.registry import known_calculators
from flowlace.runner.errors import unknown_name
from flowlace.runner.import_code import import_code


def nodes(
    name: Annotated[str, typer.Argument(help="one calculator, or part of some names")] = "",
    imports: Imports = [],  # noqa: B006 - typer copies it
) -> None:
    """List calculators, or describe one: streams, side packets, options."""
    import_code(imports)
    known = known_calculators()
    if name in known:
        typer.echo(describe(known[name]))
        return
    found = {each: known[each] for each in known if name.lower() in each.lower()}
    if not found:
        raise unknown_name(f"no calculator is called {name!r}", name, known)
    width = max(map(len, found))
    for each, calculator in found.items():
        typer.echo(f"{each:<{width}}  {_first_sentence(calculator)}")


def describe(calculator: type[Calculator[Any]]) -> str:
    """Returns all a graph's author needs to know of a calculator, as text."""
    lines = [calculator.__name__, "", inspect.cleandoc(calculator.__doc__ or "")]
    for title, ports in (
        ("Input streams", calculator.input_ports),
        ("Output streams", calculator.output_ports),
        ("Input side packets", calculator.side_input_ports),
        ("Output side packets", calculator.side_output_ports),
    ):
        if ports:
            lines += ["", f"{title}:", *map(_port_line, ports)]
    lines += ["", "Timing:", *(f"  {fact}" for fact in _timing(calculator))]
    fields = option_fields(calculator.options_class) if calculator.options_class else ()
    if fields:
        lines += ["", "Options:", *_option_lines(fields, "  ")]
    return "\n".join(lines)


def _first_sentence(calculator: type[Calculator[Any]]) -> str:
    return inspect.cleandoc(calculator.__doc__ or "").partition("\n")[0]


def _port_line(port: Port) -> str:
    kind = f"as {port.type.port}" if isinstance(port.type, SameAs) else type_name(port.type)
    notes = [
        word for word, holds in (("optional", port.optional), ("repeated", port.repeated)) if holds
    ]
    tail = f" ({', '.join(notes)})" if notes else ""
    doc = f" — {port.doc}" if port.doc else ""
    return f"  {port.name}: {kind}{tail}{doc}"


def _timing(calculator: type[Calculator[Any]]) -> list[str]:
    offset = calculator.timestamp_offset
    promised = "as each output says" if offset is None else f"input time + {offset} µs"
    return [
        f"outputs come {promised}",
        f"input policy {calculator.input_policy or 'DefaultInputStreamHandler'}",
        *(["runs for settled timestamps too"] if calculator.process_timestamp_bounds else []),
    ]


def _option_lines(fields: tuple[OptionField, ...], indent: str) -> list[str]:
    """Returns a line an option, those of messages inside below theirs.

    Options without a word of their own are read so that graphs of others load, and do nothing.
    """
    lines = []
    is_described = any(field.doc for field in fields)
    unused = [field.name for field in fields if is_described and not field.doc]
    for field in fields:
        if field.name not in unused:
            lines.append(indent + _option_line(field))
            if field.kind == "message":
                lines += _option_lines(option_fields(field.type), indent + "  ")
    if unused:
        lines.append(f"{indent}read, without effect: {', '.join(unused)}")
    return lines


def _option_line(field: OptionField) -> str:
    is_named = field.kind in ("enum", "message")
    kind = getattr(field.type, "__name__", field.kind) if is_named else field.kind
    default = getattr(field.default, "name", field.default)
    shown = "" if field.kind == "message" or default is None else f" = {default!r}"
    repeated = "repeated " if field.is_repeated else ""
    doc = f" — {' '.join(field.doc.split())}" if field.doc else ""
    return f"{field.name}: {repeated}{kind}{shown}{doc}"
