"""A line a source while graphs run: frames, fps, time left, drops."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from flowlace.runner.graph_runner import GraphRunner

UPDATE_S = 0.25


@contextmanager
def progress_shown(runners: list[GraphRunner], *, quiet: bool) -> Iterator[None]:
    """Shows the progress of runners on the terminal; nothing where stderr is none."""
    console = Console(file=sys.stderr)
    if quiet or not console.is_terminal:
        yield
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f} frames, {task.fields[fps]:.1f} fps"),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[drops]} dropped"),
    )
    with Progress(*columns, console=console) as progress:
        tasks = [progress.add_task(r.name, total=r.frame_count, fps=0.0, drops=0) for r in runners]
        is_over = threading.Event()
        updater = threading.Thread(target=_update, args=(progress, runners, tasks, is_over))
        updater.start()
        try:
            yield
        finally:
            is_over.set()
            updater.join()


def _update(
    progress: Progress, runners: list[GraphRunner], tasks: list[TaskID], is_over: threading.Event
) -> None:
    while True:
        ended = is_over.wait(UPDATE_S)
        for runner, task in zip(runners, tasks, strict=True):
            summary = runner.counted()
            progress.update(task, completed=summary.frames, fps=summary.fps, drops=summary.drops)
        if ended:
            return
