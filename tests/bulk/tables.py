"""The data sets of the tests, and what comes of them: passengers, of whom there are as many as it takes."""

import csv
import gzip
import io
import json
import pathlib
import random
import subprocess
import time

from stack import ROOT

PYTHON = ROOT / ".tools/train/bin/python"
PARQUET = pathlib.Path(__file__).with_name("parquet.py")
KEY = "PassengerId"


def passengers(count, first=1, seed=18):
    """Returns records of passengers, each with a key of its own."""
    with open(ROOT / "model/titanic/train.csv", newline="") as file:
        known = [{name: cell for name, cell in row.items() if name != "Survived"} for row in csv.DictReader(file)]
    chosen = random.Random(seed).choices(known, k=count)
    return [record | {KEY: str(number)} for number, record in enumerate(chosen, first)]


def as_csv(records, ends="\n"):
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(records[0]), lineterminator=ends)
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue().encode()


def as_gzip(records):
    return gzip.compress(as_csv(records), mtime=0)


def as_ndjson(records):
    numbers = ("PassengerId", "Pclass", "Age", "SibSp", "Parch", "Fare")
    objects = ({name: json.loads(cell) if name in numbers else cell for name, cell in record.items() if cell} for record in records)
    return "".join(json.dumps(each) + "\n" for each in objects).encode()


def as_parquet(records, work, rows_a_group=1000):
    """Returns a Parquet file with groups of so many rows."""
    source, target = pathlib.Path(work, "records.csv"), pathlib.Path(work, "records.parquet")
    source.write_bytes(as_csv(records))
    subprocess.run([PYTHON, "-B", PARQUET, "write", source, target, str(rows_a_group)], check=True)
    return target.read_bytes()


def rows(content, extension, work):
    """Returns the rows of a table that was scored: lines of a text but for its header, or what Parquet has as JSON."""
    if extension == "parquet":
        path = pathlib.Path(work, "part.parquet")
        path.write_bytes(content)
        content = subprocess.run([PYTHON, "-B", PARQUET, "read", path], check=True, capture_output=True).stdout
    lines = content.splitlines()
    return lines[1:] if extension == "csv" else lines


def expect_same_parquet(whole, parts, work):
    """Fails unless parts, one behind the other, have the rows of a file."""
    paths = [pathlib.Path(work, f"part-{at}.parquet") for at in range(len(parts))]
    for path, part in zip(paths, parts):
        path.write_bytes(part)
    subprocess.run([PYTHON, "-B", PARQUET, "same", whole, *paths], check=True)


class Predicted:
    """What `lifeboat predict` writes for files, and says of them, and how long the last of them took."""

    def __init__(self, program, work):
        self.program, self.work, self.seconds = program, pathlib.Path(work, "predicted"), 0
        self.work.mkdir()

    def rows(self, files, extension, *options):
        """Returns the rows that the program writes for files, by their names, in the order of their names."""
        made = []
        for name in sorted(files):
            done, output = self.run(name, files[name], extension, *options)
            if done.returncode:
                raise RuntimeError(f"lifeboat predict {name}: {done.stderr}")
            made += rows(output.read_bytes(), extension, self.work)
        return made

    def refusal(self, name, content, extension):
        """Returns what the program says of a file that it refuses."""
        done, _ = self.run(name, content, extension)
        if not done.returncode:
            raise RuntimeError(f"lifeboat predict takes {name}")
        return done.stderr

    def run(self, name, content, extension, *options):
        source, output = self.work / name.replace("/", "-"), self.work / f"output.{extension}"
        source.write_bytes(content)
        command, began = [self.program, "predict", source, "--output", output, "--quiet", *options], time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True)
        self.seconds = time.monotonic() - began
        return done, output
