"""Tells every file of a package, and every field of its JSON, that a training would write differently."""

import json
from pathlib import Path

import numpy as np

# So much of a value is shown, in characters.
LONGEST = 200


def compare(files: dict, folder: Path) -> int:
    """Returns the exit code: 1 if anything differs."""
    differing = 0
    for name, content in files.items():
        path = folder / name
        old = path.read_bytes() if path.is_file() else b""
        print(f"{name}: {'same' if old == content else 'DIFFERS'}")
        if old == content:
            continue
        differing = 1
        if name in ("manifest.json", "baseline.json") and old:
            for field, (before, after) in json_difference(json.loads(old), json.loads(content)).items():
                print(f"    {field}: {shortened(before)} in the folder, {shortened(after)} now")
        if name == "golden.csv" and old:
            before, after = (probabilities(text.decode()) for text in (old, content))
            same_rows = before.shape == after.shape
            print(f"    {np.abs(before - after).max():.1e} at most" if same_rows else "    other rows")
    return differing


def shortened(value) -> str:
    text = str(value)
    return text if len(text) <= LONGEST else text[:LONGEST] + " …"


def probabilities(golden) -> np.ndarray:
    return np.array([float(line.rpartition(",")[2]) for line in golden.splitlines()[1:]])


def json_difference(before, after, field=""):
    """Returns the fields that differ, each with both values."""
    if isinstance(before, dict) and isinstance(after, dict):
        children = [(f".{key}", before.get(key), after.get(key)) for key in before | after]
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        children = [(f"[{i}]", *pair) for i, pair in enumerate(zip(before, after))]
    else:
        return {} if before == after else {field.lstrip("."): (before, after)}
    return {k: v for name, old, new in children for k, v in json_difference(old, new, field + name).items()}
