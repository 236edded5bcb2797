"""The files of a package, made of what its schema and recipe say and of what training found.

`lifeboat fit` makes the state and the history, `lifeboat baseline` the baseline, and `lifeboat pack` adds hashes and version to the
manifest, so that what a file means is decided in one place. Graph, manifest and golden answers are made here.
"""

import csv
import hashlib
import io
import tempfile
from collections import Counter
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import graph
import numpy as np
import rule
from features import lifeboat, state_of, write_text
from json_file import json_file
from metrics import calibration, evaluate
from rounding import four, rounded, significant
from table import Table
from validation import Validation

# Written by hand, beside the training.
SCHEMA, RECIPE = "schema.json", "recipe.json"
GRAPH, MANIFEST, BASELINE, GOLDEN = "model.onnx", "manifest.json", "baseline.json", "golden.csv"
RULE = "of each family the strongest penalty within one standard error of the best, then the smallest family within one"
LIBRARIES = ("numpy", "onnx", "onnxruntime", "scikit-learn", "scipy")


@dataclass(frozen=True)
class Identity:
    """What the package is called, and from which probability on it answers the positive label."""

    name: str
    semantic_version: str
    threshold: float


def build(identity: Identity, table: Table, families, validation: Validation) -> dict:
    """Fits what the rule chose to all rows; returns the files of the package, by name."""
    features, choice = validation.final.features, validation.final.choice
    family = next(family for family in families if family.name == choice.family)
    model = family.fit(choice.penalties[family.name], features.names, features.known, table.happened)
    state = state_of(features)
    metadata = {
        "data_hash": state["data_hash"],
        "recipe_hash": state["recipe_hash"],
        "threshold": str(identity.threshold),
        "version": identity.semantic_version,
    }
    content = graph.export(model.estimator, identity.name, metadata)
    probabilities = graph.checked(content, model, features.known)
    by_hand = {name: (table.package / name).read_bytes() for name in (SCHEMA, RECIPE)}
    made = {
        GRAPH: content,
        MANIFEST: json_file(manifest(identity, table, validation)),
        GOLDEN: answers(table, probabilities),
    }
    return completed(by_hand | features.fitted | made, table, validation.rule["out_of_fold"].mean(axis=0))


def completed(files: dict, table: Table, out_of_fold) -> dict:
    """Returns the files with the baseline and the hashes, which the program makes.

    Out-of-fold probabilities are the baseline of answers, since later records are unseen as well.
    """
    with tempfile.TemporaryDirectory() as work:
        data, predictions, folder = (Path(work) / name for name in ("data.csv", "out_of_fold.csv", "package"))
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content)
        write_text(data, table.text(range(len(table))))
        predictions.write_bytes(answers(table, out_of_fold))
        lifeboat("baseline", data, "--package", folder, "--out-of-fold", predictions)
        print("version", lifeboat("pack", folder).strip())
        return {name: (folder / name).read_bytes() for name in (*files, BASELINE)}


def manifest(identity: Identity, table: Table, validation: Validation) -> dict:
    """Returns what serving needs and what a reader wants to know, but for the hashes."""
    features, choice = validation.final.features, validation.final.choice
    penalty = choice.penalties[choice.family]
    return {
        "name": identity.name,
        "semantic_version": identity.semantic_version,
        "task": "binary",
        "classes": table.classes,
        "inputs": features.names,
        "threshold": identity.threshold,
        "data_hash": state_of(features)["data_hash"],
        "means": {
            name: significant(mean) for name, mean in zip(features.names, features.known.mean(axis=0, dtype=float))
        },
        "algorithm": f"{choice.family}, L2 penalty {penalty:g}, fitted to convergence on standardised features, scaling folded into the graph",
        "training": {
            "rows": len(table),
            "positives": int(table.happened.sum()),
            "seed": validation.scheme.seed,
            "libraries": {name: version(name) for name in LIBRARIES},
        },
        "choice": chosen(validation),
        "cross_validation": {
            "scheme": str(validation.scheme),
            "models": [judged(result) for result in validation.results],
            "groups": groups(table, validation.rule["out_of_fold"], identity.threshold),
            "calibration": calibrated(table, validation.rule["out_of_fold"]),
        },
    }


def judged(result) -> dict:
    facts = {"name": result["name"], "reference": result["reference"], "chosen": result["chosen"]}
    recalibration = {f"calibration_{name}": value for name, value in result["recalibration"].items()}
    return facts | rounded(result["metrics"] | result["spread"] | recalibration, 4)


def chosen(validation: Validation) -> dict:
    """Returns what the rule says of all rows, and how often it said so of the outer training parts."""
    choice = validation.final.choice
    folds = validation.scheme.inner_folds
    strongest = {name: found[choice.penalties[name]] for name, found in choice.losses.items()}
    references = {result["name"] for result in validation.results if result["reference"]}
    rivals = {name: losses for name, losses in strongest.items() if name not in references}
    return {
        "family": choice.family,
        "penalty": choice.penalties[choice.family],
        "rule": f"{RULE}; paired log losses of {validation.scheme.inner_repeats} x {folds} folds, with Nadeau and Bengio's correction",
        "families": [
            {
                "name": name,
                "penalties": compared(choice.losses[name], folds),
                "penalty": choice.penalties[name],
                "chosen": name == choice.family,
            }
            | dict(zip(("excess", "error"), map(four, difference)))
            for name, difference in rule.compare(rivals, folds).items()
        ],
        "outer_parts": counts(validation.choices),
    }


def compared(losses, folds) -> list:
    rows = rule.compare(losses, folds).items()
    return [
        {"penalty": penalty, "log_loss": four(np.mean(losses[penalty])), "excess": four(excess), "error": four(error)}
        for penalty, (excess, error) in rows
    ]


def counts(choices) -> list:
    """Returns what was chosen in how many of the outer training parts, the most frequent first."""
    found = Counter((choice.family, choice.penalties[choice.family]) for choice in choices)
    return [
        {"family": family, "penalty": penalty, "parts": parts}
        for (family, penalty), parts in sorted(found.items(), key=lambda item: (-item[1], item[0]))
    ]


def groups(table: Table, out_of_fold, threshold) -> list:
    """Returns the out-of-fold metrics of each group that models are compared by."""
    rows = []
    for names, group in table.groups():
        by_repeat = [evaluate(table.happened[group], probability[group], threshold) for probability in out_of_fold]
        metrics = {name: np.mean([values[name] for values in by_repeat]) for name in by_repeat[0]}
        means = {"positive_rate": table.happened[group].mean(), "mean_probability": out_of_fold[:, group].mean()}
        rows.append({"group": names, "rows": int(group.sum())} | rounded(means | metrics, 4))
    return rows


def calibrated(table: Table, out_of_fold) -> list:
    tenths = calibration(np.tile(table.happened, len(out_of_fold)), out_of_fold.ravel())
    return [rounded(tenth, 4) for tenth in tenths]


def answers(table: Table, probabilities) -> bytes:
    """Returns a probability for every row, after its key, in digits that give the same number back."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*table.key, "probability"])
    for row, probability in zip(table.rows, probabilities, strict=True):
        writer.writerow([*table.key_of(row), np.format_float_positional(probability, unique=True, trim="0")])
    return text.getvalue().encode()


def write(files: dict, folder: Path):
    """Writes the files that differ from what stands in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        if path.is_file() and path.read_bytes() == content:
            continue
        path.write_bytes(content)
        print(f"wrote {path}: {len(content):,} bytes, sha256 {sha256(content)}")


def sha256(content):
    return hashlib.sha256(content).hexdigest()
