"""Trains a candidate on the original passengers and on those of whom it was told later what happened.

    lifeboat export --since 90d --labelled --table --output labelled.csv
    .tools/train/bin/python model/titanic/retrain.py labelled.csv --output candidate --version 1.1.0

A passenger is a name and a ticket. One who is in the original data and is told of again stands there once: with the outcome, and with
every value, that was told last. Anybody else is added, without the PassengerId where somebody has it already: ids are whatever the
senders of requests made up, and the model does not read them.

The model is of the champion's family and penalty. Printed are champion and challenger on the same held-out folds: both are fitted anew
for each fold, the champion to the original passengers of the fold's training part alone. `lifeboat compare` decides; see there.
"""

import argparse
import csv
import json
import sys
from dataclasses import replace
from pathlib import Path

import train
import numpy as np
import package
from features import fit_and_transform
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from table import Table
from validation import log_losses

COLUMNS = "PassengerId,Survived,Pclass,Name,Sex,Age,SibSp,Parch,Ticket,Fare,Cabin,Embarked".split(",")
SAMPLES, SEED = 2000, 1912


def main():
    parser = argparse.ArgumentParser(
        description="Trains a candidate on the original passengers and on labelled outcomes."
    )
    parser.add_argument("data", type=Path, help="CSV file of `lifeboat export --labelled`")
    parser.add_argument("--output", type=Path, required=True, help="folder of the candidate package")
    parser.add_argument("--version", required=True, help="semantic version of the candidate, as in 1.1.0")
    arguments = parser.parse_args()
    champion = json.loads((train.HERE / "manifest.json").read_text("utf-8"))
    if arguments.version == champion["semantic_version"]:
        sys.exit(f"{arguments.version} is the champion's version")

    original, added, told_otherwise = merge(read(train.TRAIN), read(arguments.data))
    if not added:
        sys.exit(f"{arguments.data} tells of nobody who is not in {train.TRAIN.name}")
    print(f"{arguments.data.name}: {len(added)} passengers more, {told_otherwise} of the original ones told otherwise")
    arguments.output.mkdir(parents=True, exist_ok=True)
    merged = arguments.output / "train.csv"
    with merged.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(original + added)

    family = champions_family(champion["choice"])
    duel(merged, len(original), family)
    package.write(train.train(merged, arguments.version, [family], targets={}), arguments.output)


def champions_family(choice):
    """Returns the champion's family with its penalty alone."""
    families = [family for family in train.FAMILIES if family.name == choice["family"]]
    if not families:
        sys.exit(f"train.py knows no {choice['family']}")
    return replace(families[0], penalties=(choice["penalty"],))


def read(path):
    """Returns the labelled rows of a file, in Kaggle's columns and each on one line."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = set(COLUMNS) - set(reader.fieldnames or [])
        if missing:
            sys.exit(f"{path} has no column {', '.join(sorted(missing))}")
        rows = sorted(reader, key=lambda row: row.get("known_at") or "")
    return [{name: " ".join(row[name].split()) for name in COLUMNS} for row in rows if row["Survived"] in ("0", "1")]


def merge(original, labelled):
    """Returns the original passengers as told last, those that are added, and how many of the original ones were told otherwise."""
    latest = {}
    for row in labelled:
        key = identity(row)
        latest[key] = told_later(latest.get(key, {}), row)
    merged = [told_later(row, latest.pop(identity(row), {})) for row in original]
    told_otherwise = sum(before != after for before, after in zip(original, merged))
    return merged, without_taken_ids(merged, latest.values()), told_otherwise


def told_later(row, later):
    """Returns a row with what was told later. What was not told then stays, and so do the id and a number that is spelt otherwise."""
    if not row:
        return later
    told = {
        name: value for name, value in later.items() if value and name != "PassengerId" and not same(value, row[name])
    }
    return row | told


def same(one, other):
    """Tells whether two cells say the same: 22.0 is 22."""
    try:
        return float(one) == float(other)
    except ValueError:
        return one == other


def without_taken_ids(original, added):
    """Returns the added rows, each without its PassengerId where a row before it has the same."""
    taken = {row["PassengerId"] for row in original}
    rows = []
    for row in added:
        rows.append(row | {"PassengerId": ""} if row["PassengerId"] in taken else row)
        taken.add(row["PassengerId"])
    return rows


def identity(row):
    """A passenger is a name and a ticket; without them, all that is known."""
    if row["Name"] and row["Ticket"]:
        return row["Name"], row["Ticket"]
    return tuple(row[name] for name in COLUMNS if name not in ("PassengerId", "Survived"))


def duel(path, original, family):
    """Prints champion and challenger on the same held-out folds, with paired bootstrap intervals."""
    table = Table.read(path, train.HERE)
    survived = table.happened
    champion, challenger = np.zeros(len(survived)), np.zeros(len(survived))
    folds = StratifiedKFold(train.SCHEME.folds, shuffle=True, random_state=train.SCHEME.seed)
    for known, unseen in folds.split(survived, survived):
        for probability, rows in ((champion, known[known < original]), (challenger, known)):
            features = fit_and_transform(table, rows, unseen)
            model = family.fit(family.penalties[0], features.names, features.known, survived[rows])
            probability[unseen] = model.probability(features.unseen)

    random = np.random.default_rng(SEED)
    parts = {
        "all passengers": np.arange(len(survived)),
        "original passengers": np.arange(original),
        "new passengers": np.arange(original, len(survived)),
    }
    print(f"\n{'log loss, held out':22}champion  challenger    gain  95 % of bootstrap samples")
    for name, rows in parts.items():
        losses = [log_loss(survived[rows], probability[rows], labels=[0, 1]) for probability in (champion, challenger)]
        gains = log_losses(survived[rows], champion[rows]) - log_losses(survived[rows], challenger[rows])
        means = gains[random.integers(len(gains), size=(SAMPLES, len(gains)))].mean(axis=1)
        lower, upper = np.quantile(means, [0.025, 0.975])
        print(f"{name:22}{losses[0]:8.4f}{losses[1]:12.4f}{gains.mean():+8.4f}  {lower:+.4f} to {upper:+.4f}")
    print()


if __name__ == "__main__":
    main()
