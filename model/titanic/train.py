"""Trains the Titanic's model and writes the package that the service loads.

    cargo build --release
    python3 -m venv .tools/train && .tools/train/bin/pip install -r model/requirements.txt
    .tools/train/bin/python model/titanic/train.py            # writes the package into model/titanic/
    .tools/train/bin/python model/titanic/train.py --check    # compares the folder with what it would write

There is no feature code here: `lifeboat fit` and `lifeboat features` compute every feature, in training as in serving.
On one machine the package is reproduced byte for byte; on a processor of another kind the linear algebra may round
the last digits differently.
"""

import os

# One thread, set before numpy is loaded: the order of additions decides the last bits.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import comparison
import package
from families import Family, logistic_regression, tanh_network
from sklearn.ensemble import HistGradientBoostingClassifier
from table import Table
from validation import Scheme, validate

# ---------------------------------------------------------------------------------------------------------------------
# Settings

TRAIN = HERE / "train.csv"

NAME = "titanic"
SEMANTIC_VERSION = "1.0.0"
THRESHOLD = 0.5

# Five repeats, since the accuracy of a single one moves by half a point with how the folds happen to fall.
# Two inner ones, so that the choice hangs less on that.
SCHEME = Scheme(folds=10, repeats=5, inner_folds=5, inner_repeats=2, seed=1912)
# A quarter of a decade apart, from overfitting to underfitting: the best of a family is at neither end.
LINEAR_PENALTIES = (1, 1.8, 3.2, 5.6, 10, 18, 32, 56)
NETWORK_PENALTIES = (5.6, 10, 18, 32, 56)

# Nested cross-validation must reach these, or nothing is written: a bound below and above.
TARGETS = {
    "accuracy": (0.855, 1),
    "auc": (0.90, 1),
    "log_loss": (0, 0.362),
    "slope": (0.85, 1.15),
    "intercept": (-0.2, 0.2),
}

# ---------------------------------------------------------------------------------------------------------------------
# Families of models, from the smallest to the largest


def sex_alone(feature):
    return feature == "female"


def no_history(feature):
    return not feature.startswith("history_")


def boosted_trees(penalty):
    settings = {"max_iter": 120, "learning_rate": 0.04, "max_leaf_nodes": 8, "min_samples_leaf": 15}
    return HistGradientBoostingClassifier(l2_regularization=penalty, early_stopping=False, random_state=0, **settings)


# With nothing but the sex to go by, a regression that is hardly penalised gives each sex its survival rate.
REFERENCES = [
    Family("gender rule", logistic_regression, (1e-6,), sees=sex_alone, reference=True),
    Family(
        "logistic regression without history", logistic_regression, LINEAR_PENALTIES, sees=no_history, reference=True
    ),
    Family("boosted trees", boosted_trees, (5,), reference=True),
]
FAMILIES = [
    Family("logistic regression", logistic_regression, LINEAR_PENALTIES),
    *(Family(f"tanh network of {hidden}", tanh_network(hidden), NETWORK_PENALTIES) for hidden in (4, 8)),
]

# ---------------------------------------------------------------------------------------------------------------------


def main():
    parser = argparse.ArgumentParser(description="Trains the Titanic's model and writes its package.")
    parser.add_argument("--data", type=Path, default=TRAIN, help="labelled passengers (default: train.csv, here)")
    parser.add_argument("--output", type=Path, default=HERE, help="folder of the package (default: this one)")
    parser.add_argument("--check", action="store_true", help="write nothing; compare with the package in the folder")
    arguments = parser.parse_args()

    started = time.monotonic()
    files = train(arguments.data, SEMANTIC_VERSION, REFERENCES + FAMILIES, TARGETS)
    print(f"{time.monotonic() - started:.0f} s")
    if arguments.check:
        sys.exit(comparison.compare(files, arguments.output))
    package.write(files, arguments.output)


def train(data, semantic_version, families, targets):
    """Returns the files of the package, by name."""
    table = Table.read(data, HERE)
    print(f"{table.name}: {len(table)} passengers, {table.happened.sum()} survivors")
    validation = validate(table, families, SCHEME, THRESHOLD)
    tell(validation)
    reached = validation.rule["metrics"] | validation.rule["recalibration"]
    for metric, (lowest, highest) in targets.items():
        if not lowest <= reached[metric] <= highest:
            sys.exit(f"{metric} is {reached[metric]:.4f}, the target is {lowest} to {highest}")
    return package.build(package.Identity(NAME, semantic_version, THRESHOLD), table, families, validation)


def tell(validation):
    print(f"\n{'':36}accuracy     auc  log loss  brier    ece     slope         intercept")
    for result in validation.results:
        metrics = "   ".join(f"{value:.4f}" for value in result["metrics"].values())
        fit = result["recalibration"]
        slope = f"{fit['slope']:.3f} ± {fit['slope_error']:.3f}"
        print(f"{result['name']:36}{metrics}   {slope}  {fit['intercept']:+.3f} ± {fit['intercept_error']:.3f}")

    choice = package.chosen(validation)
    if choice["families"]:
        print("\nthe rule, by all rows:")
    for family in choice["families"]:
        strengths = ", ".join(f"{row['penalty']:g}: {row['log_loss']:.4f}" for row in family["penalties"])
        print(f"{family['name']:36}penalty {family['penalty']:g} ({strengths})")
        print(f"{'':36}log loss {family['excess']:+.4f} to the best, standard error {family['error']:.4f}")
    print(f"\nchosen: {choice['family']}, penalty {choice['penalty']:g}; by the outer training parts:")
    for row in choice["outer_parts"]:
        print(f"{row['parts']:4}  {row['family']}, penalty {row['penalty']:g}")
    print()


if __name__ == "__main__":
    main()
