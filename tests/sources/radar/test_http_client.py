"""Transfers that break off, change and stall."""

from collections.abc import Iterator

import pytest

from flowlace.framework.clock import MonotonicClock
from flowlace.sources.radar.http_client import Download, HttpClient, HttpError
from tests.sources.radar import web_server as web
from tests.sources.radar.web_server import Answer, Handler, WebServer

DATA = bytes(range(256)) * 40


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with web.serving() as one:
        one.files["/a"] = DATA
        yield one


def client(**options: float) -> HttpClient:
    return HttpClient(MonotonicClock(), **({"timeout_s": 5, "transfer_s": 20} | options))


def download(server: WebServer) -> Download:
    return Download(client(), f"{server.url}/a")


def finish(one: Download) -> bytes:
    while (data := one.step()) is None:
        pass
    return data


def breaks_off(after: int, **headers: str) -> Answer:
    def answer(handler: Handler) -> None:
        handler.begin(200, len(DATA), **headers)
        handler.wfile.write(bytes(after))  # zeros: not the true beginning
        handler.close_connection = True

    return answer


def of_no_stated_length(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(DATA)
    handler.close_connection = True


def in_chunks(*parts: bytes, ends: bool = True) -> Answer:
    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        chunks = b"".join(f"{len(one):x}\r\n".encode() + one + b"\r\n" for one in parts)
        handler.wfile.write(chunks + (b"0\r\n\r\n" if ends else b""))
        handler.close_connection = True

    return answer


def test_a_file_is_fetched_whole(server: WebServer) -> None:
    data, final_url = client().get(f"{server.url}/a")
    assert data == DATA
    assert final_url == f"{server.url}/a"


@pytest.mark.parametrize("headers", [{}, {"ETag": 'W/"weak"'}])
def test_without_a_sign_that_it_is_the_same_file_it_is_read_anew(
    server: WebServer, headers: dict[str, str]
) -> None:
    server.faults["/a"] = [breaks_off(100, **headers)]
    one = download(server)
    with pytest.raises(HttpError, match="broke off after 100 of 10240 bytes"):
        finish(one)
    assert finish(one) == DATA
    assert ["Range" in headers for _, headers in server.asked] == [False, False]


def test_a_file_that_has_become_shorter_is_read_anew(server: WebServer) -> None:
    server.faults["/a"] = [breaks_off(100, ETag='"one"'), web.status(416)]
    one = download(server)
    with pytest.raises(HttpError, match="broke off"):
        finish(one)
    with pytest.raises(HttpError, match="answers 416"):
        finish(one)
    assert finish(one) == DATA


@pytest.mark.parametrize("answer", [of_no_stated_length, in_chunks(DATA[:1000], DATA[1000:])])
def test_a_length_need_not_be_stated(server: WebServer, answer: Answer) -> None:
    server.faults["/a"] = [answer]
    assert finish(download(server)) == DATA


def test_chunks_that_end_too_early_are_a_break(server: WebServer) -> None:
    server.faults["/a"] = [in_chunks(DATA[:1000], ends=False)]
    with pytest.raises(HttpError, match="broke off"):
        finish(download(server))


@pytest.mark.parametrize(("code", "is_lasting"), [(404, True), (403, True), (500, False),
                                                 (429, False), (304, True)])  # fmt: skip
def test_what_time_does_not_heal_is_told_from_what_it_does(
    server: WebServer, code: int, is_lasting: bool
) -> None:
    server.faults["/a"] = [web.status(code)]
    with pytest.raises(HttpError, match=f"the server answers {code}") as caught:
        finish(download(server))
    assert caught.value.is_lasting is is_lasting
    assert caught.value.status == code


def test_redirects_without_end_are_an_error(server: WebServer) -> None:
    server.faults["/a"] = [web.redirects_to("/a")] * 50
    with pytest.raises(HttpError, match=r"infinite loop|redirect"):
        finish(download(server))


def test_a_redirect_never_leads_to_files_of_this_machine(server: WebServer) -> None:
    server.faults["/a"] = [web.redirects_to("file:///etc/passwd")]
    with pytest.raises(HttpError, match="answers 302"):
        finish(download(server))


@pytest.mark.parametrize("url", ["https://", "http://[broken/", "http://127.0.0.1:99999/a"])
def test_addresses_that_can_not_be_are_errors(url: str) -> None:
    with pytest.raises(HttpError):
        client().get(url)
