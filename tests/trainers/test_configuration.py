from pathlib import Path

import pytest
from flowlace_trainers.configuration import read_config
from flowlace_trainers.detector.task import DetectorConfig
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.sound.config import SoundConfig


def test_a_packaged_configuration_is_found_by_name() -> None:
    assert read_config("street_detector", DetectorConfig).name == "street_detector"
    assert read_config("sound_classifier", SoundConfig).name == "sound_classifier"


@pytest.mark.parametrize("name", ["no_such_thing", "no/such/file.py"])
def test_an_unknown_configuration_lists_the_known(name: str) -> None:
    known = r"one of: gesture_frames, .*, rain_unet, sound_classifier, street_detector"
    with pytest.raises(TrainerError, match=known):
        read_config(name, SoundConfig)


def test_a_file_without_a_configuration_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "empty.py").write_text("")
    with pytest.raises(TrainerError, match="has no CONFIG that is a DetectorConfig"):
        read_config(str(tmp_path / "empty.py"), DetectorConfig)


def test_a_configuration_of_another_kind_is_refused() -> None:
    with pytest.raises(TrainerError, match="has no CONFIG that is a SoundConfig"):
        read_config("street_detector", SoundConfig)
