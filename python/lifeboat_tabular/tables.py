"""Tables of pandas, polars and NumPy as columns of plain values, and files of them that the program reads."""

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

Columns = dict[str, list[Any]]


def names_of(table: Any) -> list[str] | None:
    """The names of a frame's columns; None of an array, which has no names."""
    names = getattr(table, "columns", None)
    return None if names is None else [str(name) for name in names]


def columns_of(table: Any, names: Iterable[str] | None = None) -> Columns:
    """The columns of a table as plain values, None where one is missing. An array's are called x0, x1, … unless `names` tells."""
    if hasattr(table, "collect"):
        raise TypeError("a LazyFrame has no rows yet: give its collect()")
    if hasattr(table, "toarray"):
        raise TypeError("a sparse matrix has no names and types of columns: give a frame, or its toarray()")
    if isinstance(table, Mapping):
        return {str(name): values_of(column) for name, column in table.items()}
    if names_of(table) is not None:
        if not all(isinstance(name, str) for name in table.columns):
            raise ValueError("columns have numbers for names: X.columns = X.columns.astype(str)")
        return {str(name): values_of(table[name]) for name in table.columns}
    rows = table.tolist() if hasattr(table, "tolist") else [list(row) for row in table]
    width = len(rows[0]) if rows else 0
    called = list(names) if names is not None else [f"x{place}" for place in range(width)]
    if len(called) != width:
        raise ValueError(f"{len(called)} names for {width} columns")
    return {name: [plain(row[place]) for row in rows] for place, name in enumerate(called)}


def values_of(column: Any) -> list[Any]:
    """The values of a series, an array or a list."""
    if hasattr(column, "to_list"):
        column = column.to_list()
    elif hasattr(column, "tolist"):
        column = column.tolist()
    return [plain(value) for value in column]


def plain(value: Any) -> Any:
    """A value as JSON has it: None where it is missing, a date as text."""
    if type(value) in (str, int, bool):
        return value
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "item"):
        return plain(value.item())
    if isinstance(value, float):
        if math.isinf(value):
            raise ValueError("a value is infinite, which no record can be: put a number or a missing value in its place")
        return None if math.isnan(value) else value
    if isinstance(value, (list, tuple)):
        raise ValueError("a column has several values in one row: give y, and each column of X, with one value a row")
    return str(value) if isinstance(value, str) else float(value)


def kind_of(name: str, values: list[Any]) -> str:
    """What a column has: "text", "boolean", "integer" or "number"."""
    kinds = {type(value) for value in values} - {type(None)}
    if str in kinds and len(kinds) > 1:
        raise ValueError(f"column {name!r} has texts and numbers: make it one of them, as in frame[{name!r}].astype(str)")
    if kinds == {str}:
        return "text"
    if kinds == {bool}:
        return "boolean"
    return "integer" if kinds == {int} else "number"


def write(columns: Columns, path: Path) -> None:
    """Writes a row a line as JSON, which tells the text 007 from the number 7."""
    names = list(columns)
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise ValueError(f"the columns have different numbers of rows: {told}")
    with path.open("w", encoding="utf-8") as file:
        for row in zip(*columns.values(), strict=True):
            file.write(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) + "\n")
