from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.video import clip_store
from flowlace_trainers.video.clip_store import ClipStore
from flowlace_trainers.video.clips import (
    ClipFile,
    digest_of,
    labels_of,
    list_clips,
    read_clip,
    read_table,
)

MOTIONS = Path(__file__).parents[4] / "shared" / "data" / "actions" / "motions" / "clips.csv"


def write_video(path: Path, levels: list[int], *, rate: int = 10, side: int = 64) -> Path:
    """A gray video, a level a frame."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width = stream.height = side
        stream.pix_fmt = "yuv420p"
        frames = [
            av.VideoFrame.from_ndarray(np.full((side, side, 3), level, np.uint8), format="rgb24")
            for level in levels
        ]
        container.mux([packet for one in [*frames, None] for packet in stream.encode(one)])
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "clips"
    write_video(root / "dark" / "b.mp4", [20, 30, 40])
    write_video(root / "dark" / "a.mp4", [10, 20])
    write_video(root / "light" / "c.mkv", [200] * 4)
    (root / "light" / "notes.txt").write_text("not a clip")
    (root / "light" / ".hidden.mp4").write_bytes(b"")
    return root


def store(files: list[ClipFile], data: Path, **options: object) -> ClipStore:
    return ClipStore(files, width_px=16, height_px=8, data=data, **options)  # type: ignore[arg-type]


def test_a_folder_names_the_classes(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    files = list_clips(folder)
    assert [(one.label, one.path.name) for one in files] == [
        ("dark", "a.mp4"), ("dark", "b.mp4"), ("light", "c.mkv")
    ]  # fmt: skip
    assert labels_of(files) == ("dark", "light")
    assert "files that are no clips are left out: 1 .txt" in caplog.text


def test_a_clip_keeps_its_frames_and_its_times(folder: Path) -> None:
    clip = read_clip(ClipFile(folder / "dark" / "b.mp4", "dark"), width_px=16, height_px=8)
    assert clip.frames.shape == (3, 8, 16, 3)
    assert clip.times_us.tolist() == [0, 100_000, 200_000]
    np.testing.assert_allclose(clip.frames.mean((1, 2, 3)), [20, 30, 40], atol=3)


def test_frames_that_come_too_soon_are_left_out(tmp_path: Path) -> None:
    path = write_video(tmp_path / "fast.mp4", [100] * 30, rate=30)
    clip = read_clip(ClipFile(path, "x"), width_px=8, height_px=8, least_step_us=90_000)
    assert clip.times_us.tolist() == [number * 100_000 for number in range(10)]


def test_a_picture_is_a_clip_of_one_frame(tmp_path: Path) -> None:
    picture = np.zeros((10, 20, 3), np.uint8)
    picture[..., 2] = 250  # red, as OpenCV writes it
    cv2.imwrite(str(tmp_path / "red.png"), picture)
    clip = read_clip(ClipFile(tmp_path / "red.png", "red"), width_px=20, height_px=10)
    assert clip.frames[0, 0, 0].tolist() == [250, 0, 0]
    assert clip.times_us.tolist() == [0]


def test_a_table_names_clips_by_part(folder: Path) -> None:
    table = folder / "clips.csv"
    table.write_text("part,path,label\ntrain,dark/b.mp4,night\ndev,light/c.mkv,day\n")
    assert read_table(table, "dev") == [ClipFile(folder / "light" / "c.mkv", "day")]
    assert [one.label for one in read_table(table)] == ["night", "day"]


@pytest.mark.parametrize(
    ("text", "part", "told"),
    [
        ("path\nx.mp4\n", None, "lacks the columns: label"),
        ("path,label\nx.mp4,y\n", "dev", "lacks the columns: part"),
        ("part,path,label\ntrain,x.mp4,y\n", "dev", "has no rows of part 'dev'"),
        ("", None, "lacks the columns: path, label"),
        ("path,label\n", None, "has no rows$"),
    ],
)
def test_a_table_that_is_of_no_use_is_told(
    tmp_path: Path, text: str, part: str | None, told: str
) -> None:
    (tmp_path / "clips.csv").write_text(text)
    with pytest.raises(TrainerError, match=told):
        read_table(tmp_path / "clips.csv", part)


def test_a_missing_table_and_folders_without_clips_are_told(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match=r"clips\.csv' can't be read"):
        read_table(tmp_path / "clips.csv")
    with pytest.raises(TrainerError, match="is no folder; clips lie in FOLDER/class"):
        list_clips(tmp_path / "none")
    with pytest.raises(TrainerError, match="holds no clips; they lie in FOLDER/class"):
        list_clips(tmp_path)


@pytest.mark.parametrize("name", ["empty.mp4", "empty.png", "noise.mp4", "noise.jpg", "none.mp4"])
def test_a_file_that_is_no_clip_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "noise.mp4").write_bytes(bytes(range(256)) * 8)
    (tmp_path / "noise.jpg").write_bytes(bytes(range(256)) * 8)
    with pytest.raises(TrainerError, match=rf"clip '.*{name}' can't be read"):
        read_clip(ClipFile(tmp_path / name, "x"), width_px=8, height_px=8)


def test_a_store_gives_the_clips_and_decodes_them_once(folder: Path, tmp_path: Path) -> None:
    files = list_clips(folder)
    first = store(files, tmp_path / "data")
    (decoded,) = (tmp_path / "data" / "clips").glob("*/frames.raw")
    written = decoded.stat().st_mtime_ns
    second = store(files, tmp_path / "data")
    assert decoded.stat().st_mtime_ns == written
    assert [second[number].label for number in range(len(second))] == ["dark", "dark", "light"]
    np.testing.assert_array_equal(first[1].frames, second[1].frames)
    np.testing.assert_allclose(second[1].frames.mean((1, 2, 3)), [20, 30, 40], atol=3)
    assert second[2].times_us.tolist() == [0, 100_000, 200_000, 300_000]


def test_a_store_is_made_anew_when_a_clip_changes(folder: Path, tmp_path: Path) -> None:
    before = store(list_clips(folder), tmp_path / "data")
    write_video(folder / "dark" / "a.mp4", [90, 90, 90])
    after = store(list_clips(folder), tmp_path / "data")
    assert before.digest != after.digest
    assert len(after[0].frames) == 3


def test_a_store_that_failed_leaves_nothing_behind(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    files = list_clips(folder)
    with monkeypatch.context() as patched:
        patched.setattr(clip_store, "read_clip", full)
        with pytest.raises(TrainerError, match=r"clips can't be kept in .*No space left"):
            store(files, tmp_path / "data")
    assert list((tmp_path / "data" / "clips").iterdir()) == []
    assert store(files, tmp_path / "data")[0].frames.shape == (2, 8, 16, 3)


def test_a_store_that_was_killed_is_made_anew(folder: Path, tmp_path: Path) -> None:
    files = list_clips(folder)
    store(files, tmp_path / "data")
    (whole,) = (tmp_path / "data" / "clips").iterdir()
    killed = whole.with_name(f"{whole.name}.123")
    whole.rename(killed)
    (killed / "frames.raw").write_bytes(b"half")
    assert store(files, tmp_path / "data")[0].frames.shape == (2, 8, 16, 3)


def test_unreadable_clips_are_left_out_told_and_counted(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "dark" / "broken.mp4").write_bytes(b"\0" * 100)
    made = store(list_clips(folder), tmp_path / "data")
    assert len(made) == 3
    assert dict(made.skipped) == {"can't be read": 1}
    assert "left out: clip" in caplog.text
    assert "broken.mp4" in caplog.text


def test_a_store_without_a_single_clip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_bytes(b"\0" * 100)
    with pytest.raises(TrainerError, match="none of 1 clips can be read"):
        store([ClipFile(tmp_path / "x.mp4", "x")], tmp_path / "data")


def test_a_disk_that_takes_nothing_is_told(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder should be")
    with pytest.raises(TrainerError, match="clips can't be kept in"):
        store(list_clips(folder), tmp_path / "data")


def test_labels_that_are_not_known_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match="labelled 'dark', expected one of: light, noon"):
        store(list_clips(folder), tmp_path / "data", labels=("light", "noon"))


def test_a_digest_depends_on_labels_too(folder: Path) -> None:
    path = folder / "dark" / "a.mp4"
    assert digest_of([ClipFile(path, "x")]) != digest_of([ClipFile(path, "y")])


@pytest.mark.data
@pytest.mark.skipif(not MOTIONS.exists(), reason="no ../shared/data/actions")
def test_the_motions_of_the_development_data_are_read() -> None:
    files = read_table(MOTIONS, "dev")
    clip = read_clip(files[0], width_px=96, height_px=96)
    assert len(files) == 160
    assert clip.frames.shape == (24, 96, 96, 3)
    assert np.diff(clip.times_us).tolist() == pytest.approx([66_667] * 23, abs=1)
