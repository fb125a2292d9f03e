import pytest

from flowlace.sources.radar.http_client import HttpError
from flowlace.sources.radar.listing_page import bucket_page, listed_files

URL = "https://host/rain/"


def urls(page: str, url: str = URL) -> list[str]:
    return [one.url for one in listed_files(page.encode(), url)]


def test_links_are_taken_from_where_the_page_is() -> None:
    page = '<A HREF="a.h5">a</A> <a href="/rain/b.h5">b</a> <a href="https://host/rain/c.h5">c</a>'
    assert urls(page) == [f"{URL}a.h5", f"{URL}b.h5", f"{URL}c.h5"]


def test_links_to_other_folders_servers_and_orders_are_left_out() -> None:
    page = (
        '<a href="../up.h5"></a><a href="sub/a.h5"></a><a href="https://other/rain/b.h5"></a>'
        '<a href="?C=M;O=A"></a><a href="c.h5?version=1"></a><a href="mailto:x@y"></a>'
        '<a name="top"></a><a href="file:///etc/passwd"></a><a href="d.h5#top"></a>'
    )
    assert urls(page) == [f"{URL}d.h5"]


def test_names_are_freed_of_their_escapes() -> None:
    (file,) = listed_files(b'<a href="radar%20rain%2B1.h5">x</a>', URL)
    assert file.name == "radar rain+1.h5"
    assert file.url == f"{URL}radar%20rain%2B1.h5"


def test_a_page_may_have_a_name_of_its_own() -> None:
    assert urls('<a href="a.h5">a</a>', f"{URL}index.html") == [f"{URL}a.h5"]


@pytest.mark.parametrize(
    "page",
    [
        '[{"name": "a b.h5", "type": "file", "size": 3}, {"name": "old", "type": "directory"}]',
        '[{"name": "a b.h5", "size": 3, "is_dir": false}, {"name": "old", "is_dir": true}]',
        '["a b.h5"]',
    ],
)
def test_json_of_several_servers_is_read(page: str) -> None:
    assert urls(page) == [f"{URL}a%20b.h5"]


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("[{", "the JSON is damaged"),
        ('{"error": "none"}', "expected a JSON list of files"),
        ("<html>Welcome</html>", "a page without links"),
        ("GRIB....", "is no list of files"),
        ("", "is no list of files"),
    ],
)
def test_what_is_no_list_is_told(page: str, message: str) -> None:
    with pytest.raises(HttpError, match=message):
        urls(page)


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("<ListBucketResult><Contents>", "the list of the bucket is damaged"),
        ("<Error><Code>NoSuchBucket</Code></Error>", "no list of a bucket but Error"),
        (
            "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
            "does not tell where",
        ),
    ],
)
def test_what_is_no_bucket_is_told(page: str, message: str) -> None:
    with pytest.raises(HttpError, match=message):
        bucket_page(page.encode(), URL)
