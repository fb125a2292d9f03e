"""The cards of tagger and prior table; numbers come from measurements only."""

from collections.abc import Mapping, Sequence
from typing import Any

_LICENCE = (
    "CC BY-SA 4.0: the weights are made from Universal Dependencies English EWT, which has that "
    "licence. Name its contributors (listed in the README of UniversalDependencies/UD_English-EWT) "
    "and share changed weights alike. The code "
    "around them stays Apache-2.0."
)
_COMMANDS = """```
flowlace-train tags fit      --data {data} --out runs/tags --seed {seed} --rounds {rounds}
flowlace-train tags export   --run runs/tags --models models
flowlace-train tags evaluate --data {data} --run runs/tags --models models
```"""


def tagger_card(facts: Mapping[str, Any], measured: Mapping[str, Any]) -> str:
    """Returns the card of the part-of-speech tagger."""
    scores = measured["tagger"]
    parts = [
        "# Part-of-speech tagger",
        "Tells nouns and names from other words in English, for the tags of recordings.",
        f"`part_of_speech.npz`, {measured['sizes']['part_of_speech'] / 1000:.0f} kB: "
        f"{scores['features']:,} features with a weight of eight bits for each of 17 tags.",
        "## Intended use",
        "English in whole sentences, with capitals and punctuation or without (as transcribers "
        "write). It has learned from blogs, mails, reviews, newsgroups and answers of 2012 and "
        "before; other languages, verse and old prose were not measured. It chooses which words "
        "may be tags, where a mistake costs little; do not build on single words of it.",
        "## How good it is",
        _table(
            ("text", "accuracy", "F1 of nouns and names"),
            [
                ("as written", scores["accuracy"], scores["noun_f1"]),
                (
                    "as spoken: lower case, no punctuation",
                    scores["accuracy_spoken"],
                    scores["noun_f1_spoken"],
                ),
                ("always NOUN (baseline, as written)", scores["always_noun"], None),
            ],
        ),
        f"Measured on {measured['development']['sentences']} sentences "
        f"(`{measured['development']['file']}`) that had no part in training; "
        f"{scores['us_a_word']:.0f} µs a word on one core of {facts['processor']}. The number of "
        "rounds was chosen on the same sentences.",
        "## Data",
        _data(facts, measured),
        "Each sentence is learned twice: as written, and in lower case without punctuation.",
        "## How it works",
        "An averaged perceptron (Collins, 2002) that goes through a sentence once from left to "
        "right: the word, its ends, its case, two words on either side, two tags before. "
        "Features seen less than three times are left out, then all but those that weigh most.",
        *_ending(facts),
    ]
    return "\n\n".join(parts) + "\n"


def prior_card(facts: Mapping[str, Any], measured: Mapping[str, Any]) -> str:
    """Returns the card of the prior table."""
    rows = [
        (
            f"{row['sentences']:.0f}", row["table"], row["count"], row["tf_idf"], row["any"],
            row["table_auc"], row["count_auc"], row["tf_idf_auc"],
        )
        for row in measured["prior"]
    ]  # fmt: skip
    parts = [
        "# Prior table of tags",
        "Says how good a term of a recording is as a tag, from how often and where it is said, "
        "how rare it is elsewhere, its kind and its length.",
        f"`tag_prior.npz`, {measured['sizes']['tag_prior'] / 1000:.0f} kB: scores of all "
        "combinations of a few classes of each property, and how often words occur.",
        "## What it has learned, and what not",
        "Nobody has tagged these texts, so it has **not** learned what people choose as tags. It "
        "learned which terms of the first half of a stretch of sentences come back in the second "
        "half: what a text is about comes back, what it mentions in passing does not. That is a "
        "stand-in. Rarity is counted in "
        f"{facts['data']['sentences']:,} sentences only; most words of a recording are unknown to "
        "it and count as rare.",
        "## How good it is",
        "Of the three best terms of the first half, the share that comes back in the second half, "
        "and the area under the ROC curve over all terms (AUC):",
        _table(
            (
                "sentences of a stretch", "table", "count alone", "tf-idf", "any term",
                "AUC table", "AUC count", "AUC tf-idf",
            ),
            rows,
        ),
        f"Measured on {measured['development']['sentences']} sentences "
        f"(`{measured['development']['file']}`) that had no part in training, in lower case and "
        "without punctuation, with the tagger's own parts of speech. " + _where_no_better(measured),
        "## Data",
        _data(facts, measured),
        "Stretches are neighbouring sentences; the borders of texts are not in the data, so some "
        "hold parts of two.",
        "## How it works",
        "Gradient-boosted trees (scikit-learn's HistGradientBoostingClassifier) see the class of "
        "each property and nothing else, so the table of all combinations holds exactly what they "
        "say. More of count, specificity and spread never lowers a score; being common elsewhere "
        "never raises it.",
        *_ending(facts),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _where_no_better(measured: Mapping[str, Any]) -> str:
    lengths = [
        f"{row['sentences']:.0f}" for row in measured["prior"] if row["count"] >= row["table"]
    ]
    if not lengths:
        return "The table is better than counting at every length."
    return f"At {' and '.join(lengths)} sentences counting alone does as well or better."


def _data(facts: Mapping[str, Any], measured: Mapping[str, Any]) -> str:
    development = measured["development"]
    return _table(
        ("split", "file", "sentences", "SHA-256"),
        [
            (
                "training",
                f"`{facts['data']['file']}`",
                str(facts["data"]["sentences"]),
                f"`{facts['data']['sha256']}`",
            ),
            (
                "evaluation",
                f"`{development['file']}`",
                str(development["sentences"]),
                f"`{development['sha256']}`",
            ),
        ],
    ) + (
        "\n\nUniversalDependencies/UD_English-EWT at 15d613d: words and their universal parts of "
        "speech. The test part was not used."
    )


def _ending(facts: Mapping[str, Any]) -> list[str]:
    tagger = facts["config"]["tagger"]
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    return [
        "## How it was made",
        _COMMANDS.format(data="../shared/data/text", seed=tagger["seed"], rounds=tagger["rounds"]),
        f"One core of {facts['processor']}, {facts['seconds']} s for both models. "
        f"Seed {tagger['seed']}, commit `{facts['commit']}`, {versions}.",
        "## Licence",
        _LICENCE,
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    cells = [[_cell(one) for one in row] for row in rows]
    lines = [head, ["---"] * len(head), *cells]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
