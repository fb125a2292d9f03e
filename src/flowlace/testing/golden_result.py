"""Results that are kept beside a test, and compared with what the test gives."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from flowlace.comparison.picture import write_difference_picture
from flowlace.comparison.report import report
from flowlace.comparison.streams import UNKNOWN_HEADERS, Comparison, Headers, compare_streams
from flowlace.comparison.tolerances import Tolerances, parse_stream_tolerances
from flowlace.framework.packet import Packet
from flowlace.golden.errors import GoldenError
from flowlace.golden.result_file import ResultFile, ResultWriter, describe_results
from flowlace.testing.replayed import Replayed

Outputs = Mapping[str, Sequence[Packet[Any]]] | Sequence[Packet[Any]]
"""Packets by stream, or those of one stream."""
STREAM = "packets"
"""The name of a stream that was given none."""


class GoldenMismatch(AssertionError):  # noqa: N818 - a failed assertion, no error of the program
    """Results are not what was kept."""


class GoldenResult:
    """Compares results with files, or writes these files where `updates` says so.

    Args:
        path: the file, without its ending; `name` of a comparison goes before the ending.
        updates: write what differs or is missing instead of failing.
        pictures: folder for the picture of a difference.
        on_written: told of each file that is written.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        updates: bool = False,
        pictures: str | Path = ".",
        on_written: Callable[[Path], None] = lambda _: None,
    ) -> None:
        self.path = Path(path)
        self._updates = updates
        self._pictures = Path(pictures)
        self._on_written = on_written
        self._used: set[Path] = set()

    def __call__(
        self,
        outputs: Outputs,
        *tolerances: str,
        name: str = "",
        streams: Iterable[str] = (),
        ignore: Iterable[str] = (),
        keys: Iterable[str] = (),
        are_ids_renamed: bool = False,
    ) -> None:
        """Compares packets with those that were kept under the same name.

        Args:
            outputs: packets by stream (as `replayed`, or `run_calculator(…).outputs`), or a list;
                headers are compared where they are known: those of `replayed`.
            tolerances: as on the command line: `"box=0.9"`, `"objects:score=0.01"`.
            name: tells several comparisons of one test apart.
            streams: compare and keep only these; all if left out.
            ignore: fields that are not looked at.
            keys: fields by which rows of one time are paired.
            are_ids_renamed: ids may be others, if consistently so.

        Raises:
            GoldenMismatch: they differ, or nothing was kept yet.
            GoldenError: the file is damaged.
            ComparisonError: a tolerance or a stream that there is not.
        """
        __tracebackhide__ = True
        path = self._file(name)
        given = _by_stream(outputs, tuple(streams))
        base = Tolerances(
            ignore=frozenset(ignore), keys=tuple(keys), are_ids_renamed=are_ids_renamed
        )
        allowed = parse_stream_tolerances(tolerances, base)
        if not path.exists():
            if not self._updates:
                raise GoldenMismatch(
                    f"nothing was kept yet in {path}; run pytest with --golden-update to keep "
                    "what comes out now, and look at it"
                )
            self._write(path, given, _headers(outputs, given))
            return
        with ResultFile(path) as kept:
            comparison = compare_streams(
                kept.streams(),
                given,
                allowed,
                expected_headers=kept.headers,
                actual_headers=_headers(outputs, given),
            )
            if not kept.is_complete:
                raise GoldenError(f"{str(path)!r} was cut off; delete it and make it again")
        if comparison.is_same:
            return
        if not self._updates:
            raise GoldenMismatch(self._told(path, comparison))
        self._write(path, given, _headers(outputs, given))

    def _file(self, name: str) -> Path:
        path = self.path.with_name(f"{self.path.name}{f'.{name}' if name else ''}.mcap")
        if path in self._used:
            raise GoldenError(
                f"{path.name!r} is compared twice in one test; tell the comparisons apart by name="
            )
        self._used.add(path)
        return path

    def _write(
        self, path: Path, outputs: Mapping[str, Sequence[Packet[Any]]], headers: Headers
    ) -> None:
        made = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            writer = ResultWriter(made, describe_results(tuple(outputs)))
            try:
                for stream, header in headers.items():
                    writer.take_header(stream, header)
                for stream, packets in outputs.items():
                    for packet in packets:
                        writer.write(stream, packet)
                writer.finish()
            finally:
                writer.abandon()
            os.replace(made, path)
        except OSError as error:
            raise GoldenError(f"{str(path)!r} can't be written: {error.strerror}") from error
        finally:
            made.unlink(missing_ok=True)
        self._on_written(path)

    def _told(self, path: Path, comparison: Comparison) -> str:
        lines = [f"results are not what was kept in {path}", report(comparison).plain]
        picture = self._pictures / f"{path.stem}-difference.png"
        if write_difference_picture(comparison, picture):
            lines.append(f"expected, actual and what differs: {picture}")
        lines.append("if this is meant, run pytest with --golden-update")
        return "\n".join(lines)


def _headers(outputs: Outputs, streams: Iterable[str]) -> Headers:
    """Returns the headers of streams, where the outputs tell of them."""
    known = outputs.headers if isinstance(outputs, Replayed) else UNKNOWN_HEADERS
    return {name: known[name] for name in streams if name in known}


def _by_stream(outputs: Outputs, streams: tuple[str, ...]) -> Mapping[str, Sequence[Packet[Any]]]:
    found = outputs if isinstance(outputs, Mapping) else {STREAM: outputs}
    for name in streams:
        if name not in found:
            raise GoldenError(f"no output stream {name!r}; there are: {', '.join(found)}")
    for name, packets in found.items():
        if not all(isinstance(each, Packet) for each in packets):
            raise GoldenError(f"stream {name!r} has to be a list of packets: see testing.packets")
    return {name: found[name] for name in streams or found}
