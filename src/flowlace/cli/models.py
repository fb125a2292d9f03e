"""`flowlace models`: what models there are, what they are, and how to get more."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from flowlace.inference.delegate_trial import try_in_a_process
from flowlace.inference.delegates import (
    Delegate,
    DelegateOptions,
    golden_inputs,
    open_on_cpu,
    try_accelerator,
)
from flowlace.inference.errors import ModelError
from flowlace.inference.fetch import Progress as OnProgress
from flowlace.inference.fetch import fetch_model
from flowlace.inference.find_model import (
    DescribedModel,
    fetched_file,
    find_model,
    packaged_models,
)
from flowlace.inference.model_timing import timed
from flowlace.inference.public_models import PUBLIC_MODELS, PublicModel
from flowlace.inference.tflite_file import TfliteFile
from flowlace.runner.errors import unknown_name

models = typer.Typer(
    name="models", help="List, describe, verify, time and fetch models.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="NAME, NAME:PRECISION, or a .tflite file")]


@models.command("list")
def list_models() -> None:
    """List the packaged models and the public ones that can be fetched."""
    rows = [_packaged_row(one) for one in packaged_models().values()]
    rows += [_public_row(one) for one in PUBLIC_MODELS.values()]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for *short, summary in rows:
        cells = (text.ljust(width) for text, width in zip(short, widths, strict=True))
        typer.echo("  ".join([*cells, summary]))


def _packaged_row(model: DescribedModel) -> tuple[str, str, str, str]:
    return model.spec.name, model.spec.task, "packaged", model.spec.summary


def _public_row(model: PublicModel) -> tuple[str, str, str, str]:
    state = "fetched" if fetched_file(model.name).is_file() else "to fetch"
    return model.name, model.task, state, f"{model.summary} ({model.licence})"


@models.command()
def describe(name: Name) -> None:
    """Show a model's tensors, labels, operators and card."""
    public, packaged = PUBLIC_MODELS.get(name), packaged_models().get(name.partition(":")[0])
    if public is not None:
        typer.echo("\n".join(_public_lines(public)))
        if not fetched_file(name).is_file():
            return
    for line in _file_lines(TfliteFile(find_model(name))):
        typer.echo(line)
    if packaged is not None and packaged.card.is_file():
        typer.echo("\n" + packaged.card.read_text(encoding="utf-8").rstrip())


def _public_lines(model: PublicModel) -> Iterator[str]:
    yield f"{model.name}: {model.summary}"
    yield f"published by {model.publisher}, licence {model.licence}"
    yield f"{model.url} ({model.size_bytes:,} bytes, SHA-256 {model.sha256})"


def _file_lines(file: TfliteFile) -> Iterator[str]:
    yield f"{file.path} ({len(file.content):,} bytes, SHA-256 {file.sha256})"
    for signature in file.signatures:
        title = f"signature {signature.key!r}" if signature.key else "tensors"
        yield f"{title}:"
        yield from (f"  in   {info}" for info in signature.inputs)
        yield from (f"  out  {info}" for info in signature.outputs)
    labels = file.labels
    if labels:
        yield f"labels: {len(labels)}, from {labels[0]!r} to {labels[-1]!r}"
    uses = ", ".join(f"{one.count} {one.name}" for one in file.operators)
    yield f"operators: {uses}"


@models.command()
def verify(
    names: Annotated[list[str], typer.Argument(help="models; all packaged and fetched ones")] = [],  # noqa: B006
) -> None:
    """Check that files are what was published, and that they run; exit 1 if one is not.

    Each runs in a process of its own: there are damaged files that take the process with them.
    """
    has_failed = False
    for name in names or _names_here():
        try:
            path = find_model(name)
            _check_digest(name, path)
            trial = try_in_a_process(path, Delegate.XNNPACK)
            if not trial.is_good:
                raise ModelError(trial.finding)
            typer.echo(f"ok    {name}: {path.name}, {trial.finding}")
        except ModelError as error:
            has_failed = True
            typer.echo(f"FAIL  {name}: {error}")
    if has_failed:
        raise typer.Exit(1)


def _names_here() -> list[str]:
    packaged = [
        f"{name}:{precision}"
        for name, one in packaged_models().items()
        for precision in one.spec.files
    ]
    return packaged + [name for name in PUBLIC_MODELS if fetched_file(name).is_file()]


def _check_digest(name: str, path: Path) -> None:
    plain, _, precision = name.partition(":")
    packaged, public = packaged_models().get(plain), PUBLIC_MODELS.get(plain)
    if packaged is not None and path.parent == packaged.folder:
        wanted = packaged.spec.files[precision or packaged.spec.default].sha256
    elif public is not None and path == fetched_file(plain):
        wanted = public.sha256
    else:
        return  # a file of the user's own has no published digest
    found = TfliteFile(path).sha256
    if found != wanted:
        raise ModelError(f"{path} has SHA-256 {found}, expected {wanted}")


@models.command()
def bench(
    name: Name,
    repeats: Annotated[int, typer.Option(min=1, help="Runs of which the middle counts.")] = 30,
    threads: Annotated[list[int], typer.Option(help="Numbers of threads.")] = [1, 2],  # noqa: B006
) -> None:
    """Time a model on this machine: CPU kernels, threads, and accelerators beside them."""
    file = TfliteFile(find_model(name))
    for delegate in (Delegate.XNNPACK, Delegate.TFLITE):
        for count in threads:
            options = DelegateOptions(delegate=delegate, num_threads=count)
            wall_ms, cpu_ms = _timed(file, options, repeats)
            label = f"{delegate.value}, {count} thread{'s' if count > 1 else ''}"
            typer.echo(f"{label:<22} {wall_ms:9.2f} ms a run, {cpu_ms:9.2f} ms of CPU")
    cpu = open_on_cpu(file)
    for delegate in (Delegate.GPU, Delegate.NPU):
        runner, trial = try_accelerator(file, DelegateOptions(delegate=delegate), cpu)
        typer.echo(f"{delegate.value:<22} {trial.finding}")
        if runner is not None:
            runner.close()


def _timed(file: TfliteFile, options: DelegateOptions, repeats: int) -> tuple[float, float]:
    runner, inputs = open_on_cpu(file, options), golden_inputs(file.main, seed=0)
    runner.run(inputs)
    wall_s, cpu_s = timed(runner, [inputs], repeats)
    runner.close()
    return wall_s * 1000, cpu_s * 1000


@models.command()
def fetch(
    name: Annotated[str, typer.Argument(help="name of a public model")],
    url: Annotated[str, typer.Option(help="another place the same file lies")] = "",
) -> None:
    """Download a public model; goes on after a break, checks the digest."""
    if name not in PUBLIC_MODELS:
        known = ", ".join(PUBLIC_MODELS)
        raise unknown_name(f"no public model is called {name!r}: {known}", name, PUBLIC_MODELS)
    model = PUBLIC_MODELS[name]
    for line in _public_lines(model):
        typer.echo(line, err=True)
    with _progress(name) as on_progress:
        path = fetch_model(model, url=url, on_progress=on_progress)
    typer.echo(str(path))


@contextmanager
def _progress(name: str) -> Iterator[OnProgress]:
    columns = (TextColumn(name), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(name)
        yield lambda have, whole: shown.update(task, completed=have, total=whole)
