"""Makes a package of labelled flights: the program learns and computes the features, and a logistic regression is fitted to them.

`lifeboat features` computes a flight's history from what was known when it left, whatever else stands in the file. So
rows may be given in one table, those to learn from and those to answer for.
"""

import csv
import datetime as dt
import io
import json
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import graph
import numpy as np
import package
import pyarrow
import pyarrow.compute as compute
import pyarrow.parquet
import records
from families import Family
from features import STATE, lifeboat
from json_file import json_file
from rounding import significant

HERE = Path(__file__).resolve().parent
NAME = "flights"
THRESHOLD = 0.5
# A snapshot of each day is as of this time of it, which recipe.json says too.
SIX = dt.time(6)
KEY = ["date", "carrier", "flight", "origin"]
# Flights with an outcome, and when it became known.
LABELLED = records.TABLE.append(records.KNOWN_AT)


@dataclass(frozen=True)
class Candidate:
    """A package to be made: its recipe, the family of its model and the penalty, its version, and what its manifest tells of the choice."""

    recipe: dict
    family: Family
    penalty: float
    semantic_version: str
    told: dict


def six(date: dt.date) -> dt.datetime:
    """Returns the moment of a day's snapshot."""
    return dt.datetime.combine(date, SIX, records.NEW_YORK)


def labelled(flights) -> pyarrow.Table:
    """Returns the flights that have an outcome, with the moment at which it became known."""
    return records.as_table((it for it in flights if it.late is not None), LABELLED)


def known_by(rows: pyarrow.Table, moment: dt.datetime) -> pyarrow.Table:
    """Returns the rows whose outcome was known at a moment."""
    return rows.filter(compute.less_equal(rows["known_at"], pyarrow.scalar(moment, records.KNOWN_AT.type)))


def days(rows: pyarrow.Table, first: dt.date, last: dt.date) -> np.ndarray:
    """Returns which rows are of these days, both included."""
    of = rows["date"].to_numpy()
    return (of >= np.datetime64(first)) & (of <= np.datetime64(last))


def lateness(rows: pyarrow.Table) -> np.ndarray:
    return rows["late"].to_numpy().astype(int)


def recipe() -> dict:
    return json.loads((HERE / package.RECIPE).read_text("utf-8"))


def without_history(recipe: dict) -> dict:
    """Returns the recipe without its history, and without what is made of it."""
    gone = of_history(recipe)
    return {
        "steps": [step for step in recipe["steps"] if step["name"] not in gone],
        "features": [name for name in recipe["features"] if name not in gone],
    }


def of_history(recipe: dict) -> set:
    """Returns the names of the steps that look up history, or read what one of these made."""
    names = set()
    for step in recipe["steps"]:
        if step["step"] == "history" or names & texts({k: v for k, v in step.items() if k != "group"}):
            names.add(step["name"])
    return names


def texts(value) -> set:
    """Returns all texts in a value of JSON."""
    if isinstance(value, str):
        return {value}
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return set().union(*map(texts, parts))


def learn(rows: pyarrow.Table, recipe: dict, folder: Path):
    """Writes schema, recipe, and what the recipe learns from the rows into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / package.SCHEMA).write_bytes((HERE / package.SCHEMA).read_bytes())
    ours = recipe == json.loads((HERE / package.RECIPE).read_text("utf-8"))
    (folder / package.RECIPE).write_bytes((HERE / package.RECIPE).read_bytes() if ours else json_file(recipe))
    with as_file(rows) as path:
        lifeboat("fit", path, "--package", folder)


def features(rows: pyarrow.Table, folder: Path):
    """Returns the features' names, and their matrix for the rows, by what was learnt into the folder."""
    with as_file(rows) as path:
        matrix = path.with_name("matrix.parquet")
        lifeboat("features", path, "--package", folder, "--output", matrix)
        made = pyarrow.parquet.read_table(matrix)
    if made.num_rows != rows.num_rows or not compute.all(compute.equal(made["flight"], rows["flight"])).as_py():
        raise ValueError("`lifeboat features` wrote other rows, or the rows in another order")
    names = made.column_names[len(KEY) :]
    columns = np.empty((made.num_rows, len(names)), dtype=np.float32)
    for index, name in enumerate(names):
        columns[:, index] = made[name].to_numpy()
    return names, columns


@contextmanager
def as_file(rows: pyarrow.Table):
    """Has the rows in a file, for as long as the program reads it."""
    with scratch("rows.parquet") as path:
        pyarrow.parquet.write_table(rows, path, compression="zstd")
        yield path


@contextmanager
def scratch(name):
    """Has a place for a file that nobody needs for long."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / name


def build(rows: pyarrow.Table, candidate: Candidate, folder: Path, golden=(), serves=True):
    """Fits the candidate to all rows, and writes its package. `golden` are flights that have the package's own snapshot.

    A package that serves has a baseline, with which monitoring compares.
    """
    learn(rows, candidate.recipe, folder)
    names, matrix = features(rows, folder)
    late = lateness(rows)
    model = candidate.family.fit(candidate.penalty, names, matrix, late)
    state = json.loads((folder / STATE).read_text("utf-8"))
    metadata = {
        "data_hash": state["data_hash"],
        "recipe_hash": state["recipe_hash"],
        "threshold": str(THRESHOLD),
        "version": candidate.semantic_version,
    }
    content = graph.export(model.estimator, NAME, metadata)
    probability = graph.checked(content, model, matrix)
    (folder / package.GRAPH).write_bytes(content)
    (folder / package.MANIFEST).write_bytes(json_file(manifest(candidate, names, matrix, late, state)))
    if golden:
        (folder / package.GOLDEN).write_bytes(answers(golden, content, folder))
    if serves:
        baseline(rows, probability, folder)
    lifeboat("pack", folder)


def baseline(rows, probability, folder):
    """Writes what the rows look like. Each is answered by the history that it saw, not by the one that the package has."""
    with as_file(rows) as path:
        said = path.with_name("said.parquet")
        pyarrow.parquet.write_table(rows.select(KEY).append_column("probability", pyarrow.array(probability)), said)
        lifeboat("baseline", path, "--package", folder, "--out-of-fold", said)


def manifest(candidate: Candidate, names, matrix, late, state) -> dict:
    """Returns what serving needs and what a reader wants to know, but for the hashes."""
    return {
        "name": NAME,
        "semantic_version": candidate.semantic_version,
        "task": "binary",
        "classes": [False, True],
        "inputs": names,
        "threshold": THRESHOLD,
        "data_hash": state["data_hash"],
        "means": {name: significant(mean) for name, mean in zip(names, matrix.mean(axis=0, dtype=float))},
        "algorithm": f"{candidate.family.name}, L2 penalty {candidate.penalty:g}, fitted to convergence on features as the recipe scales them",
        "training": {
            "rows": len(late),
            "positives": int(late.sum()),
            "libraries": {name: version(name) for name in (*package.LIBRARIES, "pyarrow")},
        },
    } | candidate.told


def answers(flights, content, folder: Path) -> bytes:
    """Returns onnxruntime's answers for flights that see the package's own snapshot, with their records."""
    _, matrix = features(records.as_table(flights, records.RECORD), folder)
    text = io.StringIO()
    writer = csv.DictWriter(text, [*flights[0].record, "probability"], lineterminator="\n")
    writer.writeheader()
    for it, probability in zip(flights, graph.run(content, matrix), strict=True):
        writer.writerow(it.record | {"probability": np.format_float_positional(probability, unique=True, trim="0")})
    return text.getvalue().encode()
