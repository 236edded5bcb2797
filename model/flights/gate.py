"""The gate of a month: a candidate of what was known by the 20th, judged on the days since; if it passes, a model of all there is serves.

The model that serves then is not the one that was judged: it has learnt from the days that judged the other one, too.
"""

import datetime as dt
import json
import shutil
import subprocess
from pathlib import Path

import build
import pyarrow
import pyarrow.parquet
from features import PROGRAM, lifeboat

# A candidate learns from what was known on this day of the month before; the days from it on judge it.
LEARNS_UNTIL = 20
# What `lifeboat compare` ends with: promote, or keep the champion.
PASSED, REFUSED = 0, 3


def told_so_far(database: Path, champion: Path, first: dt.date, now: dt.datetime) -> pyarrow.Table:
    """Returns the flights of whose outcome the service was told, as it exports them."""
    with build.scratch("told.parquet") as path:
        window = ["--from", build.six(first).isoformat(), "--to", now.isoformat()]
        where = ["--database-url", f"sqlite:{database}", "--package", champion]
        lifeboat("export", *window, "--labelled", "--output", path, *where)
        names = build.LABELLED.names
        return pyarrow.parquet.read_table(path, columns=names).select(names).cast(build.LABELLED)


def decide(rows: pyarrow.Table, month: dt.date, champion: Path, candidate: build.Candidate, folder: Path) -> dict:
    """Judges a candidate of what was known by the 20th of the month before, and makes the model of all rows, which may serve."""
    since = (month - dt.timedelta(days=1)).replace(day=LEARNS_UNTIL)
    judged, refitted = folder / "judged", folder / candidate.semantic_version
    for earlier in (judged, refitted):
        shutil.rmtree(earlier, ignore_errors=True)
    build.build(build.known_by(rows, build.six(since)), candidate, judged, serves=False)
    known = build.known_by(rows, build.six(month))
    with build.as_file(known) as path:
        command = [PROGRAM, "compare", champion, judged, path, "--since", since.isoformat(), "--json"]
        done = subprocess.run([*map(str, command)], capture_output=True, text=True)
    if done.returncode not in (PASSED, REFUSED):
        raise RuntimeError(f"`lifeboat compare` failed: {done.stderr.strip()}")
    build.build(known, candidate, refitted)
    said = json.loads(done.stdout)
    kept = ("rows", "days", "gain", "promote", "objections", "champion", "challenger")
    return {"month": month.isoformat(), "since": since.isoformat(), "made": candidate.semantic_version} | {
        name: said[name] for name in kept
    }
