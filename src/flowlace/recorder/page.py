"""A recording of a library as a page that plays."""

import tempfile
from enum import Enum
from pathlib import Path

from flowlace.drawing.sound_player import sound_player
from flowlace.recorder.errors import LibraryError
from flowlace.recorder.library import Library, Recording
from flowlace.sinks.sound_file import SoundFileOptions, SoundFileSink
from flowlace.sources.sound_file import SoundFileSource

MOST_FLAC_BYTES = 20_000_000
"""Larger sound is made smaller for the page: browsers hold the whole of it in memory."""

_OPUS_BIT_RATE = 48_000


class PageSound(Enum):
    """What sound a page holds."""

    AUTO = "auto"
    """FLAC as it is, Opus where that is large: 20 MB an hour instead of 60 and more."""

    FLAC = "flac"
    """As it was recorded."""

    OPUS = "opus"
    """Smaller, a little worse."""

    NONE = "none"
    """No sound; the page shows what there is and can't play."""


def recording_page(
    library: Library, recording: Recording, sound: PageSound = PageSound.AUTO
) -> str:
    """Returns one HTML file with the sound, its coloured waveform, events and words.

    Raises LibraryError for a recording without a length, or whose sound is gone.
    """
    if recording.duration_us <= 0:
        raise LibraryError(f"{recording.name!r} holds no sound yet, so there is nothing to show")
    audio, media_type = _sound(recording, sound)
    return sound_player(
        title=recording.name,
        audio=audio,
        media_type=media_type,
        duration_us=recording.duration_us,
        bars=library.bars(recording),
        events=library.events(recording),
        words=library.words(recording),
        tags=recording.tags,
    )


def _sound(recording: Recording, wanted: PageSound) -> tuple[bytes, str]:
    if wanted is PageSound.NONE:
        return b"", ""
    try:
        is_large = recording.audio.stat().st_size > MOST_FLAC_BYTES
        if wanted is PageSound.OPUS or (wanted is PageSound.AUTO and is_large):
            return _as_opus(recording.audio), "audio/ogg"
        return recording.audio.read_bytes(), "audio/flac"
    except OSError as error:
        raise LibraryError(
            f"the sound of {recording.name!r} can't be read from {str(recording.audio)!r}: "
            f"{error.strerror}; --sound none makes the page without it"
        ) from error


def _as_opus(path: Path) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "sound.opus"
        options = SoundFileOptions(bit_rate=_OPUS_BIT_RATE)
        with SoundFileSource(path) as source, SoundFileSink(made, options) as sink:
            sink.take_header(source.header)
            for frame in source:
                sink.write(frame.timestamp_us, frame.payload)
        return made.read_bytes()
