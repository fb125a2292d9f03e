"""What a user types → a query FTS5 can't stumble over.

Only runs of letters and digits get through, each in quotes; everything that means something to
FTS5 (quotes, brackets, stars, AND, NEAR, column names) is a separator here, but for two things:
words in double quotes are a phrase, and a star right after a word of three letters or more stands
for any ending.
"""

import re

from flowlace.recorder.errors import SearchError

SHORTEST_BEGINNING = 3
"""Letters before a star: shorter beginnings fit so many words that ranking them takes seconds."""

_PART = re.compile(r'"([^"]*)"?|([^\s"]+)')
_WORD = re.compile(r"(?:[^\W_][\u0300-\u036f]*)+")  # accents may follow their letters
_STAR = re.compile(r"[^\W_]\*$")


def fts_query(text: str) -> str:
    """Returns the query for FTS5, in which all parts must be there; "" where nothing is said.

    Raises SearchError for a beginning that is too short.

    >>> fts_query('the "brown fox" jump*')
    '"the" AND "brown fox" AND "jump" *'
    >>> fts_query('NEAR( "')
    '"NEAR"'
    """
    parts: list[str] = []
    for quoted, bare in _PART.findall(text):
        words = _WORD.findall(quoted or bare)
        if not words:
            continue
        has_star = _STAR.search(bare) is not None
        if has_star and len(words[-1]) < SHORTEST_BEGINNING:
            raise SearchError(
                f"{bare!r} is too short: a beginning needs at least {SHORTEST_BEGINNING} letters"
            )
        parts.append(f'"{" ".join(words)}"' + (" *" if has_star else ""))
    return " AND ".join(parts)


def label_key(text: str) -> str:
    """Returns a label, or what is searched for, so that spellings agree.

    >>> label_key("Dog bark"), label_key("dog_bark"), label_key(" dog-bark ")
    ('dog bark', 'dog bark', 'dog bark')
    """
    return " ".join(_WORD.findall(text.casefold()))


def label_rank(key: str, label: str) -> int | None:
    """Returns how well a label fits: 0 it is it, 1 it begins so, 2 its words begin so, else None.

    >>> [label_rank("dog", one) for one in ("dog", "dog_bark", "hot_dog", "dogma", "cat")]
    [0, 1, 2, 1, None]
    """
    name = label_key(label)
    if name == key:
        return 0
    if len(key) < SHORTEST_BEGINNING:
        return None
    if name.startswith(key):
        return 1
    wanted, there = key.split(), name.split()
    fits = all(any(one.startswith(word) for one in there) for word in wanted)
    return 2 if fits and all(len(word) >= SHORTEST_BEGINNING for word in wanted) else None
