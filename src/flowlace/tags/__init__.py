"""Tags: the few words that say what a recording is about."""

from flowlace.tags.candidates import TermCounter
from flowlace.tags.errors import TagsError
from flowlace.tags.pos_tagger import PosTagger
from flowlace.tags.prior_table import PriorTable
from flowlace.tags.tagging import TagModel, best_tags, suggest_tags

__all__ = [
    "PosTagger",
    "PriorTable",
    "TagModel",
    "TagsError",
    "TermCounter",
    "best_tags",
    "suggest_tags",
]
