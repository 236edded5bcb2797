"""Validation in order of time: a model learns from what was known on a Monday, and answers for the week that follows.

Folds that mix the days would let a model learn from tomorrow. The days of a week that is answered for still see the
history of the days before them: that much is known in serving, too.
"""

import datetime as dt
import tempfile
from dataclasses import dataclass
from pathlib import Path

import build
import numpy as np
import pyarrow
from validation import log_losses

WEEK = dt.timedelta(days=6)


@dataclass(frozen=True)
class Weeks:
    """The outcomes of the weeks that were answered for, which rows are of which week, and the answers by family and penalty."""

    rows: pyarrow.Table
    late: np.ndarray
    parts: list
    probabilities: dict

    def losses(self, family) -> dict:
        """Returns a family's log losses by penalty, one a week."""
        return {
            penalty: [float(log_losses(self.late[part], said[part]).mean()) for part in self.parts]
            for penalty, said in self.probabilities[family.name].items()
        }

    @property
    def splits(self) -> list:
        """The weeks in the form in which folds are told."""
        return [(None, part) for part in self.parts]


def validate(rows: pyarrow.Table, recipe: dict, families, mondays) -> Weeks:
    """Answers for each week by models that know what was known on its Monday at six."""
    first = mondays[0]
    held_out = rows.filter(pyarrow.array(build.days(rows, first, mondays[-1] + WEEK)))
    probabilities = {f.name: {penalty: np.zeros(len(held_out)) for penalty in f.penalties} for f in families}
    parts = []
    for monday in mondays:
        parts.append(np.flatnonzero(build.days(held_out, monday, monday + WEEK)))
        for (name, penalty), said in week(rows, recipe, families, monday).items():
            probabilities[name][penalty][parts[-1]] = said
        print(f"week of {monday}: {len(parts[-1])} flights", flush=True)
    return Weeks(held_out, build.lateness(held_out), parts, probabilities)


def week(rows: pyarrow.Table, recipe: dict, families, monday) -> dict:
    """Returns the answers for a week's flights, by family and penalty."""
    known = build.known_by(rows, build.six(monday))
    unseen = rows.filter(pyarrow.array(build.days(rows, monday, monday + WEEK)))
    with tempfile.TemporaryDirectory() as folder:
        build.learn(known, recipe, Path(folder))
        names, matrix = build.features(pyarrow.concat_tables([known, unseen]), Path(folder))
    learnt, asked, late = matrix[: len(known)], matrix[len(known) :], build.lateness(known)
    return {
        (family.name, penalty): family.fit(penalty, names, learnt, late).probability(asked)
        for family in families
        for penalty in family.penalties
    }
