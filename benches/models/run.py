"""Compares what models cost here with onnxruntime on one thread, in one run, interleaved: one row, a thousand, and files of a million.

    python3 -m venv .tools/exported
    .tools/exported/bin/pip install --requirement tests/exported/requirements.txt polars
    cargo build --release && cargo bench --no-run --profile release --bench models
    .tools/exported/bin/python benches/models/run.py target/release/lifeboat target/release/deps/models-*[!d]

A row goes into onnxruntime as its Python takes it: a dictionary of arrays. Here it is a record that was read and checked already. Each model is
packed by `lifeboat pack`, which compares its answers with those of the model itself.
"""

import json
import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
import pandas as pd
import polars as pl
from lightgbm import LGBMClassifier
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType as Floats
from skl2onnx import to_onnx
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from xgboost import XGBClassifier

ROWS, ROUNDS, MILLION = 1000, 5, 1_000_000
NUMBERS = [f"n{place}" for place in range(20)]
TEXTS = ["colour", "shape"]


def table(rows, seed=0):
    """Returns a table of twenty numbers, two texts and a target that depends on some of them."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.normal(size=(rows, len(NUMBERS))).astype("float32").round(3), columns=NUMBERS)
    frame["colour"] = random.choice(["red", "green", "blue", "black", "white"], rows)
    frame["shape"] = random.choice(["round", "square", "flat"], rows)
    score = frame.n0 - frame.n1 * frame.n2 + (frame.colour == "red") - (frame["shape"] == "flat")
    return frame, np.where(score + random.normal(size=rows) > 0, "yes", "no")


def pipeline(model):
    """Returns a pipeline of mixed columns."""
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    return make_pipeline(make_column_transformer((OneHotEncoder(handle_unknown="ignore"), TEXTS), (numbers, NUMBERS)), model)


def models(frame, target):
    """Yields the name, the graph and the model's probabilities of each kind."""
    matrix, numbers = frame[NUMBERS].to_numpy(), (target == "yes").astype(int)
    of_matrix = [
        ("logistic regression", LogisticRegression()),
        ("MLP, 2 layers of 64", MLPClassifier((64, 64), max_iter=30)),
        ("SVC", SVC(probability=True)),
        ("GradientBoosting, 100 trees", GradientBoostingClassifier()),
        ("HistGradientBoosting, 100 trees", HistGradientBoostingClassifier()),
        ("RandomForest, 100 deep trees", RandomForestClassifier(random_state=0)),
    ]
    for name, model in of_matrix:
        model.fit(matrix, target)
        yield name, to_onnx(model, matrix[:1], options={"zipmap": False}), model.predict_proba(matrix)
    boosted = LGBMClassifier(n_estimators=200, num_leaves=31, verbose=-1).fit(matrix, numbers)
    yield "LightGBM, 200 trees", convert_lightgbm(boosted, initial_types=[("X", Floats([None, 20]))], zipmap=False), boosted.predict_proba(matrix)
    boosted = XGBClassifier(n_estimators=100).fit(matrix, numbers)
    yield "XGBoost, 100 trees", convert_xgboost(boosted, initial_types=[("X", Floats([None, 20]))]), boosted.predict_proba(matrix)
    for name, model in [("columns of texts, logistic regression", LogisticRegression()), ("columns of texts, 200 trees", GradientBoostingClassifier(n_estimators=200))]:
        model = pipeline(model).fit(frame, target)
        yield name, to_onnx(model, frame[:1], options={"zipmap": False}), model.predict_proba(frame)


def session(graph):
    """Returns a session of one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # Declared shapes of labels are wrong in some exports.
    return onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])


def feeds(run, frame):
    """Returns what a session reads of a frame."""
    names = [one.name for one in run.get_inputs()]
    if names == ["X"]:
        return {"X": frame[NUMBERS].to_numpy()}
    return {name: frame[[name]].to_numpy(dtype="float32" if name in NUMBERS else object) for name in names}


def microseconds(call):
    """Returns what a call takes: the median of five parts of 40 ms."""
    parts = []
    begin = time.perf_counter()
    call()
    calls = max(1, int(0.04 / (time.perf_counter() - begin)))
    for _ in range(5):
        begin = time.perf_counter()
        for _ in range(calls):
            call()
        parts.append((time.perf_counter() - begin) / calls * 1e6)
    return statistics.median(parts)


def pack(program, graph, frame, target, proba, folder):
    """Makes a package, with `rows.csv` beside it."""
    folder.mkdir()
    (folder / "graph.onnx").write_bytes(graph.SerializeToString())
    frame.assign(target=target).to_csv(folder / "rows.csv", index=False)
    np.save(folder / "proba.npy", proba)
    call = [program, "pack", "graph.onnx", "--data", "rows.csv", "--target", "target", "--expect", "proba.npy", "--accept-differences", "5"]
    if b"colour" not in graph.SerializeToString():
        call += ["--inputs", ",".join(NUMBERS)]
    subprocess.run([*call, "--output", "package"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (folder / "rows.csv").rename(folder / "package/rows.csv")
    return folder / "package"


def by_kind(program, rows, work):
    """Prints a line a kind of model."""
    frame, target = table(ROWS)
    print("| model | one row, µs | onnxruntime | ratio | 1,000 rows, ms | onnxruntime | ratio |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for place, (name, graph, proba) in enumerate(models(frame, target)):
        package = pack(program, graph, frame, target, proba, work / str(place))
        run = session(graph)
        all_rows, one_row = feeds(run, frame), feeds(run, frame[:1])
        ours, theirs = [], []
        for _ in range(ROUNDS):
            told = json.loads(subprocess.run([rows, package], check=True, capture_output=True).stdout)
            ours.append((told["one"], told["all"]))
            theirs.append((microseconds(lambda: run.run(None, one_row)), microseconds(lambda: run.run(None, all_rows))))
        (one, many), (their_one, their_many) = ([statistics.median(part) for part in zip(*side)] for side in (ours, theirs))
        print(f"| {name} | {one:.1f} | {their_one:.1f} | {one / their_one:.2f} | {many / 1000:.2f} | {their_many / 1000:.2f} | {many / their_many:.2f} |")


def score_by_polars(graph, source, output):
    """Scores a file as one would in Python: polars reads and writes, onnxruntime predicts, in parts."""
    run = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [one.name for one in run.get_inputs()]
    parts = []
    for frame in pl.read_csv(source).iter_slices(100_000):
        feed = {name: frame[name].to_numpy().reshape(-1, 1).astype("float32" if name in NUMBERS else object) for name in names}
        label, proba = run.run(None, feed)
        parts.append(pl.DataFrame({"target": label, "probability": proba[:, 1]}))
    pl.concat(parts).write_csv(output)


def by_file(program, work):
    """Prints what a file of a million rows with texts and 200 trees takes, and the memory."""
    frame, target = table(ROWS)
    *_, (name, graph, proba) = models(frame, target)
    package = pack(program, graph, frame, target, proba, work / "file")
    many, _ = table(MILLION, seed=1)
    source = work / "million.csv"
    many.to_csv(source, index=False)
    (work / "graph.onnx").write_bytes(graph.SerializeToString())
    ours = [program, "predict", source, "--package", package, "--output", work / "ours.csv", "--quiet"]
    theirs = [sys.executable, __file__, "--score", work / "graph.onnx", source, work / "theirs.csv"]
    found = {}
    for side, call in [("lifeboat", ours), ("polars and onnxruntime", theirs)] * 3:
        begin = time.perf_counter()
        timed = subprocess.run(["/usr/bin/time", "-f", "%M", *map(str, call)], check=True, capture_output=True, text=True)
        found.setdefault(side, []).append((time.perf_counter() - begin, int(timed.stderr.split()[-1]) / 1024))
    print(f"\n{MILLION:,} rows, CSV to CSV: {name}")
    for side, runs in found.items():
        seconds, memory = (statistics.median(part) for part in zip(*runs))
        print(f"  {side}: {seconds:.2f} s, {MILLION / seconds / 1000:.0f} k rows/s, {memory:.0f} MB")


def main():
    warnings.filterwarnings("ignore")
    if sys.argv[1] == "--score":
        import onnx

        score_by_polars(onnx.load(sys.argv[2]), sys.argv[3], sys.argv[4])
        return
    program, rows = (str(Path(path).resolve()) for path in sys.argv[1:3])
    with tempfile.TemporaryDirectory() as work:
        by_kind(program, rows, Path(work))
        by_file(program, Path(work))


if __name__ == "__main__":
    main()
