"""HTTP for files and lists of files: every wait has a limit, a broken transfer goes on.

By the standard library; it follows redirects and uses the proxies of the environment. A token goes
to the server it was meant for only, not to where that one redirects.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Mapping
from http.client import HTTPException, HTTPMessage, HTTPResponse
from typing import IO, cast
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from flowlace.framework.clock import Clock
from flowlace.sources.source import SourceError

_CHUNK_BYTES = 1 << 18
_LARGEST_BYTES = 1 << 30
_TRY_AGAIN = {408, 425, 429}
"""Statuses of the kind that blames the client, which time heals."""


class HttpError(SourceError):
    """A request that failed."""

    def __init__(
        self, message: str, status: int | None = None, *, is_lasting: bool = False
    ) -> None:
        super().__init__(message)
        self.status = status
        """What the server answered; None where it did not, or broke off."""
        self.is_lasting = is_lasting
        """Whether trying again is of no use."""


class HttpClient:
    """Opens addresses; `stopped` ends what is under way, from any thread."""

    def __init__(
        self, clock: Clock, timeout_s: float, transfer_s: float, token: str | None = None
    ) -> None:
        self.clock = clock
        self.transfer_s = transfer_s
        self.stopped = threading.Event()
        self._timeout_s = timeout_s
        self._token = token
        self._opener = build_opener(_Redirects)

    def open(self, url: str, headers: Mapping[str, str]) -> HTTPResponse:
        """Returns the answer, to be read and closed; HttpError if there is none or a bad one."""
        try:
            request = self._request(url, headers)
            return cast(HTTPResponse, self._opener.open(request, timeout=self._timeout_s))
        except HTTPError as error:
            with error:
                status = error.code
                is_lasting = 300 <= status < 500 and status not in _TRY_AGAIN
                text = f"{url}: the server answers {status} {error.reason}"
            raise HttpError(text, status, is_lasting=is_lasting) from error
        except (OSError, HTTPException, ValueError) as error:
            reason = error.reason if isinstance(error, URLError) else error
            is_lasting = isinstance(reason, ValueError | ssl.SSLCertVerificationError)
            raise HttpError(f"{url}: {_words(reason)}", is_lasting=is_lasting) from error

    def _request(self, url: str, headers: Mapping[str, str]) -> Request:
        # As it is stored: sizes and ranges count those bytes, and radar files are packed anyway.
        usual = {"User-Agent": "flowlace", "Accept-Encoding": "identity"}
        request = Request(url, headers={**usual, **headers})
        if self._token is not None:
            request.add_unredirected_header("Authorization", f"Bearer {self._token}")
        return request

    def get(self, url: str) -> tuple[bytes, str]:
        """Returns all of an address, and where it was after redirects."""
        download = Download(self, url)
        try:
            while (data := download.step()) is None:
                pass
            return data, download.final_url
        finally:
            download.close()


class Download:
    """One file on its way into memory; after an error it goes on where it broke off.

    What changed on the server meanwhile (it says so by its ETag or date) is read anew.
    """

    def __init__(self, client: HttpClient, url: str) -> None:
        self.final_url = url
        self.version: tuple[str, ...] = ()
        """Changes when the file does, as far as the server tells."""
        self._client = client
        self._url = url
        self._data = bytearray()
        self._response: HTTPResponse | None = None
        self._total: int | None = None
        self._end_us = client.clock.now_us() + round(client.transfer_s * 1e6)

    @property
    def received(self) -> int:
        """Bytes that are here."""
        return len(self._data)

    def step(self) -> bytes | None:
        """Takes what comes next; returns the whole file once it is here, else None.

        Raises HttpError; unless that is lasting, the next step connects again.
        """
        try:
            return self._step()
        except HttpError:
            self.close()
            raise

    def close(self) -> None:
        """Lets go of the connection; what has come is kept."""
        if self._response is not None:
            self._response.close()
            self._response = None

    def _step(self) -> bytes | None:
        if self._client.stopped.is_set():
            raise HttpError(f"{self._url}: closed", is_lasting=True)
        if self._client.clock.now_us() > self._end_us:
            limit = self._client.transfer_s
            raise HttpError(f"{self._url}: took longer than {limit:g} s", is_lasting=True)
        if self._response is None:
            self._response = self._connect()
        chunk = self._chunk(self._response)
        self._data += chunk
        if len(self._data) > _LARGEST_BYTES:
            raise HttpError(f"{self._url}: larger than a gigabyte", is_lasting=True)
        if chunk:
            return None
        if self._total is not None and len(self._data) != self._total:
            share = f"{len(self._data)} of {self._total} bytes"
            raise HttpError(f"{self._url}: the transfer broke off after {share}")
        self.close()
        return bytes(self._data)

    def _chunk(self, response: HTTPResponse) -> bytes:
        try:
            # Not `read`: that waits for all of its bytes, however slowly they trickle in.
            return response.read1(_CHUNK_BYTES)
        except (OSError, HTTPException) as error:
            raise HttpError(f"{self._url}: the transfer broke off: {_words(error)}") from error

    def _connect(self) -> HTTPResponse:
        try:
            response = self._client.open(self._url, self._range_wanted())
        except HttpError as error:
            if error.status == 416:  # it has become shorter than what is here
                self._start_anew()
                raise HttpError(str(error), error.status) from error
            raise
        if not self._goes_on(response.headers, response.status):
            self._start_anew()
            length = response.headers.get("Content-Length", "")
            self._total = int(length) if length.isdigit() else None
        said = [response.headers.get(one) or "" for one in ("ETag", "Last-Modified")]
        self.version = (*said, str(self._total))
        self.final_url = response.url
        return response

    def _range_wanted(self) -> dict[str, str]:
        validator = next((one for one in self.version[:2] if one and not one.startswith("W/")), "")
        if not self._data or not validator:
            self._start_anew()  # nothing could tell whether the rest belongs to the beginning
            return {}
        return {"Range": f"bytes={len(self._data)}-", "If-Range": validator}

    def _goes_on(self, headers: HTTPMessage, status: int) -> bool:
        begins = headers.get("Content-Range", "").startswith(f"bytes {len(self._data)}-")
        return status == 206 and begins

    def _start_anew(self) -> None:
        self._data.clear()
        self._total = None


class _Redirects(HTTPRedirectHandler):
    """Keeps the token on the way from one address of a server to another."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """Returns the request to follow with."""
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        token = req.unredirected_hdrs.get("Authorization")
        if request is not None and token is not None and _origin(newurl) == _origin(req.full_url):
            request.add_unredirected_header("Authorization", token)
        return request


def _origin(url: str) -> tuple[str, str]:
    return urlsplit(url)[:2]


def _words(error: BaseException | str) -> str:
    return str(error) or type(error).__name__
