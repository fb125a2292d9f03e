"""Fetching public models: whole, checked, resumed, and never half."""

import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from flowlace.inference import fetch
from flowlace.inference.errors import ModelError
from flowlace.inference.fetch import fetch_model
from flowlace.inference.find_model import FOLDER_VARIABLE, fetched_file, find_model
from flowlace.inference.public_models import PUBLIC_MODELS, PublicModel

CONTENT = bytes(range(256)) * 1000


class Server(ThreadingHTTPServer):
    """Serves `CONTENT`; breaks off or refuses when told."""

    daemon_threads = True
    break_after: int | None = None
    knows_ranges = True
    status = 200
    content = CONTENT
    has_length = True
    is_silent = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.ranges: list[str] = []
        self.silence = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/model.tflite"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = self.headers.get("Range", "")
        self.server.ranges.append(asked)
        start = int(asked[6:-1]) if asked and self.server.knows_ranges else 0
        if self.server.status != 200:
            self.send_error(self.server.status)
            return
        self.send_response(206 if start else 200)
        content = self.server.content
        if self.server.has_length:
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if self.server.is_silent:
            self.server.silence.wait(10)
            return
        self.wfile.write(content[start : self.server.break_after])

    def log_message(self, *_: object) -> None:
        """Keeps the test's output clean."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.silence.set()
        running.shutdown()


@pytest.fixture
def model(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PublicModel:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "models"))
    return PublicModel(
        name="test-model", task="object_detection", summary="", url=server.url,
        sha256=hashlib.sha256(CONTENT).hexdigest(), size_bytes=len(CONTENT),
        licence="CC0-1.0", publisher="nobody",
    )  # fmt: skip


def test_a_model_is_fetched_whole_with_progress(model: PublicModel) -> None:
    seen: list[tuple[int, int]] = []
    path = fetch_model(model, on_progress=lambda have, whole: seen.append((have, whole)))
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [one.name for one in path.parent.iterdir()] == ["test-model.tflite"]


def test_a_model_that_is_there_is_not_fetched_again(model: PublicModel, server: Server) -> None:
    fetch_model(model)
    fetch_model(model)
    assert len(server.ranges) == 1


def test_a_break_leaves_no_model_and_the_next_call_goes_on_from_there(
    model: PublicModel, server: Server
) -> None:
    server.break_after = 100_000
    with pytest.raises(ModelError, match=r"test-model.*run the same command again"):
        fetch_model(model)
    assert not fetched_file(model.name).exists()
    server.break_after = None
    assert fetch_model(model).read_bytes() == CONTENT
    assert server.ranges == ["", "bytes=100000-"]


def test_a_server_without_ranges_starts_anew(model: PublicModel, server: Server) -> None:
    server.break_after = 100_000
    with pytest.raises(ModelError):
        fetch_model(model)
    server.break_after, server.knows_ranges = None, False
    assert fetch_model(model).read_bytes() == CONTENT


def test_another_file_than_the_registered_one_is_removed(model: PublicModel) -> None:
    wrong = replace(model, sha256="0" * 64)
    with pytest.raises(ModelError, match=r"another file: 256000 bytes .*expected 256000 bytes"):
        fetch_model(wrong)
    assert list(fetched_file(model.name).parent.iterdir()) == []


def test_a_longer_file_is_not_read_to_its_end(model: PublicModel, server: Server) -> None:
    server.has_length = False
    with pytest.raises(ModelError, match="what was fetched is another file"):
        fetch_model(replace(model, size_bytes=100))


def test_a_page_in_place_of_the_model_is_refused_and_not_kept(
    model: PublicModel, server: Server
) -> None:
    server.content = b"<html>Please log in</html>"
    with pytest.raises(ModelError, match="the server has another file: 26 bytes, expected 256000"):
        fetch_model(model)
    assert list(fetched_file(model.name).parent.iterdir()) == []


def test_a_server_that_falls_silent_is_given_up(
    model: PublicModel, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.is_silent = True
    monkeypatch.setattr(fetch, "TIMEOUT_S", 0.2)
    with pytest.raises(ModelError, match=r"timed out; what has come is kept"):
        fetch_model(model)


@pytest.mark.parametrize("url", ["nonsense", "http://[::1/model.tflite", "ftp:", "http://"])
def test_an_address_that_is_none_is_told(model: PublicModel, url: str) -> None:
    with pytest.raises(ModelError, match=r"'test-model' can't be fetched from "):
        fetch_model(model, url=url)


def test_a_model_fetched_twice_at_once_comes_once(model: PublicModel, server: Server) -> None:
    with ThreadPoolExecutor(2) as threads:
        paths = list(threads.map(lambda _: fetch_model(model), range(2)))
    assert [one.read_bytes() for one in paths] == [CONTENT, CONTENT]
    assert server.ranges == [""]


def test_a_damaged_model_that_is_there_is_fetched_again(model: PublicModel) -> None:
    path = fetched_file(model.name)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"half a file")
    assert fetch_model(model).read_bytes() == CONTENT


def test_a_refusal_of_the_server_is_told(model: PublicModel, server: Server) -> None:
    server.status = 404
    with pytest.raises(ModelError, match=r"can't be fetched from http.*answers 404 Not Found"):
        fetch_model(model)


def test_a_machine_without_network_is_told_so(model: PublicModel) -> None:
    with pytest.raises(ModelError, match=r"(?s)can't be fetched from .*refused"):
        fetch_model(model, url="http://127.0.0.1:9/model.tflite")


def test_a_mirror_gives_the_same_file(model: PublicModel, server: Server) -> None:
    moved = replace(model, url="http://127.0.0.1:9/gone.tflite")
    assert fetch_model(moved, url=server.url).read_bytes() == CONTENT


def test_a_folder_that_can_not_be_written_is_an_error(
    model: PublicModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "file" / "models"))
    with pytest.raises(ModelError, match="Not a directory"):
        fetch_model(model)


def test_graphs_say_how_to_get_a_model_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(ModelError, match="run: flowlace models fetch yamnet"):
        find_model("yamnet")


@pytest.mark.parametrize("model_name", sorted(PUBLIC_MODELS))
def test_every_public_model_has_an_address_a_digest_and_a_licence(model_name: str) -> None:
    one = PUBLIC_MODELS[model_name]
    assert one.url.startswith("https://")
    assert len(one.sha256) == 64
    assert one.size_bytes > 100_000
    assert one.licence
