"""Pictures and boxes in COCO's format: a folder of pictures and one JSON file."""

import hashlib
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from flowlace_trainers.detector.samples import Sample, areas, clipped
from flowlace_trainers.errors import TrainerError


class CocoSamples:
    """The annotated pictures of a COCO `instances_….json`, in the order of the file.

    Crowds are ignored, and so are boxes with a side under `least_side_px` after they are cut at
    the picture's edges. Pictures are read when asked for.

    Args:
        annotations: the JSON file.
        folder: holds the pictures by their `file_name`.
        labels: which categories to find, in this order; None takes all by their ids.
        least_side_px: shorter boxes are ignored.

    Raises:
        TrainerError: a file is missing or not as COCO has it; says which and where.
    """

    def __init__(
        self,
        annotations: Path,
        folder: Path,
        *,
        labels: tuple[str, ...] | None = None,
        least_side_px: float = 2.0,
    ) -> None:
        self._file, self._folder, self._least_side_px = annotations, folder, least_side_px
        content = self._read()
        names = {
            self._field(one, "id", f"categories[{n}]"): self._field(one, "name", f"categories[{n}]")
            for n, one in enumerate(content["categories"])
        }
        self.labels = labels or tuple(name for _, name in sorted(names.items()))
        unknown = set(self.labels) - set(names.values())
        if unknown:
            raise TrainerError(
                f"{str(annotations)!r} has no category {', '.join(sorted(unknown))}; "
                f"it has: {', '.join(sorted(names.values()))}"
            )
        self._images = content["images"]
        self._boxes = self._by_image(content, names)

    @property
    def digest(self) -> str:
        """Of the annotations' file and the labels; pictures are taken to be what it names."""
        digest = hashlib.sha256(self._file.read_bytes())
        digest.update(json.dumps(self.labels).encode())
        return digest.hexdigest()

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> Sample:
        image = self._images[index]
        file = self._folder / self._field(image, "file_name", f"images[{index}]")
        pixels = cv2.imread(str(file), cv2.IMREAD_COLOR)
        if pixels is None:
            raise TrainerError(
                f"picture {str(file)!r} of {str(self._file)!r} is missing or no picture; "
                "is the folder the one the annotations belong to?"
            )
        rgb = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
        rows = self._boxes[self._field(image, "id", f"images[{index}]")]
        table = np.array(rows, np.float32).reshape(-1, 6)  # x, y, w, h, class, crowd
        corners = np.concatenate([table[:, :2], table[:, :2] + table[:, 2:4]], 1)
        boxes = clipped(corners, rgb.shape[1], rgb.shape[0])
        keep = areas(boxes) > 0
        shorter = (boxes[:, 2:] - boxes[:, :2]).min(axis=1, initial=np.inf)
        return Sample(
            image=rgb,
            boxes=boxes[keep],
            classes=table[keep, 4].astype(np.int64),
            is_ignored=((table[:, 5] > 0) | (shorter < self._least_side_px))[keep],
            scores=np.ones(int(keep.sum()), np.float32),
        )

    def _read(self) -> dict[str, Any]:
        try:
            content: Any = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise TrainerError(f"annotations {str(self._file)!r} can't be read: {error}") from error
        read: dict[str, Any] = content if isinstance(content, dict) else {}
        for part in ("images", "annotations", "categories"):
            if not isinstance(read.get(part), list):
                raise TrainerError(
                    f"annotations {str(self._file)!r} have no list {part!r}; "
                    "expected COCO's instances format"
                )
        return read

    def _by_image(self, content: dict[str, Any], names: dict[int, str]) -> dict[int, list[Any]]:
        number = {
            id_: self.labels.index(name) for id_, name in names.items() if name in self.labels
        }
        known = {self._field(one, "id", f"images[{n}]") for n, one in enumerate(self._images)}
        boxes: dict[int, list[Any]] = defaultdict(list)
        for n, one in enumerate(content["annotations"]):
            where = f"annotations[{n}]"
            picture, category = (
                self._field(one, name, where) for name in ("image_id", "category_id")
            )
            if picture not in known or category not in names:
                raise TrainerError(
                    f"{str(self._file)!r}, {where}: image_id {picture} or category_id {category} "
                    "is not in the file"
                )
            box = self._field(one, "bbox", where)
            if len(box) != 4 or not np.isfinite(box).all():
                raise TrainerError(
                    f"{str(self._file)!r}, {where}: bbox must be x, y, width, height, not {box}"
                )
            if category in number:
                boxes[picture].append([*box, number[category], one.get("iscrowd", 0)])
        return boxes

    def _field(self, row: dict[str, Any], name: str, where: str) -> Any:
        if name not in row:
            raise TrainerError(f"{str(self._file)!r}, {where}: {name!r} is missing")
        return row[name]
