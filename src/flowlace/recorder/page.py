"""A recording of a library as a page that plays."""

from flowlace.drawing.sound_player import sound_player
from flowlace.recorder.errors import LibraryError
from flowlace.recorder.library import Library, Recording


def recording_page(library: Library, recording: Recording, *, with_sound: bool = True) -> str:
    """Returns one HTML file with the sound, its coloured waveform, events and words.

    Raises LibraryError for a recording without a length, or whose sound is gone.
    """
    if recording.duration_us <= 0:
        raise LibraryError(f"{recording.name!r} holds no sound yet, so there is nothing to show")
    try:
        audio = recording.audio.read_bytes() if with_sound else b""
    except OSError as error:
        raise LibraryError(
            f"the sound of {recording.name!r} can't be read from {str(recording.audio)!r}: "
            f"{error.strerror}; --no-sound makes the page without it"
        ) from error
    return sound_player(
        title=recording.name,
        audio=audio,
        media_type="audio/flac",
        duration_us=recording.duration_us,
        bars=library.bars(recording),
        events=library.events(recording),
        words=library.words(recording),
        tags=recording.tags,
    )
