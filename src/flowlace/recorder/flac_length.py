"""The length of a FLAC file whose writer was killed before it could say so."""

import logging
from pathlib import Path

import av

_SAMPLES_AT = 4 + 4 + 13
"""Behind magic number and block header, the byte of STREAMINFO with the number's top bits."""

_logger = logging.getLogger("flowlace.recorder.flac_length")


def finish_flac(path: Path) -> int:
    """Writes the true length into a FLAC file's head and returns it in microseconds.

    Players can then seek in it. Returns 0 for a file that is missing or holds no sound.
    """
    try:
        samples, rate = _decoded(path)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        _logger.warning("%s: no sound can be read: %s", path, error)
        return 0
    if samples:
        _write_length(path, samples)
    return round(samples * 1_000_000 / rate) if rate else 0


def _decoded(path: Path) -> tuple[int, int]:
    samples = rate = 0
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return 0, 0
        for packet in container.demux(container.streams.audio[0]):
            try:
                for frame in packet.decode():
                    samples += frame.samples
                    rate = frame.sample_rate
            except av.error.InvalidDataError:
                continue  # the frame that was being written
    return samples, rate


def _write_length(path: Path, samples: int) -> None:
    with path.open("r+b") as file:
        if file.read(4) != b"fLaC":
            return
        file.seek(_SAMPLES_AT)
        top = file.read(1)[0]
        # 36 bits: the low half of this byte, and four more.
        number = (top >> 4 << 36 | samples).to_bytes(5, "big")
        file.seek(_SAMPLES_AT)
        file.write(number)
