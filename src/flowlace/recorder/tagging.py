"""Where a recording's tags come from."""

import logging
from collections.abc import Sequence

from flowlace.formats.transcript import WordRow
from flowlace.tags import TagsError, suggest_tags

_logger = logging.getLogger("flowlace.recorder")


def tags_of(words: Sequence[WordRow]) -> list[str]:
    """Returns up to three tags for what was said; none where nothing was."""
    if not words:
        return []
    try:
        return suggest_tags(words)
    except TagsError as error:  # a recording without tags is better than no recording
        _logger.warning("no tags: %s", error)
        return []
