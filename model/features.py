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
# What `lifeboat fit` writes.
STATE = "features.json"


@dataclass(frozen=True)
class Features:
    """What was fitted to the known rows, and the matrices of the known and the unseen ones."""

    state: bytes
    names: list
    known: np.ndarray
    unseen: np.ndarray


def fit_and_transform(table: Table, known, unseen) -> Features:
    """Fits the features' state to the known rows alone, and computes the features of both parts."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        write(folder / "known.csv", table.text(known))
        lifeboat("fit", folder / "known.csv", "--output", folder)
        matrices = []
        for part in (known, unseen):
            write(folder / "rows.csv", table.text(part))
            lifeboat("features", "--model-dir", folder, folder / "rows.csv", "--output", folder / "matrix.csv")
            header, *matrix = csv.reader((folder / "matrix.csv").read_text("utf-8").splitlines())
            key = table.about["key"]
            if [row[0] for row in matrix] != [table.rows[i][key] for i in part]:
                sys.exit("`lifeboat features` wrote the rows in another order")
            matrices.append(np.array([row[1:] for row in matrix], dtype=np.float32).reshape(-1, len(header) - 1))
        return Features((folder / STATE).read_bytes(), header[1:], *matrices)


def check(path: Path):
    """Ends the training unless the program finds the file fit to train on."""
    lifeboat("check", path)


def state_of(features: Features) -> dict:
    return json.loads(features.state)


def write(path, text):
    path.write_text(text, "utf-8", newline="")


def lifeboat(*arguments):
    if not Path(PROGRAM).is_file():
        sys.exit(f"{PROGRAM} is missing: run `cargo build --release`, or set LIFEBOAT")
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"`lifeboat {arguments[0]}` failed: {(done.stderr or done.stdout).strip()}")
