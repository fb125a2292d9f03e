"""Lists of files as servers give them: pages of Apache and nginx, JSON, and S3's XML."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urljoin
from xml.etree import ElementTree

from flowlace.sources.radar.http_client import HttpError


class ListedFile(NamedTuple):
    """One file of a list."""

    name: str
    """Without its folder."""
    url: str


class BucketPage(NamedTuple):
    """One page of the keys of a bucket."""

    keys: list[str]
    next_token: str | None
    """What asks for the next page; None at the last one."""


def listed_files(data: bytes, url: str) -> list[ListedFile]:
    """Returns the files right in the folder that a page at `url` lists, each once."""
    text = data.decode("utf-8", "replace").lstrip("\ufeff \r\n\t")
    hrefs = _json_hrefs(text, url) if text.startswith(("[", "{")) else _html_hrefs(text, url)
    folder = urljoin(url, ".")
    found: dict[str, ListedFile] = {}
    for href in hrefs:
        address = urljoin(url, href).partition("#")[0]
        rest = address.removeprefix(folder)
        if rest and rest != address and "/" not in rest and "?" not in rest:
            found[address] = ListedFile(unquote(rest), address)
    return list(found.values())


def bucket_page(data: bytes, url: str) -> BucketPage:
    """Returns one answer to ListObjectsV2."""
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise HttpError(f"{url}: the list of the bucket is damaged: {error}") from error
    for one in root.iter():
        one.tag = one.tag.rpartition("}")[2]
    if root.tag != "ListBucketResult":
        raise HttpError(f"{url}: no list of a bucket but {root.tag}", is_lasting=True)
    keys = [one.findtext("Key", "") for one in root.iter("Contents")]
    is_cut = root.findtext("IsTruncated", "false").strip() == "true"
    token = root.findtext("NextContinuationToken")
    if is_cut and not token:
        raise HttpError(f"{url}: the list of the bucket goes on, but does not tell where")
    return BucketPage([one for one in keys if one], token if is_cut else None)


def _json_hrefs(text: str, url: str) -> list[str]:
    """Returns addresses from `[{"name": …}]`, as nginx and Caddy write it, or `["…"]`."""
    try:
        entries = json.loads(text)
    except ValueError as error:
        raise HttpError(f"{url}: the JSON is damaged: {error}") from error
    if not isinstance(entries, list):
        raise HttpError(f"{url}: expected a JSON list of files", is_lasting=True)
    names = [_name(one) for one in entries]
    return [quote(one) for one in names if one is not None]


def _name(entry: Any) -> str | None:
    if isinstance(entry, str):
        return entry
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        return None
    is_folder = entry.get("type") == "directory" or entry.get("is_dir") is True
    return None if is_folder else entry["name"]


def _html_hrefs(text: str, url: str) -> list[str]:
    if "<" not in text[:2000]:
        raise HttpError(f"{url}: is no list of files (no HTML, JSON or XML)", is_lasting=True)
    links = _Links()
    links.feed(text)
    if not links.hrefs:
        raise HttpError(f"{url}: a page without links is no list of files", is_lasting=True)
    return links.hrefs


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes where a link leads."""
        href = dict(attrs).get("href")
        if tag == "a" and href:
            self.hrefs.append(href)
