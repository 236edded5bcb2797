"""A labelled CSV file, read by the schema of a package."""

import csv
import json
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Table:
    """The labelled rows of a file, and the folder of the package that they are for.

    Each row stands on one line, so that a part of the rows is a part of the lines.
    """

    name: str
    package: Path
    schema: dict
    lines: list
    rows: list

    @classmethod
    def read(cls, path: Path, package: Path):
        lines = path.read_text("utf-8").splitlines(keepends=True)
        rows = list(csv.DictReader(lines))
        if len(rows) != len(lines) - 1:
            sys.exit(f"{path} has a row of more than one line")
        schema = json.loads((package / "schema.json").read_text("utf-8"))
        return cls(path.name, package, schema, lines, rows)

    def __len__(self):
        return len(self.rows)

    @property
    def about(self) -> dict:
        """What the schema says beyond the standard: label, key, groups."""
        return self.schema["lifeboat"]

    @property
    def key(self) -> list:
        """The fields that name what a row is about."""
        key = self.about.get("key", [])
        return [key] if isinstance(key, str) else key

    def key_of(self, row) -> list:
        return [row[field] for field in self.key]

    @cached_property
    def happened(self) -> np.ndarray:
        """1 for a row whose label is the positive one, else 0."""
        positive = str(self.about["positive"])
        return np.array([int(row[self.about["label"]] == positive) for row in self.rows])

    @property
    def classes(self) -> list:
        """The label's values, in the schema's order."""
        label = next(field for field in self.schema["fields"] if field["name"] == self.about["label"])
        return [value["value"] if isinstance(value, dict) else value for value in label["categories"]]

    def text(self, rows) -> str:
        """Returns the file with these rows alone."""
        return self.lines[0] + "".join(self.lines[i + 1] for i in rows)

    def groups(self) -> list:
        """Returns each group that occurs: the fields it is named by, and which rows belong to it."""
        names = self.about["compare_by"]
        labels = [tuple(row[name] for name in names) for row in self.rows]
        return [
            (dict(zip(names, values)), np.array([label == values for label in labels]))
            for values in sorted(set(labels))
        ]
