"""A web server for tests, on this machine, that can misbehave as real ones do."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

Answer = Callable[["Handler"], None]


@dataclass
class WebServer:
    """Files by path, and what goes wrong with them: one answer for each time they are asked for."""

    files: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, list[Answer]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Paths and headers of the requests so far."""
    listing: str = "apache"
    page_size: int = 1000
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def count(self, path: str) -> int:
        return sum(unquote(urlsplit(one).path) == path for one, _ in self.asked)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    web: WebServer

    def do_GET(self) -> None:
        self.web.asked.append((self.path, dict(self.headers)))
        path = unquote(urlsplit(self.path).path)
        faults = self.web.faults.get(path)
        if faults:
            faults.pop(0)(self)
        elif path in self.web.files:
            self.send_file(self.web.files[path])
        elif path == "/bucket/":
            self.send(200, self._bucket_page())
        elif any(one.startswith(path) for one in self.web.files) and path.endswith("/"):
            self.send(200, self._page(path))
        else:
            self.send(404, b"not here")

    def send_file(self, data: bytes, etag: str = "") -> None:
        etag = etag or f'"{hash(data)}"'
        wanted = self.headers.get("Range", "")
        if wanted and self.headers.get("If-Range") == etag:
            begin = int(wanted.removeprefix("bytes=").rstrip("-"))
            span = f"bytes {begin}-{len(data) - 1}/{len(data)}"
            self.send(206, data[begin:], **{"ETag": etag, "Content-Range": span})
        else:
            self.send(200, data, ETag=etag)

    def send(self, status: int, data: bytes, **headers: str) -> None:
        self.begin(status, len(data), **headers)
        self.wfile.write(data)

    def begin(self, status: int, length: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def _page(self, path: str) -> bytes:
        names = [one.removeprefix(path) for one in self.web.files if one.startswith(path)]
        here = [one for one in names if "/" not in one]
        if self.web.listing == "nginx_json":
            folder = [{"name": "older", "type": "directory"}]
            files = [{"name": one, "type": "file", "size": 1} for one in here]
            return json.dumps([*folder, *files]).encode()
        links = "".join(
            f'<tr><td><a href="{one}"><img></a></td><td><a href="{one}">{one[:20]}..&gt;</a>'
            for one in here
        )
        head = '<html><a href="?C=N;O=D">Name</a><a href="/">Parent Directory</a>'
        return f'{head}<a href="older/">older/</a><table>{links}</table>'.encode()

    def _bucket_page(self) -> bytes:
        query = {name: one[0] for name, one in parse_qs(urlsplit(self.path).query).items()}
        keys = sorted(one.removeprefix("/bucket/") for one in self.web.files)
        keys = [one for one in keys if one.startswith(query["prefix"])]
        begin = int(query.get("continuation-token", "0"))
        end = begin + self.web.page_size
        is_cut = end < len(keys)
        token = f"<NextContinuationToken>{end}</NextContinuationToken>" if is_cut else ""
        listed = "".join(f"<Contents><Key>{one}</Key></Contents>" for one in keys[begin:end])
        return (
            '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<IsTruncated>{str(is_cut).lower()}</IsTruncated>{token}{listed}</ListBucketResult>"
        ).encode()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Says nothing."""


def status(code: int) -> Answer:
    """Answers with this status."""
    return lambda handler: handler.send(code, b"trouble")


def breaks_off(data: bytes, after: int) -> Answer:
    """Promises all, sends so many bytes and hangs up."""

    def answer(handler: Handler) -> None:
        handler.begin(200, len(data), ETag=f'"{hash(data)}"')
        handler.wfile.write(data[:after])
        handler.close_connection = True

    return answer


def hangs_up(handler: Handler) -> None:
    """Answers nothing at all."""
    handler.close_connection = True
    handler.connection.close()


def sends(data: bytes) -> Answer:
    """Sends other contents, as while a file is uploaded."""
    return lambda handler: handler.send_file(data)


def redirects_to(url: str) -> Answer:
    """Sends elsewhere."""
    return lambda handler: handler.send(302, b"", Location=url)


def is_silent(seconds: float) -> Answer:
    """Keeps the client waiting before it answers."""

    def answer(handler: Handler) -> None:
        time.sleep(seconds)
        handler.close_connection = True

    return answer


def trickles(data: bytes, seconds: float) -> Answer:
    """Sends a byte at a time."""

    def answer(handler: Handler) -> None:
        handler.close_connection = True
        handler.begin(200, len(data))
        try:
            for one in data:
                handler.wfile.write(bytes([one]))
                time.sleep(seconds)
        except OSError:
            return  # the client has given up, as it should

    return answer


@contextmanager
def serving() -> Iterator[WebServer]:
    """Runs a server while the block lasts."""
    web = WebServer()
    handler = type("Bound", (Handler,), {"web": web})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    web.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
