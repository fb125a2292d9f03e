"""Radar files that a server lists, and all that goes wrong on the way."""

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pytest

from flowlace.framework.clock import Clock, MonotonicClock
from flowlace.framework.openers import read_options
from flowlace.sources.radar.listed_source import ListedRadarSource
from flowlace.sources.radar.listing_options import RadarListingOptions
from flowlace.sources.radar.listing_place import ListingPlace
from flowlace.sources.registry import open_source
from flowlace.sources.source import SourceError, SourceTimeoutError
from flowlace.testing.simulated_clock import SimulatedClock
from tests.sources.radar import web_server as web
from tests.sources.radar.made_files import mrms
from tests.sources.radar.web_server import WebServer

RAIN = np.full((6, 8), 2.5)
START = datetime(2019, 6, 10, tzinfo=UTC)
START_US = round(START.timestamp() * 1e6)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with web.serving() as one:
        yield one


def name_of(minute: int, day: int = 10) -> str:
    return f"MRMS_PrecipRate_00.00_201906{day}-{minute // 60:02}{minute % 60:02}00.grib2.gz"


def data_of(minute: int) -> bytes:
    return mrms(RAIN, 0, minute % 60, minute // 60)


def put(server: WebServer, *minutes: int, folder: str = "/radar/") -> None:
    server.files |= {folder + name_of(one): data_of(one) for one in minutes}


def source_of(
    server: WebServer, options: str = "", path: str = "/radar/", clock: Clock | None = None,
    now_minute: float = 70,
) -> ListedRadarSource:  # fmt: skip
    read = read_options(RadarListingOptions, f"{options}&endpoint={server.url}")
    address = path if "://" in path else server.url + path
    place = ListingPlace.parsed(address, read.endpoint)
    wall_us = START_US + round(now_minute * 60e6)
    return ListedRadarSource(place, clock or SimulatedClock(), read, "radar", wall_us)


def minutes(source: ListedRadarSource) -> list[float]:
    return [(one.timestamp_us - START_US) / 60e6 for one in source]


def next_minute(source: ListedRadarSource, timeout_s: float = 60) -> float:
    frame = source.read(timeout_s)
    assert frame is not None
    return (frame.timestamp_us - START_US) / 60e6


@pytest.mark.parametrize("listing", ["apache", "nginx_json"])
def test_files_of_a_list_come_in_the_order_of_their_times(server: WebServer, listing: str) -> None:
    server.listing = listing
    put(server, 4, 0, 10, 2, 8, 6)
    server.files["/radar/README.txt"] = b"not radar"
    source = source_of(server)
    assert minutes(source) == [0, 2, 4, 6, 8, 10]
    assert not source.counts.skipped
    assert not source.is_live


def test_a_bucket_is_listed_page_after_page(server: WebServer) -> None:
    put(server, *range(0, 14, 2), folder="/bucket/CONUS/Precip Rate/")
    server.page_size = 3
    source = source_of(server, path="s3://bucket/CONUS/Precip Rate/")
    assert minutes(source) == [0, 2, 4, 6, 8, 10, 12]
    assert server.count("/bucket/") == 3


def test_names_may_be_chosen_by_a_pattern(server: WebServer) -> None:
    put(server, 0, 2)
    server.files["/radar/other_20190610-000100.h5"] = b"something else"
    source = source_of(server, path="/radar/MRMS_*.gz")
    assert minutes(source) == [0, 2]
    assert not source.counts.skipped


def test_a_file_may_be_named_by_itself(server: WebServer) -> None:
    put(server, 0, 2)
    assert minutes(source_of(server, path=f"/radar/{name_of(2)}")) == [2]


def test_another_name_of_the_newest_file_is_left_out(server: WebServer) -> None:
    put(server, 0, 2)
    server.files["/radar/MRMS_PrecipRate.latest.grib2.gz"] = data_of(2)
    source = source_of(server)
    assert minutes(source) == [0, 2]
    assert server.count("/radar/MRMS_PrecipRate.latest.grib2.gz") == 0


def test_only_the_newest_minutes_are_fetched_where_asked(server: WebServer) -> None:
    put(server, *range(0, 60, 10))
    assert minutes(source_of(server, "minutes=20")) == [30, 40, 50]


def test_a_span_of_time_is_fetched_where_asked(server: WebServer) -> None:
    put(server, *range(0, 60, 10))
    options = "start=2019-06-10T00:10&end=2019-06-10T02:30%2B02:00".replace("%2B", "+")
    assert minutes(source_of(server, options)) == [10, 20, 30]


def test_folders_by_day_are_looked_at_for_the_days_wanted(server: WebServer) -> None:
    put(server, 0, 10, folder="/bucket/rate/20190610/")
    server.files[f"/bucket/rate/20190609/{name_of(1430, 9)}"] = data_of(0)
    source = source_of(server, "start=2019-06-10T00:00&end=2019-06-12T00:00",
                       path="s3://bucket/rate/%Y%m%d/")  # fmt: skip
    assert minutes(source) == [0, 10]
    asked = [one for one, _ in server.asked if "prefix=" in one]
    assert [one.partition("prefix=rate%2F")[2][:8] for one in asked] == [
        "20190610", "20190611", "20190612",
    ]  # fmt: skip


def test_a_day_without_a_folder_is_an_empty_one(server: WebServer) -> None:
    put(server, 0, 10, folder="/20190610/")
    options = "start=2019-06-09T22:00&end=2019-06-10T01:00"
    assert minutes(source_of(server, options, path="/%Y%m%d/")) == [0, 10]


def test_folders_by_day_need_to_know_which(server: WebServer) -> None:
    with pytest.raises(ValueError, match=r"need to know which: start=.* or minutes=60"):
        source_of(server, path="/%Y%m%d/")


def test_a_live_list_begins_with_the_last_hour_and_gives_what_comes(server: WebServer) -> None:
    put(server, 0, 20, 40, 70)
    source = source_of(server, "live=1&poll_s=15")
    assert [next_minute(source) for _ in range(3)] == [20, 40, 70]
    with pytest.raises(SourceTimeoutError, match="no new file in 10 s"):
        source.read(10)
    put(server, 74, 72)
    assert [next_minute(source), next_minute(source)] == [72, 74]
    assert source.is_live


def test_a_live_list_is_looked_at_no_oftener_than_asked(server: WebServer) -> None:
    put(server, 0)
    source = source_of(server, "live=1&poll_s=15")
    next_minute(source)
    with pytest.raises(SourceTimeoutError):
        source.read(100)
    assert server.count("/radar/") == 1 + 100 // 15
    assert server.count(f"/radar/{name_of(0)}") == 1


def test_what_is_fetched_live_tells_how_old_it_was(server: WebServer) -> None:
    put(server, 68)
    source = source_of(server, "live=1", now_minute=70)
    frame = source.read(1)
    assert frame is not None
    assert frame.payload.received_us - frame.payload.observed_us == 120_000_000


def test_what_is_fetched_from_an_archive_has_no_age(server: WebServer) -> None:
    put(server, 0)
    (frame,) = source_of(server)
    assert frame.payload.received_us is None


def test_a_live_folder_by_day_goes_on_after_midnight(server: WebServer) -> None:
    clock = SimulatedClock()
    put(server, 1436, folder="/20190610/")
    source = source_of(server, "live=1", "/%Y%m%d/", clock, now_minute=1438)
    assert next_minute(source) == 1436
    clock.advance_us(180_000_000)
    server.files[f"/20190611/{name_of(0, 11)}"] = mrms(RAIN, 0, 0, day=11)
    assert next_minute(source) == 1440


def test_a_transfer_that_breaks_off_goes_on_where_it_was(server: WebServer) -> None:
    put(server, 0, 2)
    path = f"/radar/{name_of(0)}"
    server.faults[path] = [web.breaks_off(server.files[path], 50)]
    source = source_of(server)
    assert minutes(source) == [0, 2]
    ranges = [headers.get("Range") for one, headers in server.asked if one == path]
    assert ranges == [None, "bytes=50-"]
    assert source.counts.reconnects == 1


def test_a_file_that_changes_between_two_parts_is_read_anew(server: WebServer) -> None:
    put(server, 0)
    path = f"/radar/{name_of(0)}"
    other = mrms(np.full((6, 8), 9.0), 0, 0)
    server.faults[path] = [web.breaks_off(other, 50)]
    (frame,) = source_of(server)
    assert (frame.payload.rain_rate_mm_h == 2.5).all()


@pytest.mark.parametrize("fault", [web.status(500), web.status(503), web.status(429), web.hangs_up])
def test_trouble_of_the_server_is_waited_for(server: WebServer, fault: web.Answer) -> None:
    put(server, 0, 2)
    server.faults = {f"/radar/{name_of(0)}": [fault] * 4, "/radar/": [fault] * 2}
    source = source_of(server)
    assert minutes(source) == [0, 2]
    assert source.counts.reconnects == 6
    assert not source.counts.skipped


def test_a_file_that_never_comes_is_left_out_and_counted(server: WebServer) -> None:
    put(server, 0, 2)
    server.faults[f"/radar/{name_of(0)}"] = [web.status(500)] * 100
    source = source_of(server)
    assert minutes(source) == [2]
    assert source.counts.skipped == {"unfetched": 1}


def test_a_file_that_was_taken_away_is_counted(server: WebServer) -> None:
    put(server, 0, 2)
    server.faults[f"/radar/{name_of(0)}"] = [web.status(404)]
    source = source_of(server)
    assert minutes(source) == [2]
    assert source.counts.skipped == {"unfetched": 1}


def test_a_live_file_that_is_not_there_yet_is_asked_for_again(server: WebServer) -> None:
    put(server, 0)
    server.faults[f"/radar/{name_of(0)}"] = [web.status(404)] * 2
    source = source_of(server, "live=1&poll_s=10&patience_s=30")
    assert next_minute(source) == 0
    assert not source.counts.skipped


def test_a_live_file_that_is_gone_is_counted_once(server: WebServer) -> None:
    put(server, 0, 2)
    path = f"/radar/{name_of(0)}"
    server.faults[path] = [web.status(404)]
    source = source_of(server, "live=1&poll_s=10")
    assert next_minute(source) == 2
    del server.files[path]
    with pytest.raises(SourceTimeoutError):
        source.read(100)
    assert source.counts.skipped == {"unfetched": 1}


def test_a_file_that_is_still_uploaded_is_read_once_it_is_whole(server: WebServer) -> None:
    put(server, 0)
    path = f"/radar/{name_of(0)}"
    whole = server.files[path]
    server.faults[path] = [web.sends(whole[:length]) for length in (0, 20, 60)]
    source = source_of(server, "live=1&poll_s=15&patience_s=20")
    assert next_minute(source, 100) == 0
    assert not source.counts.skipped


def test_a_live_file_that_stays_cut_off_is_given_up_and_counted_once(server: WebServer) -> None:
    put(server, 0)
    path = f"/radar/{name_of(0)}"
    server.files[path] = server.files[path][:-9]
    source = source_of(server, "live=1&poll_s=15&patience_s=30")
    with pytest.raises(SourceTimeoutError):
        source.read(200)
    assert source.counts.skipped == {"unreadable": 1}
    assert server.count(path) == 3


def test_redirects_are_followed(server: WebServer) -> None:
    put(server, 0, folder="/new/")
    server.faults["/radar/"] = [web.redirects_to(f"{server.url}/new/")]
    assert minutes(source_of(server)) == [0]


def test_a_silent_server_is_left_after_the_limit(server: WebServer) -> None:
    put(server, 0, 2)
    server.faults[f"/radar/{name_of(0)}"] = [web.is_silent(1.2)]
    source = source_of(server, "timeout_s=0.5")
    assert minutes(source) == [0, 2]
    assert source.counts.reconnects == 1


def test_a_server_that_trickles_is_left_after_the_limit(server: WebServer) -> None:
    put(server, 0, 2)
    path = f"/radar/{name_of(0)}"
    server.faults[path] = [web.trickles(server.files[path], 0.02)]
    source = source_of(server, "transfer_s=1", clock=MonotonicClock())
    assert minutes(source) == [2]
    assert source.counts.skipped == {"unfetched": 1}


def test_reading_does_not_wait_for_a_slow_transfer(server: WebServer) -> None:
    put(server, 0)
    path = f"/radar/{name_of(0)}"
    server.faults[path] = [web.trickles(server.files[path], 0.003)]
    source = source_of(server, "live=1", clock=MonotonicClock())
    with pytest.raises(SourceTimeoutError):
        source.read(0.1)
    assert next_minute(source, 10) == 0


def test_closing_ends_a_slow_transfer(server: WebServer) -> None:
    put(server, 0)
    path = f"/radar/{name_of(0)}"
    server.faults[path] = [web.trickles(server.files[path], 0.01)]
    source = source_of(server, clock=MonotonicClock())
    with pytest.raises(SourceTimeoutError):
        source.read(0.05)
    source.close()
    assert source.read() is None


def test_a_list_that_is_not_there_is_told_at_once(server: WebServer) -> None:
    with pytest.raises(SourceError, match=r"/none/: the server answers 404 Not Found"):
        source_of(server, path="/none/").read()
    assert len(server.asked) == 1


def test_a_server_that_is_not_there_is_told_after_some_tries(server: WebServer) -> None:
    source = source_of(server, path="http://127.0.0.1:9/radar/")
    with pytest.raises(SourceError, match=r"127\.0\.0\.1:9/radar/: .*refused"):
        source.read()
    assert source.counts.reconnects == 5


def test_a_page_that_is_no_list_is_told(server: WebServer) -> None:
    server.files["/radar/"] = b"<html>Welcome to our radar!</html>"
    with pytest.raises(SourceError, match="a page without links is no list of files"):
        source_of(server).read()


def test_an_empty_list_is_told(server: WebServer) -> None:
    server.files["/radar/"] = b'<html><a href="../">up</a><a href="readme.html">read</a></html>'
    with pytest.raises(SourceError, match="lists no radar files that are wanted, of 0 in all"):
        source_of(server).read()


def test_a_live_server_that_goes_away_is_waited_for_and_nothing_is_lost(server: WebServer) -> None:
    put(server, 0)
    source = source_of(server, "live=1&poll_s=15")
    assert next_minute(source) == 0
    put(server, 2, 4)
    server.faults = {"/radar/": [web.hangs_up] * 9, f"/radar/{name_of(2)}": [web.hangs_up] * 9}
    assert [next_minute(source, 3000), next_minute(source, 3000)] == [2, 4]
    assert not source.counts.skipped


def test_a_live_file_on_which_the_server_always_hangs_up_does_not_stop_the_rest(
    server: WebServer,
) -> None:
    put(server, 0, 2)
    server.faults[f"/radar/{name_of(0)}"] = [web.hangs_up] * 100
    source = source_of(server, "live=1&poll_s=15&patience_s=30")
    assert next_minute(source, 3000) == 2
    assert source.counts.skipped == {"unfetched": 1}


def test_a_token_is_sent_to_the_server_and_to_no_other(
    server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RADAR_TOKEN", "secret")
    put(server, 0)
    with web.serving() as other:
        put(other, 2)
        moved = f"/radar/{name_of(2)}"
        put(server, 2)
        server.faults[moved] = [web.redirects_to(other.url + moved)]
        server.faults["/radar/"] = [web.redirects_to("/radar/")]
        assert minutes(source_of(server, "token_env=RADAR_TOKEN")) == [0, 2]
        assert {headers["Authorization"] for _, headers in server.asked} == {"Bearer secret"}
        assert ["Authorization" in headers for _, headers in other.asked] == [False]


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ("?token_env=NOT_SET_ANYWHERE", "token_env='NOT_SET_ANYWHERE' is not set"),
        ("?start=noon", "start='noon' must be a time such as"),
        ("?minutes=5&start=2019-06-10", "start and minutes exclude each other"),
        ("?live=1&start=2019-06-10&end=2019-06-11", "end needs start, and is not for live=1"),
        ("?start=2019-06-11&end=2019-06-10", "is before start="),
        ("?timeout_s=0", "timeout_s and transfer_s must be positive"),
        ("?colour=red", "option 'colour' is not known"),
    ],
)
def test_options_that_make_no_sense_are_told(rest: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        open_source(f"radar:https://localhost/radar/{rest}")


def test_passwords_in_addresses_are_refused() -> None:
    with pytest.raises(SourceError, match="token_env=NAME"):
        open_source("radar:https://me:word@localhost/radar/")


def test_the_names_of_the_command_line_open_it(server: WebServer) -> None:
    put(server, 0, 2)
    put(server, 4, folder="/bucket/rate/")
    with open_source(f"mrms:{server.url}/radar/?minutes=1") as source:
        assert minutes(source) == [2]  # type: ignore[arg-type]
    with open_source(f"radar:s3://bucket/rate/?endpoint={server.url}") as source:
        assert minutes(source) == [4]  # type: ignore[arg-type]
    with open_source(f"radar:{server.url}/radar/?a=b#minutes=1") as source:
        assert minutes(source) == [2]  # type: ignore[arg-type]
    assert [one for one, _ in server.asked if "a=b" in one]


def test_buckets_are_found_at_amazon_unless_told_otherwise() -> None:
    noaa = ListingPlace.parsed("s3://noaa-mrms-pds/CONUS/PrecipRate_00.00/%Y%m%d/")
    assert noaa.address == "https://noaa-mrms-pds.s3.amazonaws.com/"
    assert noaa.prefix == "CONUS/PrecipRate_00.00/%Y%m%d/"
    assert noaa.is_dated
    assert ListingPlace.parsed("s3://my.rain/x").address == "https://s3.amazonaws.com/my.rain/"
    assert ListingPlace.parsed("s3://my.rain/x").prefix == "x/"


def test_escapes_of_addresses_are_no_dates() -> None:
    assert not ListingPlace.parsed("https://host/a%20b/%d0%b4/").is_dated
    assert ListingPlace.parsed("https://host/%d/").is_dated
