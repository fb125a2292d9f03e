"""Reads and writes MediaPipe's files of cached tracking data (`chunk_0000`, `chunk_0001`, …).

The message classes are built in a private descriptor pool from the field numbers of
mediapipe/util/tracking/flow_packager.proto and motion_models.proto: no generated code, and no
clash with an installed mediapipe, which registers the same names in the default pool.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory
from numpy.typing import NDArray

from flowlace.formats.tracking_data import FrameFlags, TrackingData

FloatArray = NDArray[np.float64]
_Field = descriptor_pb2.FieldDescriptorProto
_HOMOGRAPHY = ("h_00", "h_01", "h_02", "h_10", "h_11", "h_12", "h_20", "h_21")


def write_chunks(
    folder: Path,
    sequence: Iterable[TrackingData],
    *,
    chunk_size_us: int = 2_500_000,
    file_format: str = "chunk_%04d",
) -> list[Path]:
    """Writes tracking data in order of time, one file per `chunk_size_us`; returns the files.

    As in MediaPipe a file ends with the first frame of the next one, so that a box can be
    handed over in the frame both hold.
    """
    items = list(sequence)
    if not items:
        raise ValueError(f"nothing to write to {folder}: the tracking data is empty")
    numbers = [(data.timestamp_us - items[0].timestamp_us) // chunk_size_us for data in items]
    last = numbers[-1]
    paths = []
    for number in range(last + 1):
        chosen = [k for k, n in enumerate(numbers) if n == number]
        following = [k for k, n in enumerate(numbers) if n > number][:1]
        chunk = _message("TrackingDataChunk")()
        chunk.first_chunk, chunk.last_chunk = number == 0, number == last
        for k in chosen + following:
            _fill_item(chunk.item.add(), items[k], frame_index=k)
        path = folder / (file_format % number)
        path.write_bytes(chunk.SerializeToString())
        paths.append(path)
    return paths


def read_chunks(folder: Path, file_format: str = "chunk_%04d") -> Iterator[TrackingData]:
    """Yields the tracking data of all chunk files of a folder in order of time.

    Raises FileNotFoundError when there is none, ValueError for a file that is not a chunk.
    """
    number, newest_us = 0, None
    while (path := folder / (file_format % number)).exists():
        for data in read_chunk(path):
            if newest_us is None or data.timestamp_us > newest_us:
                newest_us = data.timestamp_us
                yield data
        number += 1
    if number == 0:
        raise FileNotFoundError(f"no tracking data in {folder}: expected {path.name}")


def read_chunk(path: Path) -> list[TrackingData]:
    """Returns the items of one chunk file. Raises ValueError for a file that is not one."""
    chunk = _message("TrackingDataChunk")()
    try:
        chunk.ParseFromString(path.read_bytes())
        return [_data_of(item) for item in chunk.item]
    except (message.DecodeError, ValueError, IndexError) as error:
        raise ValueError(f"{path}: not a chunk of tracking data ({error})") from error


def _fill_item(item: Any, data: TrackingData, frame_index: int) -> None:
    item.frame_idx = frame_index
    item.timestamp_usec = data.timestamp_us
    item.prev_timestamp_usec = data.previous_timestamp_us
    out = item.tracking_data
    out.frame_flags = int(data.frame_flags)
    out.domain_width, out.domain_height = data.domain_width, data.domain_height
    out.frame_aspect = data.frame_aspect
    out.average_motion_magnitude = data.average_motion_magnitude
    out.global_feature_count = len(data.track_ids)
    if data.is_background_stable:
        for name, value in zip(_HOMOGRAPHY, data.background_model.ravel(), strict=False):
            setattr(out.background_model, name, value)
    columns, rows, vectors, ids = _on_grid(data)
    motion = out.motion_data
    motion.num_elements = len(ids)
    motion.vector_data.extend(vectors.ravel().tolist())
    motion.track_id.extend(ids.tolist())
    motion.row_indices.extend(rows.tolist())
    starts = np.searchsorted(columns, np.arange(data.domain_width + 1))
    motion.col_starts.extend(starts.tolist())
    motion.actively_discarded_tracked_ids.extend(data.actively_discarded_track_ids.tolist())


def _on_grid(
    data: TrackingData,
) -> tuple[NDArray[np.int64], NDArray[np.int64], FloatArray, NDArray[np.int64]]:
    """Returns column, row, object vector and id of each vector, rounded to the integer grid."""
    size = np.array([data.domain_width, data.domain_height])
    cells = np.clip(np.floor(data.positions + 0.5), 0, size - 1)
    order = np.lexsort((cells[:, 1], cells[:, 0]))
    cells = cells[order]
    # The camera's motion differs between a point and its cell; the whole flow must not.
    total = (data.object_vectors + data.background_vectors())[order]
    vectors = (
        total
        - replace(
            data, positions=cells, object_vectors=total, track_ids=data.track_ids[order]
        ).background_vectors()
    )
    columns, rows = cells.astype(np.int64).T
    return columns, rows, vectors, data.track_ids[order]


def _data_of(item: Any) -> TrackingData:
    source = item.tracking_data
    motion = source.motion_data
    count = len(motion.row_indices)
    starts = np.array(motion.col_starts, np.int64)
    if count and (len(starts) != source.domain_width + 1 or starts[-1] != count):
        raise ValueError(
            f"item at {item.timestamp_usec} us: {len(starts)} column starts do not cover "
            f"{count} vectors in {source.domain_width} columns"
        )
    columns = np.repeat(np.arange(source.domain_width), np.diff(starts)) if count else starts[:0]
    model = np.append([getattr(source.background_model, name) for name in _HOMOGRAPHY], 1.0)
    return TrackingData(
        timestamp_us=item.timestamp_usec,
        previous_timestamp_us=item.prev_timestamp_usec,
        domain_width=source.domain_width,
        domain_height=source.domain_height,
        frame_aspect=source.frame_aspect,
        background_model=model.reshape(3, 3),
        positions=np.column_stack((columns, motion.row_indices)).astype(np.float64),
        object_vectors=np.array(motion.vector_data, np.float64).reshape(-1, 2),
        track_ids=np.array(motion.track_id, np.int64) if len(motion.track_id) else np.arange(count),
        actively_discarded_track_ids=np.array(motion.actively_discarded_tracked_ids, np.int64),
        frame_flags=FrameFlags(source.frame_flags),
        average_motion_magnitude=source.average_motion_magnitude,
    )


def _file_descriptor() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="flowlace/tracking_data_chunk.proto", package="mediapipe", syntax="proto2"
    )
    homography = file.message_type.add(name="Homography")
    for number, name in enumerate(_HOMOGRAPHY, start=1):
        _field(homography, name, number, _Field.TYPE_FLOAT)
        homography.field[-1].default_value = "1" if name in ("h_00", "h_11") else "0"
    data = file.message_type.add(name="TrackingData")
    _field(data, "frame_flags", 1, _Field.TYPE_INT32)
    _field(data, "domain_width", 2, _Field.TYPE_INT32)
    _field(data, "domain_height", 3, _Field.TYPE_INT32)
    _field(data, "background_model", 4, _Field.TYPE_MESSAGE, of=".mediapipe.Homography")
    _field(data, "motion_data", 5, _Field.TYPE_MESSAGE, of=".mediapipe.TrackingData.MotionData")
    _field(data, "frame_aspect", 6, _Field.TYPE_FLOAT)
    data.field[-1].default_value = "1"
    _field(data, "global_feature_count", 7, _Field.TYPE_UINT32)
    _field(data, "average_motion_magnitude", 8, _Field.TYPE_FLOAT)
    motion = data.nested_type.add(name="MotionData")
    _field(motion, "num_elements", 1, _Field.TYPE_INT32)
    _field(motion, "vector_data", 2, _Field.TYPE_FLOAT, is_packed=True)
    _field(motion, "track_id", 3, _Field.TYPE_INT32, is_packed=True)
    _field(motion, "row_indices", 4, _Field.TYPE_INT32, is_packed=True)
    _field(motion, "col_starts", 5, _Field.TYPE_INT32, is_packed=True)
    # Not packed in MediaPipe's schema, unlike its neighbours.
    _field(motion, "actively_discarded_tracked_ids", 7, _Field.TYPE_INT32, is_packed=False)
    chunk = file.message_type.add(name="TrackingDataChunk")
    _field(chunk, "item", 1, _Field.TYPE_MESSAGE, of=".mediapipe.TrackingDataChunk.Item")
    chunk.field[-1].label = _Field.LABEL_REPEATED
    _field(chunk, "last_chunk", 2, _Field.TYPE_BOOL)
    _field(chunk, "first_chunk", 3, _Field.TYPE_BOOL)
    item = chunk.nested_type.add(name="Item")
    _field(item, "tracking_data", 1, _Field.TYPE_MESSAGE, of=".mediapipe.TrackingData")
    _field(item, "frame_idx", 2, _Field.TYPE_INT32)
    _field(item, "timestamp_usec", 3, _Field.TYPE_INT64)
    _field(item, "prev_timestamp_usec", 4, _Field.TYPE_INT64)
    return file


def _field(
    owner: Any, name: str, number: int, kind: int, *, of: str = "", is_packed: bool | None = None
) -> None:
    is_repeated = is_packed is not None
    field = owner.field.add(
        name=name,
        number=number,
        type=kind,
        label=_Field.LABEL_REPEATED if is_repeated else _Field.LABEL_OPTIONAL,
    )
    if of:
        field.type_name = of
    if is_packed:
        field.options.packed = True


_POOL = descriptor_pool.DescriptorPool()
_POOL.Add(_file_descriptor())


def _message(name: str) -> Any:
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"mediapipe.{name}"))
