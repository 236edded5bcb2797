"""Watches the flights of 2013 with a model of their first quarter: weather and the day's rush differ in each week and are no alarm, and what has
really changed is one; a month whose answers are as good as ever warns, and one whose answers are worse alarms.

    .tools/train/bin/python tests/drift.py [target/release/lifeboat]
"""

import csv
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx
from onnx import TensorProto, helper
from sklearn.linear_model import LogisticRegression

ROOT = pathlib.Path(__file__).resolve().parent.parent
FLIGHTS = ROOT / "model/flights"
sys.path.insert(0, str(FLIGHTS))

import records

PROGRAM = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "target/release/lifeboat").resolve()
# What all flights of a day share, more or less.
WEATHER = {"humid", "wind_speed", "wind_gust", "precip", "visib", "pressure"}
FEATURES = ["humid", "wind_speed", "visib", "cong", "distance"]


def main():
    started = time.monotonic()
    flights = [it for it in records.read_flights() if it.late is not None]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        trained(folder, between(flights, "2013-01-01", "2013-04-01"))
        ordinary_weeks(folder, flights)
        real_changes(folder, between(flights, "2013-05-08", "2013-05-15"))
        months(folder, flights)
    print(f"ok: the flights' drift in {time.monotonic() - started:.0f} s")


def trained(folder, flights):
    """Makes a package of a logistic regression over a few numbers."""
    package = folder / "package"
    package.mkdir()
    package.joinpath("schema.json").write_bytes(FLIGHTS.joinpath("schema.json").read_bytes())
    steps = [{"step": "impute", "name": f"{name}_known", "from": name, "with": "median"} for name in FEATURES]
    package.joinpath("recipe.json").write_text(json.dumps({"steps": steps, "features": [step["name"] for step in steps]}))
    package.joinpath("manifest.json").write_text(json.dumps({"name": "late", "semantic_version": "1.0.0", "classes": [False, True]}))
    train = folder / "train.parquet"
    records.write_parquet(flights, records.TABLE, train)
    run("fit", train, "--package", package, "--quiet")
    run("features", train, "--package", package, "--output", folder / "matrix.csv", "--quiet")
    with open(folder / "matrix.csv", newline="") as file:
        matrix = np.array([[float(row[f"{name}_known"]) for name in FEATURES] for row in csv.DictReader(file)])
    mean, std = matrix.mean(axis=0), matrix.std(axis=0)
    model = LogisticRegression().fit((matrix - mean) / std, [it.late for it in flights])
    weights = model.coef_[0] / std
    onnx.save(graph(weights, model.intercept_[0] - weights @ mean), package / "model.onnx")
    run("pack", package, "--data", train)
    baseline = json.loads(package.joinpath("baseline.json").read_text())
    expect(len(baseline["by_day"]["dates"]) == 90 and baseline["quality"]["rows"] == len(flights), baseline["quality"])
    size = package.joinpath("baseline.json").stat().st_size
    expect(size < 200_000, f"{size} bytes")
    print(f"ok: trained on {len(flights)} flights of 90 days, a baseline of {size // 1000} kB")


def graph(weights, bias):
    halves = np.array([-weights, weights], np.float32).T / 2
    nodes = [
        helper.make_node("Gemm", ["features", "weights", "bias"], ["odds"]),
        helper.make_node("Softmax", ["odds"], ["probabilities"], axis=1),
        helper.make_node("ArgMax", ["probabilities"], ["label"], axis=1, keepdims=0),
    ]
    constants = [
        helper.make_tensor("weights", TensorProto.FLOAT, halves.shape, halves.flatten()),
        helper.make_tensor("bias", TensorProto.FLOAT, [2], np.array([-bias, bias], np.float32) / 2),
    ]
    inputs = [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", len(FEATURES)])]
    outputs = [
        helper.make_tensor_value_info("label", TensorProto.INT64, ["N"]),
        helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 2]),
    ]
    made = helper.make_graph(nodes, "late", inputs, outputs, constants)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def ordinary_weeks(folder, flights):
    """The second week of each later month: the index of weather is high, and no week of training was nearer."""
    far = 0
    for month in range(4, 13):
        report = monitor(folder, f"week-{month}", between(flights, f"2013-{month:02}-08", f"2013-{month:02}-15"), status=None)
        weather = [field for field in report["fields"] if field["name"] in WEATHER]
        expect(len(weather) == len(WEATHER) and {field["blocks"]["count"] for field in weather} == {12}, weather)
        far += sum(field["index"]["judged"] >= 0.25 for field in weather)
        expect({field["drift"] for field in weather} == {"none"}, f"{month}: {shifted(report)}")
        # The timetable has another number of departures an hour than that of winter: that is true, and no matter of days.
        expect(shifted(report).keys() <= {"cong"}, f"{month}: {shifted(report)}")
        expect(report["standing"] is None and report["rests_on"] == "drift", report["standing"])
    expect(far >= 30, f"only {far} are far")
    print(f"ok: of 54 weeks and fields of weather, {far} are at 0.25 or above, and none is an alarm")


def real_changes(folder, flights):
    """Another unit, a sensor that fails and a new airline are found in a week, and named."""
    for name, change, found in [
        ("kilometres", lambda row: {"distance": round(row["distance"] * 1.609)}, "distance"),
        ("share", lambda row: {"humid": row["humid"] and row["humid"] / 100}, "humid"),
        ("none", lambda row: {"visib": None}, "visib"),
        ("airline", lambda row: {"carrier": "ZZ"} if row["flight"] % 10 == 0 else {}, "carrier"),
    ]:
        changed = [records.Flight(it.record | change(it.record), it.departure, it.late, it.known_at) for it in flights]
        report = monitor(folder, name, changed, status=3)
        majors = {field["name"] for field in report["fields"] if field["drift"] == "major"}
        expect(report["verdict"] == "major_drift" and found in majors, f"{name}: {majors}")
        if found == "carrier":
            [carrier] = [field for field in report["fields"] if field["name"] == "carrier"]
            rows = sum(it.record["carrier"] == "ZZ" for it in changed)
            expect(carrier["unseen_values"] == [{"value": "ZZ", "rows": rows}], carrier)
        print(f"ok: {name}: {', '.join(sorted(majors))}")


def months(folder, flights):
    """Quality outranks drift, and a month has too few blocks of a quarter for what comes in days."""
    september = monitor(folder, "september", between(flights, "2013-09-01", "2013-10-01"), outcomes=True)
    expect((september["verdict"], september["rests_on"]) == ("drift_warning", "quality"), shifted(september))
    expect(len(september["by_day"]) == 30 and september["known_rate"] == 1, september["known_rate"])
    for field in september["fields"]:
        if field["name"] in WEATHER - {"precip"}:
            expect(field["drift"] is None and field["blocks"]["count"] == 3, field)
    december = monitor(folder, "december", between(flights, "2013-12-01", "2014-01-01"), outcomes=True, status=3)
    worse = {measure["kind"] for measure in december["standing"]["measures"] if measure["is_worse"]}
    expect(december["verdict"] == "worse_answers" and worse == {"excess_log_loss", "mean_error"}, worse)
    late = monitor(folder, "late", between(flights, "2013-09-01", "2013-10-01"), outcomes=0.4, status=3)
    expect(late["standing"]["is_worse"] is None and late["rests_on"] == "drift", late["standing"])
    expect(late["standing"]["unjudged"] == "outcomes of 40.0 % are known, and of half must be", late["standing"])
    print("ok: September warns, since its answers are as good as ever; December alarms, since its answers are worse")


def monitor(folder, name, flights, outcomes=False, status=0):
    """Stores predictions of flights in a database of their own, with outcomes of all or of a share of them, and returns the report."""
    table, told = folder / f"{name}.parquet", folder / f"{name}.csv"
    database = ["--package", folder / "package", "--database-url", f"sqlite:{folder / name}.db"]
    records.write_parquet(flights, records.TABLE, table)
    run("predict", table, *database, "--store", "--output", folder / "answers.csv", "--quiet")
    if outcomes:
        some = flights[: round(len(flights) * float(outcomes))]
        key = ["date", "carrier", "flight", "origin"]
        with open(told, "w", newline="") as file:
            csv.writer(file).writerows([[*key, "late"], *([it.record[part] for part in key] + [str(it.late).lower()] for it in some)])
        run("outcomes", told, *database)
    return json.loads(run("monitor", *database, "--since", "1h", "--format", "json", status=status))


def shifted(report):
    return {field["name"]: field["index"]["judged"] for field in report["fields"] if field["drift"] not in (None, "none")}


def between(flights, since, until):
    return [it for it in flights if since <= it.record["date"] < until]


def run(*arguments, status=0):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True)
    expect(done.returncode == status or status is None and done.returncode in (0, 3), f"{arguments} ended with {done.returncode}: {done.stdout[:300]}{done.stderr}")
    return done.stdout


def expect(condition, said):
    if not condition:
        sys.exit(f"tests/drift.py: {said}")


if __name__ == "__main__":
    main()
