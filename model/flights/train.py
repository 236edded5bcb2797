"""Trains the flights' model on January to March, and writes the package.

    cargo build --release
    python3 -m venv .tools/train && .tools/train/bin/pip install -r model/requirements.txt
    .tools/train/bin/python model/flights/train.py            # writes the package into model/flights/
    .tools/train/bin/python model/flights/train.py --check    # compares the folder with what it would write

The model is chosen by weeks of February and March that follow the ones it learnt from. Nothing after 1 April, 06:00, is
read, but for the records in `golden.csv`, without their outcomes. `replay.py` tells how it fares in the rest of the year.
"""

import os

# One thread, set before numpy is loaded: the order of additions decides the last bits.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import datetime as dt
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import build
import comparison
import numpy as np
import package
import pyarrow
import records
import rule
from families import Family, logistic_regression_as_it_is
from metrics import calibration, evaluate
from rounding import four, rounded
from sklearn.ensemble import HistGradientBoostingClassifier
from validation import summary
from weeks import Weeks, validate

# ---------------------------------------------------------------------------------------------------------------------
# Settings

SEMANTIC_VERSION = "1.0.0"
# The model serves from this day on, and knows what was known on its morning.
SERVES_FROM = dt.date(2013, 4, 1)
# The first has six weeks to learn from, the last ends before the model serves.
MONDAYS = [dt.date(2013, 2, 11) + dt.timedelta(weeks=week) for week in range(7)]
# A factor of four apart, from the first that is worse to the last that is.
PENALTIES = (5, 20, 80, 320, 1280)
# Flights of the first day, which see the package's own snapshot: of so many, one is in golden.csv.
GOLDEN_EVERY = 4

# The weeks must reach these, or nothing is written: a bound below and above.
TARGETS = {"auc": (0.69, 1), "log_loss": (0, 0.51)}

# ---------------------------------------------------------------------------------------------------------------------

OF_HISTORY = build.of_history(build.recipe())


def no_history(feature):
    return feature not in OF_HISTORY


def boosted_trees(penalty):
    settings = {"max_iter": 150, "learning_rate": 0.06, "max_leaf_nodes": 15, "min_samples_leaf": 200}
    return HistGradientBoostingClassifier(l2_regularization=penalty, early_stopping=False, random_state=0, **settings)


WITHOUT = Family(
    "logistic regression without history", logistic_regression_as_it_is, PENALTIES, sees=no_history, reference=True
)
TREES = Family("boosted trees", boosted_trees, (5,), reference=True)
CHOSEN = Family("logistic regression", logistic_regression_as_it_is, PENALTIES)
RULE = f"the penalty of the lowest mean log loss over {len(MONDAYS)} weeks, each after those learnt from; errors are those of paired differences, with Nadeau and Bengio's correction"


def main():
    parser = argparse.ArgumentParser(description="Trains the flights' model and writes its package.")
    parser.add_argument("--output", type=Path, default=HERE, help="folder of the package (default: this one)")
    parser.add_argument("--check", action="store_true", help="write nothing; compare with the package in the folder")
    arguments = parser.parse_args()

    started = time.monotonic()
    files = train()
    print(f"{time.monotonic() - started:.0f} s")
    if arguments.check:
        sys.exit(comparison.compare(files, arguments.output))
    package.write(files, arguments.output)


def train() -> dict:
    """Returns the files of the package, by name."""
    flights = list(records.read_flights())
    known = rows(flights)
    print(f"{len(known)} flights with an outcome, {build.lateness(known).sum()} late")
    weeks = validate(known, build.recipe(), [WITHOUT, TREES, CHOSEN], MONDAYS)
    penalty = best(weeks, CHOSEN)
    told = {"choice": choice(weeks, penalty), "cross_validation": judged(weeks, penalty)}
    tell(told)
    reached = next(model for model in told["cross_validation"]["models"] if model["chosen"])
    for metric, (lowest, highest) in TARGETS.items():
        if not lowest <= reached[metric] <= highest:
            sys.exit(f"{metric} is {reached[metric]:.4f}, the target is {lowest} to {highest}")
    with tempfile.TemporaryDirectory() as folder:
        made = build.Candidate(build.recipe(), CHOSEN, penalty, SEMANTIC_VERSION, told)
        build.build(known, made, Path(folder), golden(flights))
        return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


def rows(flights) -> pyarrow.Table:
    """Returns what is known when the model begins to serve."""
    before = (it for it in flights if it.departure.date() < SERVES_FROM)
    return build.known_by(build.labelled(before), build.six(SERVES_FROM))


def golden(flights) -> list:
    """Returns flights of the first day that are asked about once the package's snapshot is there."""
    morning = dt.datetime.combine(SERVES_FROM, records.MORNING, records.NEW_YORK)
    return [it for it in flights if it.departure.date() == SERVES_FROM and it.asked_at >= morning][::GOLDEN_EVERY]


def best(weeks: Weeks, family) -> float:
    """Returns a family's penalty. Weeks differ too much for the rule of model/rule.py: within one error of the best is nearly any."""
    losses = weeks.losses(family)
    return min(losses, key=lambda penalty: np.mean(losses[penalty]))


def choice(weeks: Weeks, penalty) -> dict:
    """Returns what the weeks said of each penalty, with history and without."""
    families = [
        {
            "name": family.name,
            "penalties": package.compared(weeks.losses(family), len(MONDAYS)),
            "penalty": best(weeks, family),
            "chosen": family is CHOSEN,
        }
        | dict(zip(("excess", "error"), map(four, compared(weeks)[family.name])))
        for family in (WITHOUT, CHOSEN)
    ]
    return {"family": CHOSEN.name, "penalty": penalty, "rule": RULE, "families": families}


def compared(weeks: Weeks) -> dict:
    """Returns how much worse than the best each family is at its penalty, and the standard error of that."""
    losses = {family.name: weeks.losses(family)[best(weeks, family)] for family in (WITHOUT, CHOSEN)}
    return rule.compare(losses, len(MONDAYS))


def judged(weeks: Weeks, penalty) -> dict:
    """Returns what the models that were tried are worth in the weeks that they had not seen."""
    said = weeks.probabilities[CHOSEN.name][penalty]
    return {
        "scheme": f"in order of time: for each of {len(MONDAYS)} weeks from {MONDAYS[0]} on, a model of what was known on "
        "its Monday at 06:00 answers for the week; a metric is that of all weeks together, its _std the standard deviation over the weeks",
        "held_out": "weeks that follow",
        "models": [model(weeks, family, best(weeks, family)) for family in (WITHOUT, TREES, CHOSEN)],
        "groups": groups(weeks, said),
        "calibration": [rounded(tenth, 4) for tenth in calibration(weeks.late, said)],
    }


def model(weeks: Weeks, family, penalty) -> dict:
    said = weeks.probabilities[family.name][penalty][None]
    found = summary(family.name, said, weeks.late, weeks.splits, build.THRESHOLD)
    return package.judged(found | {"reference": family.reference, "chosen": family is CHOSEN})


def groups(weeks: Weeks, said) -> list:
    """Returns the metrics by airport of departure."""
    found = []
    for origin in ("EWR", "JFK", "LGA"):
        group = np.array(weeks.rows["origin"].to_pylist()) == origin
        late, answered = weeks.late[group], said[group]
        means = {"positive_rate": late.mean(), "mean_probability": answered.mean()}
        metrics = rounded(means | evaluate(late, answered, build.THRESHOLD), 4)
        found.append({"group": {"origin": origin}, "rows": int(group.sum())} | metrics)
    return found


def tell(told):
    print(f"\n{'':36}     auc  log loss")
    for found in told["cross_validation"]["models"]:
        print(f"{found['name']:36}  {found['auc']:.4f}    {found['log_loss']:.4f}")
    for family in told["choice"]["families"]:
        strengths = ", ".join(f"{row['penalty']:g}: {row['log_loss']:.4f}" for row in family["penalties"])
        print(f"{family['name']:36}  penalty {family['penalty']:g} ({strengths})")
    print()


if __name__ == "__main__":
    main()
