"""The files of a package that training makes: graph, state, manifest, baseline, golden answers."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import graph
import numpy as np
import rule
from baseline import baseline, rounded, significant
from features import STATE, state_of
from json_file import json_file
from metrics import calibration, evaluate
from table import Table
from validation import Validation

GRAPH = "model.onnx"
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
        "feature_set_hash": state["feature_set_hash"],
        "threshold": str(identity.threshold),
        "version": identity.semantic_version,
    }
    content = graph.export(model.estimator, identity.name, metadata)
    probabilities = graph.checked(content, model, features.known)
    files = {GRAPH: content, STATE: features.state}
    out_of_fold = validation.rule["out_of_fold"]
    return files | {
        "manifest.json": json_file(manifest(identity, table, validation, files, state)),
        "baseline.json": json_file(baseline(table, features, out_of_fold.mean(axis=0), validation.scheme.repeats)),
        "golden.csv": golden(table, probabilities),
    }


def manifest(identity: Identity, table: Table, validation: Validation, files, state) -> dict:
    """Returns what serving checks and what a reader wants to know."""
    features, choice = validation.final.features, validation.final.choice
    content_hash = sha256(b"".join(files.values()))
    penalty = choice.penalties[choice.family]
    return {
        "name": identity.name,
        "version": f"{identity.semantic_version}-{content_hash[:8]}",
        "semantic_version": identity.semantic_version,
        "content_hash": content_hash,
        "files": {name: sha256(content) for name, content in files.items()},
        "feature_set_hash": state["feature_set_hash"],
        "data_hash": state["data_hash"],
        "feature_names": features.names,
        "means": {
            name: significant(mean) for name, mean in zip(features.names, features.known.mean(axis=0, dtype=float))
        },
        "threshold": identity.threshold,
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


def golden(table: Table, probabilities) -> bytes:
    """Returns what onnxruntime answers for every row, in digits that give the same float32 back."""
    key = table.about["key"]
    digits = {"unique": True, "trim": "0"}
    rows = zip((row[key] for row in table.rows), probabilities, strict=True)
    lines = [f"{name},{np.format_float_positional(probability, **digits)}\n" for name, probability in rows]
    return "".join([f"{key},probability\n", *lines]).encode()


def four(number) -> float:
    return round(float(number), 4)


def write(files: dict, folder: Path):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
        print(f"wrote {folder / name}: {len(content):,} bytes, sha256 {sha256(content)}")


def sha256(content):
    return hashlib.sha256(content).hexdigest()
