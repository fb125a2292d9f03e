"""What is shown of a verification: words, table, JSON and the page."""

import html.parser
import json
import re
from pathlib import Path

import numpy as np
import pytest

from flowlace.nowcast_verification.as_json import as_json
from flowlace.nowcast_verification.conclusions import caveats, findings, last_lead_text
from flowlace.nowcast_verification.report import report_page
from flowlace.nowcast_verification.results import Verification
from flowlace.nowcast_verification.score_table import score_table
from tests.nowcast_verification.made_archive import write_archive
from tests.nowcast_verification.test_results import result_of
from tests.nowcast_verification.test_verify import verified

VOID = {"meta", "br", "hr", "img", "link", "input"}


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory) -> Verification:
    folder = tmp_path_factory.mktemp("<rain> & co")
    return verified(write_archive(folder, range(0, 121, 5), pixels_a_minute=0.5))


@pytest.fixture(scope="module")
def dry(tmp_path_factory: pytest.TempPathFactory) -> Verification:
    folder = write_archive(tmp_path_factory.mktemp("dry"), range(0, 61, 5))
    return verified(folder, thresholds_mm_h=(500.0,), every_minutes=5.0)


class Tags(html.parser.HTMLParser):
    """Keeps what is open; an end without its beginning fails."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.open += [] if tag in VOID else [tag]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_words_name_the_best_method_and_where_persistence_ends(moving: Verification) -> None:
    best, *_ = findings(moving)
    assert best.startswith("≥ 1 mm/h: highest CSI by extrapolation at all leads: ")
    assert f"{moving.csi.value[1, 0, 0]:.2f} at +10 min" in best
    assert "surely" not in " ".join(findings(moving))  # two blocks can't tell that
    assert "extrapolation is above persistence by CSI: all thresholds up to +20 min" in " ".join(
        findings(moving)
    )


def test_the_words_warn_of_what_was_measured_poorly(moving: Verification) -> None:
    told = " ".join(caveats(moving))
    assert "Intervals draw from 2 blocks of 60 min only" in told
    assert "Cut-offs of probabilities were picked on the times they are scored on" in told
    assert "have no forecast, because their rain comes from outside of what the radars see" in told


def test_what_is_sure_is_said_where_there_are_blocks_enough() -> None:
    sure = result_of([[(5, 5, 0), (8, 2, 0)]] * 12)
    unsure = result_of([[(5, 5, 0), (8, 2, 0)], [(5, 5, 0), (3, 7, 0)]] * 6)
    worse = result_of([[(5, 5, 0), (4, 6, 0)]] * 12)
    assert last_lead_text(sure, 1, 0) == "up to +30 min (the last lead), surely"
    assert last_lead_text(unsure, 1, 0) == "up to +30 min (the last lead), nowhere surely"
    assert last_lead_text(worse, 1, 0) == "at no lead"
    assert "surely above all others at each of them" in findings(sure)[0]


def test_a_threshold_that_was_never_reached_is_told_as_such(dry: Verification) -> None:
    assert findings(dry)[0] == "≥ 500 mm/h: it was neither seen nor forecast."
    assert "nan" not in " ".join(findings(dry) + caveats(dry)).lower()


def test_the_table_has_a_row_a_lead_and_method(moving: Verification) -> None:
    rows = [one.split() for one in score_table(moving).splitlines() if one.startswith("  +")]
    assert [row[:2] for row in rows] == [
        ["+10", "persistence"], ["+10", "extrapolation"],
        ["+20", "persistence"], ["+20", "extrapolation"],
    ]  # fmt: skip
    assert rows[1][2] == f"{moving.csi.value[1, 0, 0]:.3f}"


def test_json_holds_every_score(moving: Verification) -> None:
    read = json.loads(json.dumps(as_json(moving), allow_nan=False))
    assert len(read["scores"]) == 4
    last = read["scores"][-1]
    assert (last["method"], last["lead_minutes"]) == ("extrapolation", 20)
    at_5 = last["by_threshold"][1]
    assert at_5["threshold_mm_h"] == 5
    assert at_5["csi"]["value"] == pytest.approx(moving.csi.value[1, 1, 1], rel=1e-5)
    assert at_5["csi"]["low"] <= at_5["csi"]["value"] <= at_5["csi"]["high"]
    assert len(at_5["fss_by_scale"]) == len(read["settings"]["scales_km"]) == 2
    assert sum(at_5["reliability"]["pixels"]) == last["pixels"]
    assert np.all(np.diff(at_5["pr_curve"]["recall"]) >= 0)
    assert sum(last["rank_counts"]) > 0
    assert at_5["cut_off"] == pytest.approx(moving.cut_off[1, 1, 1])
    assert read["scores"][0]["by_threshold"][1]["cut_off"] is None  # persistence has none
    spectrum = last["spectrum"]
    assert len(spectrum["scale_km"]) == len(spectrum["share"])
    assert spectrum["share"][0]["value"] == pytest.approx(
        spectrum["forecast_mm2_h2"][0] / spectrum["observation_mm2_h2"][0], rel=1e-4
    )


def test_json_of_a_dry_archive_has_null_and_no_nan(dry: Verification) -> None:
    read = json.loads(json.dumps(as_json(dry), allow_nan=False))
    assert read["scores"][0]["by_threshold"][0]["csi"]["value"] is None


@pytest.mark.parametrize("kind", ["moving", "dry"])
def test_the_page_is_whole_and_needs_nothing_else(
    kind: str, request: pytest.FixtureRequest
) -> None:
    page = report_page(request.getfixturevalue(kind), "flowlace nowcast verify 'a <b>'")
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert tags.seen & {"script", "img", "link", "iframe", "b0"} == set()
    assert re.findall(r"(?:https?:)?//\w", page) == []
    assert "a &lt;b&gt;" in page
    assert "nan" not in re.sub(r"<title>.*?</title>", "", page).lower()


def test_names_in_the_page_are_text(moving: Verification) -> None:
    assert "&lt;rain&gt; &amp; co" in report_page(moving, "")


def test_the_page_draws_what_was_found(moving: Verification) -> None:
    page = report_page(moving, "")
    shown = f"<title>extrapolation: 10 → {moving.csi.value[1, 0, 0]:.3g}</title>"
    assert shown in page
    assert page.count('class="chart"') > 20
    assert 'class="band"' in page


def test_a_page_without_intervals_has_no_bands(tmp_path: Path) -> None:
    result = verified(write_archive(tmp_path, range(0, 61, 5)), resamples=0)
    assert 'class="band"' not in report_page(result, "")
