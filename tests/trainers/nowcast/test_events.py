import json
from pathlib import Path

import numpy as np
import pytest
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.nowcast.events import digest, radar_events, read_events

from tests.trainers.nowcast.toys import event


def write(path: Path, **changes: object) -> None:
    held = {
        "codes": np.array([[[0, 1], [2, 3]]] * 3, np.uint8),
        "lut": np.array([0, 1.5, 2.5, np.nan], np.float32),
        "times": np.array([f"2020-01-01T00:{one:02}:00Z" for one in (0, 5, 10)]),
        "meta": json.dumps({"source": "made", "km": 2.0}),
    }
    np.savez(path, **{**held, **changes})  # type: ignore[arg-type]


def test_codes_become_rain(tmp_path: Path) -> None:
    write(tmp_path / "knmi_1.npz")
    (made,) = read_events(tmp_path, ["knmi"])
    assert made.rain_mm_h.shape == (3, 2, 2)
    assert np.array_equal(made.rain_mm_h[0], [[0, 1.5], [2.5, np.nan]], equal_nan=True)
    assert made.minutes.tolist() == [0, 5, 10]
    assert (made.network, made.pixel_km, made.source) == ("knmi", 2.0, "made")


def test_data_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match=r"no radar data fmi\*\.npz"):
        read_events(tmp_path, ["fmi"])


@pytest.mark.parametrize(
    "changes",
    [
        {"times": np.array(["2020-01-01T00:00:00Z"] * 3)},
        {"times": np.array(["yesterday"] * 3)},
        {"codes": np.zeros((2, 2), np.uint8)},
        {"codes": np.full((3, 2, 2), 9, np.uint8)},
        {"meta": "not json"},
    ],
)
def test_data_of_another_kind_are_refused_by_name(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    write(tmp_path / "odd.npz", **changes)
    with pytest.raises(TrainerError, match=r"odd\.npz"):
        read_events(tmp_path, ["odd"])


def test_a_file_that_is_cut_off_is_named(tmp_path: Path) -> None:
    write(tmp_path / "half.npz")
    (tmp_path / "half.npz").write_bytes((tmp_path / "half.npz").read_bytes()[:300])
    with pytest.raises(TrainerError, match=r"half\.npz"):
        read_events(tmp_path, ["half"])


def test_radar_of_any_source_becomes_events() -> None:
    (made,) = radar_events("testsrc:storm?width=64&height=48&minutes=60&step_minutes=5")
    assert made.rain_mm_h.shape[1:] == (48, 64)
    assert made.minutes[:3].tolist() == [0, 5, 10]


def test_a_source_without_radar_is_refused() -> None:
    with pytest.raises(TrainerError, match="no radar"):
        radar_events("testsrc:street?seconds=1")


def test_a_source_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match="nowhere"):
        radar_events(f"radar:{tmp_path / 'nowhere'}")


def test_stretches_that_are_too_short_teach_nothing() -> None:
    with pytest.raises(TrainerError, match="no stretch of 60 observations"):
        radar_events("testsrc:storm?width=32&height=32&minutes=60", least_pictures=60)


def test_a_digest_tells_data_apart() -> None:
    assert digest([event()]) == digest([event()])
    assert digest([event()]) != digest([event(dx=0.1)])
