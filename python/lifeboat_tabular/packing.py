"""From a trained model and its table to a package: exported, packed, and compared row by row with the model itself."""

import importlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import exporting, mending, tables
from .program import PackError, run


@dataclass(frozen=True)
class Packed:
    """A package that was made, and what the program reports of it."""

    path: Path
    report: str


def pack(
    model: Any,
    X: Any,
    y: Any,
    output: str | Path,
    *,
    target: str,
    key: Any = None,
    time: str | None = None,
    columns: Sequence[str] | None = None,
    evaluate: tuple[Any, Any] | None = None,
    schema: str | Path | None = None,
    name: str | None = None,
    version: str | None = None,
    positive: Any = None,
    compare_by: Sequence[str] = (),
    threshold: float | None = None,
    missing_text: Mapping[str, str] | None = None,
    accept_differences: int | None = None,
) -> Packed:
    """Packs a fitted model into the folder `output`, which `lifeboat serve` serves.

    X and y are the rows it was trained on: a frame of pandas or polars, or an array of NumPy, whose columns `columns` names. X may have
    columns that the model does not read: the key, the time, and those of `compare_by` are kept. y is called `target`.

    key: the column, or columns, that name what a row is about; or their values, as a Series, a frame or a mapping.
    evaluate: (X, y) of rows that the model has not seen, for the figures of the package.
    schema: a schema.json that was reviewed, in place of one that is inferred.
    positive, threshold: of two classes, the one whose probability is told, and from which probability on it is predicted.
    missing_text: what a missing text of a column is fed to the graph as.
    accept_differences: how many rows may be answered otherwise than by the model, as at a float32 threshold of a tree.

    Prints the program's report and returns it. Raises PackError, which says what to change, where the model cannot be exported or the
    graph answers otherwise than the model.
    """
    table = tables.columns_of(X, columns)
    keys, kept = keys_of(key, table)
    for beside in [*([time] if time else []), *compare_by]:
        kept.setdefault(beside, column(table, beside))
    names = read_by(model, [called for called in table if called not in keys], list(table))
    if target in names:
        raise ValueError(f"the target {target!r} is among the columns that the model reads: it would be told what it is to predict")
    read = {called: table[called] for called in names}
    kinds = {called: tables.kind_of(called, values) for called, values in read.items()}
    expected = predicted(model, X, names, list(table))
    graph, is_matrix = exporting.export(model, kinds)
    texts = mending.missing_texts(model, kinds) | dict(missing_text or {})
    options: dict[str, Any] = {
        "--target": target,
        "--name": name,
        "--version": version,
        "--threshold": threshold,
        "--inputs": ",".join(names) if is_matrix else None,
        "--accept-differences": accept_differences,
        "--trained-by": exporting.trained_by(model),
        "--output": output,
    }
    # A reviewed schema has these itself.
    inferred = {"--key": ",".join(keys), "--time": time, "--positive": positive, "--compare-by": ",".join(compare_by)}
    options |= {"--schema": schema} if schema else inferred
    with tempfile.TemporaryDirectory(prefix="lifeboat-") as folder:
        place = Path(folder)
        (place / "model.onnx").write_bytes(graph)
        rows = {**kept, **read, target: labels_of(model, y)}
        tables.write(rows, place / "data.ndjson")
        np.save(place / "expected.npy", expected)
        arguments = ["pack", str(place / "model.onnx"), "--data", str(place / "data.ndjson"), "--expect", str(place / "expected.npy")]
        if evaluate is not None:
            unseen = {called: values for called, values in tables.columns_of(evaluate[0], columns).items() if called in rows}
            tables.write({**unseen, target: labels_of(model, evaluate[1])}, place / "unseen.ndjson")
            arguments += ["--evaluate", str(place / "unseen.ndjson")]
        arguments += [text for option, value in options.items() if value not in (None, "") for text in (option, str(value))]
        arguments += [text for field, fed in texts.items() for text in ("--missing-text", f"{field}={fed}")]
        try:
            report = run(arguments)
        except PackError as error:
            advice = mending.advice(model)
            told = [str(error).replace(f"{place}{os.sep}", ""), *(["Of this model:"] if advice else []), *(f"  - {line}" for line in advice)]
            raise PackError("\n".join(told)) from None
    print(report)
    return Packed(Path(output), report)


def keys_of(key: Any, table: tables.Columns) -> tuple[list[str], tables.Columns]:
    """The names of the key, and its values: columns of X, or what stands beside it."""
    if key is None:
        return [], {}
    named = [key] if isinstance(key, str) else key
    if isinstance(key, str) or isinstance(key, (list, tuple)) and all(isinstance(one, str) and one in table for one in key):
        return list(named), {called: column(table, called) for called in named}
    if not isinstance(key, Mapping) and tables.names_of(key) is None:
        key = {getattr(key, "name", None) or "id": key}
    values = tables.columns_of(key)
    if clash := [called for called in values if called in table and values[called] != table[called]]:
        raise ValueError(f"the key {clash[0]!r} is also a column of X, with other values: give it another name")
    return list(values), values


def column(table: tables.Columns, called: str) -> list[Any]:
    if called not in table:
        raise ValueError(f"X has no column {called!r}: it has {', '.join(table)}")
    return table[called]


def read_by(model: Any, free: list[str], names: list[str]) -> list[str]:
    """The columns that a model reads, in its order, of those that X has: by their names, else by their number, the key excepted."""
    known: list[str] = []
    for attribute in ("feature_names_in_", "feature_name_", "feature_names_", "feature_names"):
        if not known and getattr(model, attribute, None) is not None:
            known = [str(called) for called in getattr(model, attribute)]
    if known and set(known) <= set(names):
        return known
    width = int(getattr(model, "n_features_in_", len(known) or len(free)))
    for those in (free, names):
        if len(those) == width:
            return those
    raise ValueError(f"the model reads {width} columns ({', '.join(known) or 'without names'}), and X has {', '.join(names)}")


def predicted(model: Any, X: Any, read: list[str], names: list[str]) -> np.ndarray:
    """What the model itself says of each row: the probability of each class, or the value."""
    if tables.names_of(X) is None:
        rows = np.asarray(X)[:, [names.index(called) for called in read]]
    elif hasattr(X, "to_dicts") and exporting.library_of(model) == "sklearn" and not hasattr(X, "__dataframe__"):
        # This polars and this scikit-learn do not know each other.
        rows = importlib.import_module("pandas").DataFrame(X.to_dict(as_series=False))[read]
    else:
        rows = X[read]
    if type(model).__name__ == "Booster":
        matrix = importlib.import_module("xgboost").DMatrix(rows) if exporting.library_of(model) == "xgboost" else rows
        return np.asarray(model.predict(matrix), np.float64)
    if is_classifier(model) and not hasattr(model, "predict_proba"):
        raise PackError("the model has no predict_proba, so there is no probability to tell: " + mending.PROBABILITY)
    return np.asarray(model.predict_proba(rows) if is_classifier(model) else model.predict(rows), np.float64)


def is_classifier(model: Any) -> bool:
    return len(getattr(model, "classes_", [])) > 0


def labels_of(model: Any, y: Any) -> list[Any]:
    """What happened; classes that are whole numbers are no measurements, whatever type they have."""
    values = tables.values_of(y)
    if is_classifier(model) and all(isinstance(value, float) and value.is_integer() for value in values if value is not None):
        return [None if value is None else int(value) for value in values]
    return values
