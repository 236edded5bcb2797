"""Holds what the service stored of the year against the year, and its features against those of training."""

import sqlite3
import subprocess
from dataclasses import dataclass

import build
import graph
import numpy as np
import package
import pyarrow
import pyarrow.compute as compute
import pyarrow.parquet
import train
from days import DAY, Ask, Tell
from features import PROGRAM, lifeboat

LOGGED = "feature_"


@dataclass(frozen=True)
class Stored:
    """All that the service stored, in order of time, and the features that each answer was given by."""

    rows: pyarrow.Table
    answers: dict
    version: np.ndarray
    names: list
    features: np.ndarray

    @property
    def has_ended(self) -> np.ndarray:
        return self.rows["late"].is_valid().to_numpy()

    @property
    def late(self) -> np.ndarray:
        """1 for a flight that was late; of no meaning where `has_ended` is not."""
        return compute.fill_null(self.rows["late"], False).to_numpy().astype(int)

    @property
    def month(self) -> np.ndarray:
        return compute.month(self.rows["date"]).to_numpy()


def window(year) -> list:
    """Returns the options of a command that reads all of the year from the database."""
    ends = build.six(year.days[-1].date + DAY)
    times = ["--from", build.six(train.SERVES_FROM).isoformat(), "--to", ends.isoformat()]
    return [*times, "--database-url", f"sqlite:{year.server.database}"]


def read_back(year) -> Stored:
    """Returns what the service stored, as it exports it."""
    with build.scratch("stored.parquet") as path:
        lifeboat("export", *window(year), "--output", path, "--package", year.champion)
        table = pyarrow.parquet.read_table(path)
    names = [name for name in table.column_names if name.startswith(LOGGED)]
    features = np.empty((table.num_rows, len(names)), dtype=np.float32)
    for index, name in enumerate(names):
        features[:, index] = table[name].to_numpy()
    rows = table.select(build.LABELLED.names).cast(build.LABELLED)
    answers = {name: table[name].to_numpy().astype(float) for name in ("probability", "shadow_probability")}
    version = np.array(table["model_version"].to_pylist())
    return Stored(rows, answers, version, [name.removeprefix(LOGGED) for name in names], features)


def computed_again(year, stored: Stored) -> tuple:
    """Computes each version's features of all flights, as for training, in one table with those of January to March.

    Returns its answers, by semantic version, and how many of the features that it was served with are other numbers.
    """
    rows, first = pyarrow.concat_tables([year.first_rows, stored.rows]), len(year.first_rows)
    said, otherwise = {}, 0
    for version in dict.fromkeys([year.first, *(it["made"] for it in year.state["gates"])]):
        folder = year.package(version)
        names, matrix = build.features(rows, folder)
        matrix = matrix[first:]
        said[version] = graph.run((folder / package.GRAPH).read_bytes(), matrix).astype(float)
        served = np.char.startswith(stored.version, f"{version}-")
        if not served.any():
            continue
        logged = stored.features[np.ix_(served, [stored.names.index(name) for name in names])]
        otherwise += int(np.sum(logged != matrix[served]))
    return said, otherwise


def counts(year) -> dict:
    """Compares the database with the year: each flight that was asked about is there once, with its outcome as it was told."""
    asked, told = flights(year, Ask), {key(it.record) for it in flights(year, Tell)}
    asked = {key(it.record): it.late if key(it.record) in told else None for it in asked}
    query = f"SELECT {', '.join(build.KEY)}, outcome FROM predictions"
    with sqlite3.connect(f"file:{year.server.database}?mode=ro", uri=True) as database:
        rows = database.execute(query).fetchall()
    stored = {tuple(row[:-1]): as_label(row[-1]) for row in rows}
    return {
        "asked": len(asked),
        "stored": len(rows),
        "lost": len(asked.keys() - stored.keys()),
        "twice": len(rows) - len(stored),
        "outcomes": sum(late is not None for late in asked.values()),
        "outcomes_stored": sum(late is not None for late in stored.values()),
        "outcomes_otherwise": sum(late != asked.get(name) for name, late in stored.items()),
    }


def flights(year, kind) -> list:
    """Returns the flights of all steps of a kind."""
    return [it for day in year.days for step in day.steps if isinstance(step, kind) for it in step.flights]


def key(record) -> tuple:
    return tuple(record[name] for name in build.KEY)


def as_label(stored):
    return None if stored is None else stored in (1, "true")


def replayed(year) -> str:
    """Has the program compute all predictions of the year again, each by the snapshot that it names; returns what it says."""
    versions = dict.fromkeys([year.first, *(it["made"] for it in year.state["gates"] if it["promote"])])
    packages = [argument for version in versions for argument in ("--package", year.package(version))]
    command = ["replay", *window(year), *packages]
    done = subprocess.run([PROGRAM, *map(str, command)], capture_output=True, text=True)
    said = " ".join((done.stdout.strip() or done.stderr.strip()).splitlines())
    return said if done.returncode == 0 else f"failed ({done.returncode}): {said}"
