from typing import Any

import pytest

from flowlace.framework.openers import Url
from flowlace.sinks import Sink, SinkCounts, SinkError, open_sink, opens_sink, registry


class Speaker(Sink):
    def __init__(self, url: Url) -> None:
        self.url = url
        self.counts = SinkCounts()
        self.is_closed = False

    def write(self, timestamp_us: int, payload: Any) -> None:
        self.counts.written += 1

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture(autouse=True)
def _fresh_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry._openers, "_table", dict(registry._openers._table))


@pytest.mark.parametrize("url", ["none", "null"])
def test_nowhere_counts_and_forgets(url: str) -> None:
    with open_sink(url) as sink:
        sink.write(0, object())
        sink.write(0, object())
    assert sink.counts.written == 2


@pytest.mark.parametrize("url", ["out.xyz", "speaker", ""])
def test_an_unknown_kind_is_an_error_that_lists_what_is_known(url: str) -> None:
    with pytest.raises(SinkError, match=r"of no kind that is known; known are: .*\.jsonl.*none"):
        open_sink(url)


def test_an_unknown_option_is_an_error_that_names_the_sink(tmp_path: Any) -> None:
    with pytest.raises(SinkError, match=r"out.mp4\?crv=1': option 'crv' is not known"):
        open_sink(f"{tmp_path}/out.mp4?crv=1")


@pytest.mark.parametrize(
    ("url", "rest", "options"), [("speaker:left?gain=2", "left", "gain=2"), ("a.wav", "a.wav", "")]
)
def test_other_packages_add_names_and_endings(url: str, rest: str, options: str) -> None:
    opens_sink("speaker", ".wav")(Speaker)
    with open_sink(url) as sink:
        assert isinstance(sink, Speaker)
        assert (sink.url.rest, sink.url.options) == (rest, options)
    assert sink.is_closed
