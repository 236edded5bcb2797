"""Nested cross-validation: the whole choice of a model is made anew in every training part.

The outer folds judge, the inner folds choose. For each outer training part the features' state, the scaling, each
family's penalty and the family are fitted or chosen by that part alone, and the probabilities of the rows left out are
kept. So the figures are those of the *way* a model is chosen, as new rows would give them, and not those of the candidate
that happened to do best on these folds.
"""

import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import rule
from features import Features, fit_and_transform
from metrics import evaluate, recalibration
from sklearn.model_selection import RepeatedStratifiedKFold
from table import Table


@dataclass(frozen=True)
class Scheme:
    """How many folds there are, and how often: outer ones that judge, inner ones that choose."""

    folds: int
    repeats: int
    inner_folds: int
    inner_repeats: int
    seed: int

    def __str__(self):
        return (
            f"nested: {self.repeats} x {self.folds}-fold stratified cross-validation (seed {self.seed}); features' state, "
            f"scaling, penalty and family are fitted or chosen in each training part alone, the latter two by "
            f"{self.inner_repeats} x {self.inner_folds}-fold cross-validation within it; a metric is the mean over the "
            f"{self.repeats} repeats of its value on the pooled out-of-fold probabilities, its _std the standard deviation "
            f"over the {self.folds * self.repeats} folds; slope and intercept are of the logistic recalibration of all of them"
        )

    def outer(self, happened) -> list:
        return repeated(self.folds, self.repeats, self.seed, happened)

    def inner(self, happened) -> list:
        return repeated(self.inner_folds, self.inner_repeats, self.seed, happened)


def repeated(folds, repeats, seed, happened) -> list:
    splits = RepeatedStratifiedKFold(n_splits=folds, n_repeats=repeats, random_state=seed)
    return list(splits.split(happened, happened))


@dataclass(frozen=True)
class Choice:
    """What the rule says of a training part: the log losses of the inner folds, by family and penalty, and its choices.

    A reference with one penalty has no losses, and neither has the only candidate of a training.
    """

    losses: dict
    penalties: dict
    family: str


@dataclass(frozen=True)
class Part:
    """A training part: its features, its choice, and the probabilities of the rows left out, by family."""

    features: Features
    choice: Choice
    probabilities: dict


def choose(table: Table, families, scheme: Scheme, known) -> Choice:
    """Applies the rule to the known rows alone."""
    known = np.asarray(known)
    chosen_from = [family for family in families if not family.reference]
    open_families = [f for f in families if len(f.penalties) > 1 or (not f.reference and len(chosen_from) > 1)]
    losses = {family.name: {penalty: [] for penalty in family.penalties} for family in open_families}
    for inner_known, inner_unseen in scheme.inner(table.happened[known]) if open_families else []:
        inner_known, inner_unseen = known[inner_known], known[inner_unseen]
        features = fit_and_transform(table, inner_known, inner_unseen)
        for family in open_families:
            for penalty in family.penalties:
                model = family.fit(penalty, features.names, features.known, table.happened[inner_known])
                loss = log_losses(table.happened[inner_unseen], model.probability(features.unseen)).mean()
                losses[family.name][penalty].append(float(loss))

    penalties = {family.name: family.penalties[0] for family in families}
    penalties |= {name: rule.strongest(found, scheme.inner_folds) for name, found in losses.items()}
    best_of = {f.name: losses[f.name][penalties[f.name]] for f in chosen_from if f.name in losses}
    return Choice(losses, penalties, rule.smallest(best_of, scheme.inner_folds) if best_of else chosen_from[0].name)


def judge(table: Table, families, scheme: Scheme, split) -> Part:
    """Chooses by the known rows, fits every family at the penalty chosen for it, and predicts the unseen rows."""
    known, unseen = split
    choice = choose(table, families, scheme, known)
    features = fit_and_transform(table, known, unseen)
    probabilities = {}
    for family in families:
        model = family.fit(choice.penalties[family.name], features.names, features.known, table.happened[known])
        probabilities[family.name] = model.probability(features.unseen) if len(unseen) else np.zeros(0)
    return Part(features, choice, probabilities)


def log_losses(happened, probability):
    return -np.log(np.clip(np.where(happened, probability, 1 - probability), 1e-15, 1))


@dataclass(frozen=True)
class Validation:
    """What nested cross-validation found, and what the rule chooses by all rows."""

    scheme: Scheme
    final: Part
    choices: list
    results: list

    @property
    def rule(self) -> dict:
        """The result of the whole way a model is chosen."""
        return self.results[-1]


def validate(table: Table, families, scheme: Scheme, threshold) -> Validation:
    """Judges every family, and the choice between them. The number of cores changes no result."""
    splits = scheme.outer(table.happened)
    everything = (np.arange(len(table)), np.arange(0))
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        work = partial(judge, table, families, scheme)
        final, *parts = tell_progress(pool.map(work, [everything, *splits]), len(splits) + 1)

    out_of_fold = {family.name: np.zeros((scheme.repeats, len(table))) for family in families}
    by_rule = np.zeros((scheme.repeats, len(table)))
    for index, ((_, unseen), part) in enumerate(zip(splits, parts)):
        for name, probability in part.probabilities.items():
            out_of_fold[name][index // scheme.folds, unseen] = probability
        by_rule[index // scheme.folds, unseen] = part.probabilities[part.choice.family]

    references = {family.name: family.reference for family in families}
    results = [
        summary(name, found, table.happened, splits, threshold) | {"reference": references[name], "chosen": False}
        for name, found in out_of_fold.items()
    ]
    results.append(
        summary("chosen by the rule", by_rule, table.happened, splits, threshold) | {"reference": False, "chosen": True}
    )
    return Validation(scheme, final, [part.choice for part in parts], results)


def summary(name, out_of_fold, happened, splits, threshold) -> dict:
    """Returns a model's out-of-fold probabilities (one row a repeat) and what they are worth."""
    folds_per_repeat = len(splits) // len(out_of_fold)
    by_fold = [
        evaluate(happened[unseen], out_of_fold[index // folds_per_repeat, unseen], threshold)
        for index, (_, unseen) in enumerate(splits)
    ]
    by_repeat = [evaluate(happened, probability, threshold) for probability in out_of_fold]
    return {
        "name": name,
        "out_of_fold": out_of_fold,
        "metrics": {metric: np.mean([values[metric] for values in by_repeat]) for metric in by_repeat[0]},
        "spread": {f"{metric}_std": np.std([values[metric] for values in by_fold]) for metric in by_repeat[0]},
        "recalibration": recalibration(happened, out_of_fold),
    }


def tell_progress(parts, count):
    done = []
    for part in parts:
        done.append(part)
        if len(done) % 10 == 0 or len(done) == count:
            print(f"{len(done)} of {count} training parts", flush=True)
    return done
