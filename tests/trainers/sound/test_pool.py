from pathlib import Path

import numpy as np
import pytest
from flowlace_trainers.sound.data import SoundData
from flowlace_trainers.sound.pool import FeaturePool

from tests.trainers.sound import toys


class ToyData(SoundData):
    layers = toys.layers()  # type: ignore[assignment]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("sound")
    (made / "clips").mkdir()
    toys.write_clips(made / "clips")
    return made


@pytest.fixture(scope="module")
def pool(folder: Path) -> FeaturePool:
    return ToyData(toys.CONFIG, folder / "clips", Path("none"), folder / "made").pool


def test_every_fold_has_its_windows(pool: FeaturePool) -> None:
    assert pool.features.shape == (1000, 512, 6, 4)
    assert pool.teacher.shape == (1000, 1024)
    assert len(pool.of_folds(lambda fold: fold == "1")) == 500


def test_a_pool_is_read_again_and_not_made_again(folder: Path, pool: FeaturePool) -> None:
    files = sorted((folder / "made").rglob("*.npz"))
    times = [one.stat().st_mtime_ns for one in files]
    again = ToyData(toys.CONFIG, folder / "clips", Path("none"), folder / "made").pool
    assert [one.stat().st_mtime_ns for one in files] == times
    assert np.array_equal(again.truth, pool.truth)


def test_a_stopped_making_goes_on_with_the_part_that_is_missing(
    folder: Path, pool: FeaturePool
) -> None:
    *_, last = sorted((folder / "made").rglob("*.npz"))
    last.unlink()
    again = ToyData(toys.CONFIG, folder / "clips", Path("none"), folder / "made").pool
    assert np.array_equal(again.features, pool.features)


def test_with_all_its_rank_the_head_gives_what_the_pool_says_of_the_teacher(
    folder: Path, pool: FeaturePool
) -> None:
    import torch
    from flowlace_trainers.sound.network import SoundHead, SoundNetworkOptions
    from flowlace_trainers.sound.start import start_head

    head = SoundHead(SoundNetworkOptions(classes=3, ranks=(512,))).eval()
    start_head(head, toys.layers())
    with torch.inference_mode():
        embedding = head(torch.from_numpy(pool.features[:8]).float())[1].numpy()
    assert np.allclose(embedding, pool.teacher[:8], rtol=0.02, atol=0.02)
