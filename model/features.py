"""Features, by the program that serves: training has no feature code of its own."""

import csv
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from table import Table

PROGRAM = os.environ.get("LIFEBOAT", str(Path(__file__).resolve().parent.parent / "target/release/lifeboat"))
# What `lifeboat fit` writes; the second only where the recipe looks up earlier rows.
STATE, HISTORY = "state.json", "history.json"


@dataclass(frozen=True)
class Features:
    """What was fitted to the known rows, as files by name, and the matrices of the known and the unseen ones."""

    fitted: dict
    names: list
    known: np.ndarray
    unseen: np.ndarray


def fit_and_transform(table: Table, known, unseen) -> Features:
    """Fits the recipe to the known rows alone, and computes the features of both parts."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        write_text(folder / "known.csv", table.text(known))
        lifeboat("fit", folder / "known.csv", "--package", table.package, "--output", folder)
        names, matrices = [], []
        for part in (known, unseen):
            names, matrix = transform(table, part, folder)
            matrices.append(matrix)
        fitted = {name: (folder / name).read_bytes() for name in (STATE, HISTORY) if (folder / name).is_file()}
        return Features(fitted, names, *matrices)


def transform(table: Table, part, folder: Path):
    """Returns the features' names and their matrix for these rows, by what was fitted into the folder."""
    write_text(folder / "rows.csv", table.text(part))
    matrix = folder / "matrix.csv"
    lifeboat("features", folder / "rows.csv", "--package", table.package, "--state", folder, "--output", matrix)
    header, *rows = csv.reader(matrix.read_text("utf-8").splitlines())
    first = len(table.key)
    if header[:first] != table.key or [row[:first] for row in rows] != [table.key_of(table.rows[i]) for i in part]:
        sys.exit("`lifeboat features` wrote other rows, or the rows in another order")
    return header[first:], np.array([row[first:] for row in rows], dtype=np.float32).reshape(-1, len(header) - first)


def state_of(features: Features) -> dict:
    return json.loads(features.fitted[STATE])


def write_text(path, text):
    path.write_text(text, "utf-8", newline="")


def lifeboat(*arguments) -> str:
    """Runs the program, and returns what it printed."""
    if not Path(PROGRAM).is_file():
        sys.exit(f"{PROGRAM} is missing: run `cargo build --release`, or set LIFEBOAT")
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"`lifeboat {arguments[0]}` failed: {(done.stderr or done.stdout).strip()}")
    return done.stdout
