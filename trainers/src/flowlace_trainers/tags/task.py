"""From sentences to models with cards: what the commands of `flowlace-train tags` do."""

import importlib.metadata
import json
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from flowlace.tags.errors import TagsError
from flowlace.tags.pos_tagger import PosTagger
from flowlace.tags.prior_table import PriorTable
from flowlace_trainers.errors import TrainerError
from flowlace_trainers.provenance import commit, processor
from flowlace_trainers.tags.card import prior_card, tagger_card
from flowlace_trainers.tags.corpus import (
    DEVELOPMENT,
    TRAINING,
    Sentence,
    digest,
    read_sentences,
    spoken,
)
from flowlace_trainers.tags.perceptron import PerceptronConfig, accuracy, noun_f1, train
from flowlace_trainers.tags.prior import PriorConfig, best_returning, examples_of, fit_table

TAGGER = "part_of_speech"
PRIOR = "tag_prior"
_TAGGER_FILE = f"{TAGGER}.npz"
_PRIOR_FILE = f"{PRIOR}.npz"
_FACTS = "facts.json"

Told = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class TagsConfig:
    """How both models are made."""

    tagger: PerceptronConfig = field(default_factory=PerceptronConfig)
    prior: PriorConfig = field(default_factory=PriorConfig)

    @staticmethod
    def seeded(seed: int, *, rounds: int) -> "TagsConfig":
        """Returns the configuration with one seed for both models."""
        return TagsConfig(
            tagger=PerceptronConfig(seed=seed, rounds=rounds), prior=PriorConfig(seed=seed)
        )


def fit_models(data: Path, out: Path, config: TagsConfig, tell: Told = lambda _: None) -> None:
    """Trains both models and writes them with their facts.

    Raises:
        TrainerError: the sentences are missing or not as expected.
    """
    written = read_sentences(data / TRAINING)
    out.mkdir(parents=True, exist_ok=True)
    begin = time.perf_counter()
    tagger = train([*written, *spoken(written)], config.tagger, tell)
    tagger.save(out / _TAGGER_FILE)
    fit_table(spoken(written), tagger, config.prior, tell).save(out / _PRIOR_FILE)
    facts = {
        "config": asdict(config),
        "data": {"file": TRAINING, "sha256": digest(data / TRAINING), "sentences": len(written)},
        "commit": commit(),
        "seconds": round(time.perf_counter() - begin),
        "processor": processor(),
        "versions": _versions(),
    }
    (out / _FACTS).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def export_models(run: Path, models: Path) -> list[Path]:
    """Writes the models of a run with the facts of the run in them; returns the files.

    Raises:
        TrainerError: the run holds no models.
    """
    facts = json.dumps(_facts(run))
    tagger, table = _read_models(run / _TAGGER_FILE, run / _PRIOR_FILE)
    paths = [models / TAGGER / _TAGGER_FILE, models / PRIOR / _PRIOR_FILE]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
    tagger.save(paths[0], facts)
    table.save(paths[1], facts)
    return paths


def evaluate_models(data: Path, run: Path, models: Path) -> dict[str, Any]:
    """Measures the exported models, writes their cards, and returns the numbers.

    Raises:
        TrainerError: sentences or models are missing.
    """
    facts = _facts(run)
    written = read_sentences(data / DEVELOPMENT)
    tagger, prior = _read_models(models / TAGGER / _TAGGER_FILE, models / PRIOR / _PRIOR_FILE)
    measured = {
        "tagger": _tagger_scores(tagger, written),
        "prior": _prior_scores(tagger, prior, spoken(written)),
        "development": {
            "file": DEVELOPMENT,
            "sha256": digest(data / DEVELOPMENT),
            "sentences": len(written),
        },
        "sizes": {
            TAGGER: (models / TAGGER / _TAGGER_FILE).stat().st_size,
            PRIOR: (models / PRIOR / _PRIOR_FILE).stat().st_size,
        },
    }
    (run / "measured.json").write_text(json.dumps(measured, indent=2) + "\n", encoding="utf-8")
    for name, text in (
        (TAGGER, tagger_card(facts, measured)),
        (PRIOR, prior_card(facts, measured)),
    ):
        (models / name / "card.md").write_text(text, encoding="utf-8")
    return measured


def _read_models(tagger: Path, prior: Path) -> tuple[PosTagger, PriorTable]:
    try:
        return PosTagger.load(tagger), PriorTable.load(prior)
    except TagsError as error:
        raise TrainerError(f"run `tags fit` and `tags export` first: {error}") from error


def _tagger_scores(tagger: PosTagger, written: Sequence[Sentence]) -> dict[str, Any]:
    said = spoken(written)
    begin = time.process_time()
    right = accuracy(tagger, written)
    cost = (time.process_time() - begin) / sum(len(one.words) for one in written)
    commonest = _commonest_tags(written)
    return {
        "accuracy": right,
        "accuracy_spoken": accuracy(tagger, said),
        "noun_f1": noun_f1(tagger, written),
        "noun_f1_spoken": noun_f1(tagger, said),
        "always_noun": commonest,
        "us_a_word": 1e6 * cost,
        "features": len(tagger.places),
    }


def _commonest_tags(sentences: Sequence[Sentence]) -> float:
    tags = [tag for sentence in sentences for tag in sentence.tags]
    return tags.count("NOUN") / len(tags)


def _prior_scores(
    tagger: PosTagger, prior: PriorTable, sentences: Sequence[Sentence]
) -> list[dict[str, float | None]]:
    rows = []
    for length in PriorConfig().lengths:
        examples = examples_of(sentences, tagger, prior, (length,))
        scores = prior.scores[tuple(examples.classes.T)].astype(np.float64)
        ways = {
            "table": scores + 1e-6 * examples.counts,
            "count": examples.counts.astype(np.float64),
            "tf_idf": examples.specificities,
        }
        row: dict[str, float | None] = {"sentences": length, "any": float(examples.returns.mean())}
        for name, values in ways.items():
            row[name] = best_returning(examples, values)
            row[f"{name}_auc"] = _auc(examples.returns, values)
        rows.append(row)
    return rows


def _auc(returns: NDArray[np.bool_], values: NDArray[np.float64]) -> float | None:
    """Returns the area under the ROC curve; None where all terms return, or none."""
    if returns.all() or not returns.any():
        return None
    return float(roc_auc_score(returns, values))


def _facts(run: Path) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads((run / _FACTS).read_text(encoding="utf-8"))
    except OSError as error:
        raise TrainerError(f"{run} holds no trained models: run `tags fit` first") from error
    return facts


def _versions() -> dict[str, str]:
    names = ("flowlace", "numpy", "scikit-learn")
    return {"python": platform.python_version()} | {
        name: importlib.metadata.version(name) for name in names
    }
