"""The endings of files that hold sound and no moving pictures."""

SOUND_ENDINGS = (
    ".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".mka", ".weba", ".aif",
    ".aiff", ".aifc", ".w64", ".caf", ".au", ".wma", ".ac3", ".amr",
)  # fmt: skip
