"""`flowlace bundle`: a graph with everything it needs in one zip file."""

from typing import Annotated

import typer

from flowlace.bundle.manifest import Manifest
from flowlace.bundle.mediapipe_library import Target
from flowlace.bundle.prune_graph import pruned
from flowlace.bundle.write_bundle import expanded_graph, write_bundle
from flowlace.cli.imports import Imports
from flowlace.cli.node_settings import Models, Settings
from flowlace.cli.run import Sources, make_runners
from flowlace.framework.config import GraphConfig
from flowlace.framework.validation import validate_graph
from flowlace.observe.profiler import GraphProfiler
from flowlace.runner.graph_runner import GraphRunner
from flowlace.runner.import_code import import_code
from flowlace.runner.node_settings import configured_graph
from flowlace.sources.source import Frame


def bundle(
    graph: Annotated[str, typer.Argument(help="name of a packaged graph, or a file")],
    out: Annotated[str, typer.Option("--out", "-o", help="the zip file")],
    precision: Annotated[
        str, typer.Option(help="of packaged models: int8 or float32; each model's default if empty")
    ] = "",
    target: Annotated[
        list[Target], typer.Option(help="Check the graph against MediaPipe's C++ library there.")
    ] = [],  # noqa: B006 - typer copies it
    output: Annotated[
        list[str], typer.Option(help="Output stream to keep; all others go, and what they need.")
    ] = [],  # noqa: B006
    source: Sources = [],  # noqa: B006
    frames: Annotated[
        int, typer.Option(min=1, help="With --source: frames over which nodes are timed.")
    ] = 100,
    model: Models = [],  # noqa: B006
    setting: Settings = [],  # noqa: B006
    imports: Imports = [],  # noqa: B006
) -> None:
    """Write a graph, its models, labels and cards, digests and costs into one zip file.

    Exit code 1 if a target lacks something the graph needs; the bundle is written all the same.
    """
    import_code(imports)
    config = expanded_graph(configured_graph(graph, model, setting))
    if output:
        config = pruned(config, output)
    validate_graph(config)
    node_ms = _timed(config, source, frames) if source else {}
    manifest = write_bundle(
        config, out, name=graph, precision=precision, targets=target, node_ms=node_ms
    )
    _show(manifest, out)
    if any(manifest.targets.values()):
        raise typer.Exit(1)


def _timed(config: GraphConfig, sources: list[str], frames: int) -> dict[str, float]:
    """Returns the CPU time of a call by node in ms, over some frames."""
    (runner, *_) = make_runners(validate_graph(config), sources, [], [], [])
    profiler = GraphProfiler(runner.graph)
    _run_frames(runner, frames)
    return {node.name: node.mean_cpu_us / 1000 for node in profiler.slowest() if node.calls}


def _run_frames(runner: GraphRunner, frames: int) -> None:
    left = frames

    def count(_: Frame) -> None:
        nonlocal left
        left -= 1
        if not left:
            runner.stop()

    runner.on_frame = count
    runner.run()


def _show(manifest: Manifest, out: str) -> None:
    size = sum(file.size_bytes for file in manifest.files)
    typer.echo(f"{out}: {len(manifest.nodes)} nodes, {len(manifest.files)} files, {size:,} bytes")
    for model in manifest.models:
        safety = "GPU-safe" if not model.gpu_problems else "; ".join(model.gpu_problems)
        typer.echo(
            f"  {model.path}: {model.multiply_adds / 1e6:.0f} M multiply-adds, "
            f"{model.cpu_ms:.1f} ms here, {safety}"
        )
    for target, missing in manifest.targets.items():
        typer.echo(f"{target}: {'all there' if not missing else f'{len(missing)} missing'}")
        for line in missing:
            typer.echo(f"  {line}")
