"""A labelled CSV file, read by the table's schema."""

import csv
import json
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Table:
    """The labelled rows of a file. Each stands on one line, so that a part of the rows is a part of the lines."""

    name: str
    schema: dict
    lines: list
    rows: list

    @classmethod
    def read(cls, path: Path, schema: Path):
        lines = path.read_text("utf-8").splitlines(keepends=True)
        rows = list(csv.DictReader(lines))
        if len(rows) != len(lines) - 1:
            sys.exit(f"{path} has a row of more than one line")
        return cls(path.name, json.loads(schema.read_text("utf-8")), lines, rows)

    def __len__(self):
        return len(self.rows)

    @property
    def about(self) -> dict:
        """What the schema says beyond the standard: label, key, groups."""
        return self.schema["lifeboat"]

    @cached_property
    def happened(self) -> np.ndarray:
        """1 for a row whose label is the positive one, else 0."""
        positive = str(self.about["positive"])
        return np.array([int(row[self.about["label"]] == positive) for row in self.rows])

    @property
    def optional(self) -> list:
        """The fields that may be missing, but for label and key."""
        others = (self.about["label"], self.about["key"])
        fields = [field for field in self.schema["fields"] if field["name"] not in others]
        return [field["name"] for field in fields if not field.get("constraints", {}).get("required")]

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
