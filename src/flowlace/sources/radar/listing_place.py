"""Where on a server files are listed, by day if it has a folder for each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from urllib.parse import quote, unquote, urlencode, urlsplit

from flowlace.sources.radar.folder import is_radar_name
from flowlace.sources.radar.http_client import HttpClient, HttpError
from flowlace.sources.radar.listing_page import ListedFile, bucket_page, listed_files
from flowlace.sources.radar.radar_file import time_in_name

_DATE = re.compile(r"%(?:[YmHjy]|d(?![0-9A-Fa-f]))")
"""Parts of a date; `%20` and other escapes of addresses are none."""
_MOST_PAGES = 1000


@dataclass(frozen=True, slots=True)
class ListingPlace:
    """A folder of a web server, or what begins alike in a bucket."""

    address: str
    """Of the page that lists, or of the bucket."""
    prefix: str | None
    """What keys begin with; None where this is no bucket."""
    pattern: str
    """Names wanted, such as `*.grib2.gz`; empty for all."""

    @classmethod
    def parsed(cls, text: str, endpoint: str = "") -> ListingPlace:
        """Returns the place that `https://…` or `s3://bucket/…` names.

        >>> ListingPlace.parsed("s3://rain/eu/%Y/*.h5").address
        'https://rain.s3.amazonaws.com/'
        """
        parts = urlsplit(text)
        if not parts.hostname:
            raise ValueError(f"{text!r} names no server or bucket")
        if "@" in parts.netloc:
            raise ValueError(
                "passwords in addresses are not used; put a token into an environment variable and "
                "name it: token_env=NAME"
            )
        start, _, last = text.rpartition("/")
        pattern = last if "*" in last else ""
        if parts.scheme != "s3":
            return cls(f"{start}/" if pattern else text, None, pattern)
        prefix = parts.path.lstrip("/")
        if pattern:
            prefix = prefix.removesuffix(last)
        elif prefix and not prefix.endswith("/") and time_in_name(last) is None:
            prefix += "/"
        return cls(_bucket(parts.netloc, endpoint), prefix, pattern)

    @property
    def is_dated(self) -> bool:
        """Whether there is a folder for each day or hour."""
        return _DATE.search(self.address if self.prefix is None else self.prefix) is not None

    def look(self, client: HttpClient, start_us: int, end_us: int) -> list[ListedFile]:
        """Returns the files there are, in no order; of folders by date those of that time.

        Raises HttpError; the folder of a day that is not there is an empty one.
        """
        found: list[ListedFile] = []
        for one in self._dated(start_us, end_us):
            try:
                found += self._page(one, client) if self.prefix is None else _keys(
                    self.address, one, client
                )  # fmt: skip
            except HttpError as error:
                if not (self.is_dated and error.status == 404):
                    raise
        return [
            one
            for one in found
            if is_radar_name(one.name) and (not self.pattern or fnmatchcase(one.name, self.pattern))
        ]

    def _dated(self, start_us: int, end_us: int) -> list[str]:
        text = self.address if self.prefix is None else self.prefix
        if not self.is_dated:
            return [text]
        start, end = (datetime.fromtimestamp(one / 1e6, UTC) for one in (start_us, end_us))
        hour = start.replace(minute=0, second=0, microsecond=0)
        count = (end - hour) // timedelta(hours=1) + 1
        return list(dict.fromkeys(_at(text, hour + timedelta(hours=one)) for one in range(count)))

    def _page(self, url: str, client: HttpClient) -> list[ListedFile]:
        name = unquote(url.rpartition("/")[2])
        if time_in_name(name) is not None:
            return [ListedFile(name, url)]
        data, final_url = client.get(url)
        return listed_files(data, final_url)


def _at(text: str, time: datetime) -> str:
    return _DATE.sub(lambda part: time.strftime(part[0]), text)


def _bucket(name: str, endpoint: str) -> str:
    if endpoint:
        return f"{endpoint.rstrip('/')}/{name}/"
    if "." in name:  # the certificate of the servers covers one name before theirs
        return f"https://s3.amazonaws.com/{name}/"
    return f"https://{name}.s3.amazonaws.com/"


def _keys(bucket: str, prefix: str, client: HttpClient) -> list[ListedFile]:
    """Returns the files of a bucket right below a prefix, page after page."""
    found: list[ListedFile] = []
    query = {"list-type": "2", "prefix": prefix, "delimiter": "/"}
    for _ in range(_MOST_PAGES):
        url = f"{bucket}?{urlencode(query)}"
        page = bucket_page(client.get(url)[0], url)
        found += [ListedFile(one.rpartition("/")[2], bucket + quote(one)) for one in page.keys]
        if page.next_token is None:
            return found
        query["continuation-token"] = page.next_token
    raise HttpError(f"{bucket}: more than {_MOST_PAGES} pages of {prefix!r}", is_lasting=True)
