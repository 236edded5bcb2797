"""Replays the year: the real program serves the flights of April to December 2013, day by day, by a clock that is set from here.

    .tools/train/bin/python model/flights/replay.py              # the whole year; go on where it stopped by the same command
    .tools/train/bin/python model/flights/replay.py --days 60    # as the tests do
    .tools/train/bin/python model/flights/replay.py --write      # puts plot and table into docs/ and README.md at the end

Each hour clients ask about the flights that leave in three hours. At six in the morning it is told how yesterday's went; at 06:15
`lifeboat snapshot` makes the history as of six, and the server takes it up. On the first of a month, `lifeboat monitor` looks back,
and a candidate stands at the gate (gate.py). Three models are compared:

(a) the one of January to March, without history, left alone: asked by `lifeboat predict` at the end
(b) the one of January to March with history that lives: it runs in the shadow of the one that serves
(c) the one that serves: retrained, and promoted by the gate
"""

import argparse
import datetime as dt
import json
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import build
import figures
import gate
import pyarrow
import records
import train
from days import DAY, Ask, Tell, days
from features import PROGRAM
from server import Server

LAST = dt.date(2013, 12, 31)
FOLDER = HERE.parent.parent / ".tools" / "flights"
# Each day one of its questions is sent twice, as by a client that saw no answer; so is a part of what it is told.
SEED = 2013
# A command ends so when it found something: drift, or a snapshot that is unlike the last one.
WORTH_A_LOOK = 3


def main():
    parser = argparse.ArgumentParser(description="Replays the flights of April to December 2013.")
    parser.add_argument("--days", type=int, default=(LAST - train.SERVES_FROM).days + 1, help="days, from 1 April on")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where it keeps what it needs to go on")
    parser.add_argument("--again", action="store_true", help="begin again, whatever is kept")
    parser.add_argument("--write", action="store_true", help="put plot and table into docs/ and README.md at the end")
    arguments = parser.parse_args()
    if arguments.again:
        shutil.rmtree(arguments.folder, ignore_errors=True)
    # As for Ctrl-C: the server stops with the year.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    year = Year(arguments.folder, list(records.read_flights()), arguments.days)
    try:
        year.live()
    finally:
        year.server.stop()
    found = year.look_back()
    print(figures.told(found))
    if arguments.write:
        figures.write(found)
    sys.exit(1 if found["faults"] else 0)


class Year:
    """The year so far. What is not in the database stands in year.json, which is written once a day is over."""

    def __init__(self, folder: Path, flights: list, count: int):
        self.folder, self.flights, self.state_file = folder, flights, folder / "year.json"
        last = min(train.SERVES_FROM + (count - 1) * DAY, LAST)
        self.days = days(flights, train.SERVES_FROM, last)
        self.server = Server(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.recipe, manifest = build.recipe(), json.loads((HERE / "manifest.json").read_text("utf-8"))
        self.choice, self.first = manifest["choice"], manifest["semantic_version"]
        begun = {"version": manifest["version"], "next": 0, "champion": self.first}
        begun |= {"gates": [], "months": [], "counts": {}, "seconds": {}}
        self.state = json.loads(self.state_file.read_text()) if self.state_file.is_file() else begun
        if self.state["version"] != manifest["version"]:
            sys.exit(f"{folder} is of the package {self.state['version']}, not {manifest['version']}: begin --again")
        self.first_rows = train.rows(flights)

    def package(self, version) -> Path:
        return HERE if version == self.first else self.folder / version

    @property
    def champion(self) -> Path:
        return self.package(self.state["champion"])

    def live(self):
        """Lives the days that are left, each as a whole: one that was begun before is done again, and nothing comes of that."""
        left = self.days[self.state["next"] :]
        if left:
            self.server.set_clock(left[0].six if self.state["next"] else left[0].snapshot_due)
            self.server.start(self.champion, HERE)
        for number, day in enumerate(left, self.state["next"] + 1):
            self.morning(day)
            if day.date.day == 1 and day.date > train.SERVES_FROM:
                self.first_of_month(day, is_last=number == len(self.days))
            self.rest(day)
            # The last morning has no day: it is done again where the year goes on.
            self.state["next"] = min(number, len(self.days) - 1)
            self.keep()
            self.progress(number, day)

    def morning(self, day):
        """Tells what became known by six, and has the snapshot made."""
        for step in day.steps:
            if isinstance(step, Tell) and step.moment <= day.snapshot_due:
                self.tell(step, day)
        self.server.set_clock(day.snapshot_due)
        if day.date == train.SERVES_FROM:
            return
        with self.measured("snapshot", 1):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            self.run("snapshot", "--as-of", day.six.isoformat(), "--package", self.champion)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.count("snapshot_cpu", after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        self.server.wait(lambda: moment_of(self.server.model()) == day.six)

    def rest(self, day):
        asks = [step for step in day.steps if isinstance(step, Ask)]
        twice = random.Random(f"{SEED} {day.date}").choice(asks) if asks else None
        for step in day.steps:
            if isinstance(step, Tell) and step.moment > day.snapshot_due:
                self.tell(step, day)
            elif isinstance(step, Ask):
                self.ask(step, step is twice)

    def ask(self, step: Ask, twice):
        self.server.set_clock(step.moment)
        with self.measured("asked", len(step.flights)):
            answers = self.server.predict([it.record for it in step.flights])
        if twice:
            again = self.server.predict([it.record for it in step.flights])
            self.count("asked_twice", len(again))
            self.count("answered_otherwise", sum(one != other for one, other in zip(answers, again)))

    def tell(self, step: Tell, day):
        self.server.set_clock(step.moment)
        outcomes = [{name: it.record[name] for name in build.KEY} | {"late": it.late} for it in step.flights]
        with self.measured("told", len(outcomes)):
            answers = self.server.tell(outcomes)
        answers += self.server.tell(outcomes[:100])
        for answer in answers:
            self.count(f"outcomes_{answer['result']}", 1)

    def first_of_month(self, day, is_last):
        """Looks back on the month, and lets a candidate stand at the gate. Promoted, it serves from now on."""
        self.state["months"] = [it for it in self.state["months"] if it["to"] != day.date.isoformat()]
        self.state["gates"] = [it for it in self.state["gates"] if it["month"] != day.date.isoformat()]
        self.monitor((day.date - DAY).replace(day=1), day)
        if is_last:
            return
        told = gate.told_so_far(self.server.database, self.champion, train.SERVES_FROM, day.snapshot_due)
        rows = pyarrow.concat_tables([self.first_rows, told])
        candidate = build.Candidate(self.recipe, train.CHOSEN, self.choice["penalty"], f"1.{day.date.month}.0", {})
        decided = gate.decide(rows, day.date, self.champion, candidate, self.folder)
        self.state["gates"].append(decided | {"champion_version": self.state["champion"]})
        if decided["promote"]:
            self.state["champion"] = candidate.semantic_version
            self.server.start(self.champion, HERE)
            self.server.wait(lambda: moment_of(self.server.model()) == day.six)

    def monitor(self, first: dt.date, day):
        """Keeps what the monitor says of a month. Outcomes of its last days may still be missing."""
        with build.scratch("report.json") as path:
            window = ["--from", build.six(first).isoformat(), "--to", day.six.isoformat()]
            self.run("monitor", *window, "--package", self.champion, "--output", path)
            report = json.loads(path.read_text("utf-8"))
        major = {
            part: [column["name"] for column in report[part] if column["drift"] == "major"]
            for part in ("fields", "features")
        }
        shadows = {version: {"observed": it["observed"]} for version, it in report["shadows"].items()}
        kept = {name: report[name] for name in ("rows", "verdict", "observed")}
        self.state["months"].append({"from": first.isoformat(), "to": day.date.isoformat()} | kept | major | {"shadows": shadows})

    def run(self, command, *arguments):
        """Runs a command on the database. What it finds worth a look does not end the year."""
        line = [PROGRAM, command, *map(str, arguments), "--database-url", f"sqlite:{self.server.database}"]
        done = subprocess.run(line, capture_output=True, text=True)
        if done.returncode == WORTH_A_LOOK:
            self.count(f"{command}_worth_a_look", 1)
        elif done.returncode != 0:
            raise RuntimeError(f"`lifeboat {command}` failed: {done.stderr.strip()}")

    def look_back(self) -> dict:
        """Returns what came of it: see figures.py."""
        return figures.look_back(self)

    def measured(self, name, count):
        return Measured(self.state, name, count)

    def count(self, name, more):
        self.state["counts"][name] = self.state["counts"].get(name, 0) + more

    def keep(self):
        written = self.state_file.with_suffix(".next")
        written.write_text(json.dumps(self.state, indent=1))
        written.replace(self.state_file)

    def progress(self, done, day):
        count = len(self.days)
        bar = "#" * (40 * done // count)
        line = f"[{bar:40}] {day.date} {self.state['counts'].get('asked', 0):7} flights, {self.state['champion']} serves"
        if sys.stdout.isatty():
            print(f"\r{line}", end="" if done < count else "\n", flush=True)
        elif day.date.day == 1 or done == count:
            print(line, flush=True)


class Measured:
    """Adds to a count, and to the seconds that it took."""

    def __init__(self, state, name, count):
        self.state, self.name, self.more = state, name, count

    def __enter__(self):
        self.began = time.monotonic()

    def __exit__(self, kind, *_):
        if kind is None:
            seconds = time.monotonic() - self.began
            for part, more in (("counts", self.more), ("seconds", seconds)):
                self.state[part][self.name] = self.state[part].get(self.name, 0) + more


def moment_of(model):
    """Returns the moment that the snapshot is of by which a server answers."""
    as_of = (model.get("snapshot") or {}).get("as_of")
    return as_of and dt.datetime.fromisoformat(as_of)


if __name__ == "__main__":
    main()
