"""Drives a model's whole life on SQLite: serve, watch, drift, outcomes, export, retrain, shadow, compare, promote, replay.

    .tools/train/bin/python tests/lifecycle.py [target/release/lifeboat]
"""

import contextlib
import csv
import datetime
import json
import math
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).parent.parent
PROGRAM = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/release/lifeboat").resolve()
MODEL = ROOT / "model/titanic"
# A passenger of the original data: the other outcome, the age spelt otherwise, and no cabin.
TOLD_AGAIN = {"PassengerId": "2", "Survived": "0", "Pclass": "1", "Name": "Cumings, Mrs. John Bradley (Florence Briggs Thayer)",
              "Sex": "female", "Age": "38.0", "SibSp": "1", "Parch": "0", "Ticket": "PC 17599", "Fare": "71.2833", "Cabin": "",
              "Embarked": "C"}
INTEGERS, NUMBERS = {"PassengerId", "Pclass", "SibSp", "Parch", "Survived"}, {"Age", "Fare"}


def main():
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        population = read(MODEL / "train.csv")
        with served() as url:
            watch(url, population)
            newcomers(url, population)
        champion_to_challenger(population)
    print(f"ok: the whole loop in {time.monotonic() - started:.0f} s")


def watch(url, population):
    """What is like the training data is stable, and what has shifted is named."""
    post(url, population)
    report = monitor(url, "since=1h")
    expect(report["verdict"] == "stable" and report["rows"] == 891, report["verdict"])
    print("ok: 891 passengers posted, the report says stable")

    older = [row | ({"Age": row["Age"] + 20} if "Age" in row else {}) for row in population]
    older += [row | {"PassengerId": row["PassengerId"] + 10_000} for row in older if row["Pclass"] == 3]
    since = now()
    post(url, older)
    report = monitor(url, f"from={since}")
    named, fields = ({column["name"] for column in report[part] if column["drift"] == "major"} for part in ("features", "fields"))
    run("export", "--from", since, "--output", "older.csv")
    shifted = majors(list(csv.DictReader(open("older.csv"))))
    expect(report["verdict"] == "major_drift" and named == shifted and "age" in named, f"{named}, not {shifted}")
    expect("Age" in fields, f"of the fields {fields}")
    print(f"ok: {len(older)} older passengers posted, the report names {', '.join(sorted(named))}")


def majors(rows):
    """Returns the features whose stability index is 0.25 or more above what it is without drift, computed here from an export and the
    baseline."""
    found = set()
    for name, baseline in json.loads((MODEL / "baseline.json").read_text())["features"].items():
        counts = [0] * len(baseline["counts"])
        for row in rows:
            counts[sum(edge <= float(row[f"feature_{name}"]) for edge in baseline["edges"])] += 1
        before, after = zip(*[bin for bin in zip(baseline["counts"], counts) if any(bin)])
        expected = (len(before) - 1) * (1 / sum(before) + 1 / sum(after))
        before, after = ([(n + 0.5) / (sum(c) + len(c) / 2) for n in c] for c in (before, after))
        if sum((a - b) * math.log(a / b) for b, a in zip(before, after)) - expected >= 0.25:
            found.add(name)
    return found


def newcomers(url, population):
    """Other people come, of whom it is told what happened: among them the young survived, whatever their sex. Their ids are taken."""
    chance = random.Random(1912)
    others = []
    for row in population:
        surname, rest = row["Name"].split(",", 1)
        row = row | {"Name": f"{surname}sen,{rest}", "Ticket": f"{row['Ticket']}7"}
        others.append(row | {"Survived": int((row.get("Age", 30) < 30) != (chance.random() < 0.1))})
    since = now()
    post(url, others)
    with open("outcomes.csv", "w", newline="") as file:
        csv.writer(file).writerows([["PassengerId", "Survived"]] + [[row["PassengerId"], row["Survived"]] for row in others])
    said = run("outcomes", "outcomes.csv")
    expect("891 outcomes recorded" in said, said)
    observed = monitor(url, f"from={since}")["observed"]
    right = sum((row["Survived"] == 1) == (probability >= 0.5) for row, probability in zip(others, answers(url, others)))
    expect(observed["rows"] == 891 and abs(observed["accuracy"] - right / 891) < 1e-9, observed)
    print(f"ok: 891 outcomes recorded, the report says accuracy {observed['accuracy']:.3f}")
    run("export", "--from", since, "--labelled", "--table", "--output", "labelled.csv")
    run("check", "labelled.csv")


def champion_to_challenger(population):
    """Half of what was told trains a candidate, the other half decides; the winner serves, and old predictions replay."""
    header, *rows = pathlib.Path("labelled.csv").read_text().splitlines(keepends=True)
    for name, part in (("told.csv", rows[::2]), ("held_out.csv", rows[1::2])):
        pathlib.Path(name).write_text(header + "".join(part))
    with open("told.csv", "a", newline="") as file:
        csv.writer(file).writerow(TOLD_AGAIN.values())
    command = [sys.executable, MODEL / "retrain.py", "told.csv", "--output", "candidate", "--version", "1.1.0"]
    print(checked(command, LIFEBOAT=str(PROGRAM)))
    merged(len(rows[::2]))
    shadow(population)
    expect("keep the champion" in run("compare", MODEL, MODEL, "held_out.csv", status=3), "the champion beats itself")
    compared = run("compare", MODEL, "candidate", "held_out.csv")
    print(compared)
    expect("promote: " in compared, compared)

    with served(MODEL_DIR="candidate") as url:
        version = post(url, population[:1])[0]["model_version"]
        expect(version.startswith("1.1.0-"), version)
    replayed = run("replay", "--package", "candidate", "--package", MODEL)
    expect(re.search(r"^\d+ the same, 0 different$", replayed, re.M) and "not at hand" not in replayed, replayed)
    print(f"ok: {version} answers, and all that was stored replays: {replayed.strip()}")


def merged(added):
    """The original passengers keep their ids, others do not share them, and who is told of again is as told last, but for what was not told."""
    original, rows = (rows_of(path) for path in (MODEL / "train.csv", pathlib.Path("candidate/train.csv")))
    expect(len(rows) == len(original) + added, f"{len(rows)} rows")
    [(before, after)] = [pair for pair in zip(original, rows) if pair[0] != pair[1]]
    expect(after == before | {"Survived": TOLD_AGAIN["Survived"]} and after["Cabin"] == "C85", after)
    ids = [row["PassengerId"] for row in rows if row["PassengerId"]]
    expect(ids == [row["PassengerId"] for row in original], "an id is lost, or stands twice")
    print(f"ok: {added} passengers with ids that others have are added without them, one is told of again")


def rows_of(path):
    """Returns the rows of a file as retraining writes them, each text with single blanks."""
    return [{name: " ".join(text.split()) for name, text in row.items()} for row in csv.DictReader(path.open(newline=""))]


def shadow(population):
    """The candidate scores what the champion answers; both are in the report."""
    newcomers = [row | {"PassengerId": row["PassengerId"] + 90_000} for row in population]
    since = now()
    with served(SHADOW_MODEL_DIR="candidate") as url:
        answered = post(url, newcomers)
        report = monitor(url, f"from={since}")
    [(version, said)] = report["shadows"].items()
    mean = sum(answer["probability"] for answer in answered) / len(answered)
    expect(version.startswith("1.1.0-") and {answer["model_version"] for answer in answered} == {report["model_version"]}, version)
    expect(said["rows"] == 891 and abs(said["answered_mean"] - mean) < 1e-6 and said["mean_difference"] > 0, said)
    print(f"ok: {version} in the shadow of {report['model_version']}, {said['mean_difference']:.4f} away on average")


@contextlib.contextmanager
def served(**environment):
    """Serves on a free port, and gives the address."""
    log = open("log", "w+")
    variables = os.environ | {"LOG_FORMAT": "json"} | environment
    server = subprocess.Popen([PROGRAM, "serve", "--port", "0"], stderr=log, env=variables)
    try:
        while not (found := re.search(r'"address":"([^"]+)', pathlib.Path("log").read_text())):
            expect(server.poll() is None, "the server stopped")
            time.sleep(0.05)
        yield f"http://{found[1]}"
    finally:
        server.terminate()
        server.wait()


def post(url, rows):
    answered = []
    for start in range(0, len(rows), 1000):
        body = json.dumps(rows[start : start + 1000]).encode()
        request = urllib.request.Request(f"{url}/predict", body, {"content-type": "application/json"})
        answered += json.load(urllib.request.urlopen(request))
    return answered


def answers(url, rows):
    return [answer["probability"] for answer in post(url, rows)]


def monitor(url, query):
    time.sleep(0.01)  # A window ends before its last millisecond.
    return json.load(urllib.request.urlopen(f"{url}/monitor?{query}"))


def now():
    time.sleep(0.01)
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read(path):
    """Returns the rows of a file as a client would post them, without what is missing."""
    def value(name, text):
        return int(text) if name in INTEGERS else float(text) if name in NUMBERS else text

    rows = csv.DictReader(path.open(newline=""))
    return [{name: value(name, text) for name, text in row.items() if text} for row in rows]


def run(*arguments, status=0):
    return checked([PROGRAM, *arguments], status)


def checked(command, status=0, **environment):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=os.environ | environment)
    said = done.stdout + done.stderr
    expect(done.returncode == status, f"{command} ended with {done.returncode}: {said}")
    return said


def expect(condition, said):
    if not condition:
        sys.exit(f"tests/lifecycle.py: {said}")


if __name__ == "__main__":
    main()
