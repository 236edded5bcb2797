"""Makes the packages of other tables that tests serve, from the tables that scikit-learn carries.

    .tools/train/bin/python tests/packages/make.py            # writes and packs the three folders beside this file
    .tools/train/bin/python tests/packages/make.py --check    # compares them with what it would write

Each is another shape: `breast_cancer` has two classes and one input of thirty columns, `regression` a number and an input
a field, `classes` texts as classes, and inputs under the names that exporters make of spaces and brackets.
"""

import os

# One thread, set before numpy is loaded: the order of additions decides the last bits.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import csv
import io
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "model"))
from json_file import json_file

PROGRAM = os.environ.get("LIFEBOAT", str(ROOT / "target/release/lifeboat"))

GOLDEN_ROWS, TRAIN_ROWS = 50, 36
OPSET, IR_VERSION = 17, 8
TENTHS = np.arange(11) / 10


@dataclass
class Package:
    """A package before its files are written."""

    folder: str
    name: str
    record: str
    label: dict
    columns: list
    descriptions: list
    matrix: np.ndarray
    happened: list
    model: object
    graph: onnx.ModelProto
    manifest: dict = field(default_factory=dict)
    task: str = "binary"


# ---------------------------------------------------------------------------------------------------------------------
# The three tables


def breast_cancer():
    """Two classes as texts; thirty numbers in one input; the probability of the positive class alone."""
    data = load_breast_cancer()
    # scikit-learn has 0 for malignant; here it is what is looked for.
    happened = np.array([data.target_names[target] for target in data.target])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=5000)).fit(data.data, happened == "malignant")
    weights, bias = folded(model)
    nodes = [
        helper.make_node("MatMul", ["numbers", "weights"], ["moved"]),
        helper.make_node("Add", ["moved", "bias"], ["log_odds"]),
        helper.make_node("Sigmoid", ["log_odds"], ["probability"]),
    ]
    columns = [str(name) for name in data.feature_names]
    graph = onnx_model(nodes, [("numbers", len(columns))], [("probability", 1)], {"weights": weights, "bias": bias})
    places = {"mean": "mean over the cells of the sample", "worst": "mean of the three largest", "error": "standard error"}
    return Package(
        folder="breast_cancer",
        name="breast-cancer",
        record="tumour",
        label={
            "name": "diagnosis",
            "title": "Diagnosis",
            "description": "What the tumour turned out to be",
            "type": "string",
            "categories": ["benign", "malignant"],
        },
        columns=columns,
        descriptions=[next(text for word, text in places.items() if word in name.split()) for name in columns],
        matrix=data.data,
        happened=happened.tolist(),
        model=model,
        graph=graph,
        manifest={"threshold": 0.5, "algorithm": "logistic regression on standardised numbers, scaling folded into the graph"},
    )


def regression():
    """A number; an input a field, added up one by one."""
    data = load_diabetes(scaled=False)
    model = make_pipeline(StandardScaler(), Ridge(1.0)).fit(data.data, data.target)
    weights, bias = folded(model)
    columns = [str(name) for name in data.feature_names]
    nodes, sum_of_terms = [], "bias"
    for name in columns:
        nodes.append(helper.make_node("Mul", [name, f"{name}_weight"], [f"{name}_term"]))
        nodes.append(helper.make_node("Add", [sum_of_terms, f"{name}_term"], [f"{name}_sum"]))
        sum_of_terms = f"{name}_sum"
    nodes.append(helper.make_node("Identity", [sum_of_terms], ["variable"]))
    constants = {f"{name}_weight": weights[place] for place, name in enumerate(columns)} | {"bias": bias}
    return Package(
        folder="regression",
        name="diabetes-progression",
        record="patient",
        label={
            "name": "progression",
            "title": "Progression",
            "description": "Progression of the disease one year on, on a scale of its own",
            "type": "number",
            "constraints": {"minimum": 0},
        },
        columns=columns,
        descriptions=[
            "Age in years", "Sex, as the study numbers it", "Body mass index", "Mean blood pressure", "Serum cholesterol",
            "Low-density lipoproteins", "High-density lipoproteins", "Cholesterol by high-density lipoproteins",
            "Logarithm of triglycerides", "Blood sugar",
        ],
        matrix=data.data,
        happened=data.target.tolist(),
        model=model,
        graph=onnx_model(nodes, [(name, 1) for name in columns], [("variable", 1)], constants),
        manifest={"algorithm": "ridge regression on standardised numbers, scaling folded into the graph"},
        task="regression",
    )


def classes():
    """Three classes as texts; inputs under the names that exporters make of the fields'."""
    data = load_iris()
    happened = np.array([data.target_names[target] for target in data.target])
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=5000)).fit(data.data, happened)
    weights, bias = folded(model)
    columns = [str(name) for name in data.feature_names]
    inputs = [re.sub("[^A-Za-z0-9]", "_", name) for name in columns]
    nodes = [
        helper.make_node("Concat", inputs, ["numbers"], axis=1),
        helper.make_node("MatMul", ["numbers", "weights"], ["moved"]),
        helper.make_node("Add", ["moved", "bias"], ["log_odds"]),
        helper.make_node("Softmax", ["log_odds"], ["probabilities"], axis=1),
    ]
    known = [str(name) for name in model.classes_]
    constants = {"weights": weights, "bias": bias}
    return Package(
        folder="classes",
        name="iris-species",
        record="flower",
        label={
            "name": "species",
            "title": "Species",
            "description": "The species that a botanist saw",
            "type": "string",
            "categories": [{"value": name, "label": f"Iris {name}"} for name in known],
        },
        columns=columns,
        descriptions=[f"{name.split(' (')[0].capitalize()} in centimetres" for name in columns],
        matrix=data.data,
        happened=happened.tolist(),
        model=model,
        graph=onnx_model(nodes, [(name, 1) for name in inputs], [("probabilities", len(known))], constants),
        manifest={
            "classes": known,
            "algorithm": "multinomial logistic regression on standardised numbers, scaling folded into the graph",
        },
        task="multiclass",
    )


def folded(model):
    """Returns weights [k, outputs] and bias of a linear model with its scaling folded in."""
    scaler, linear = model[0], model[-1]
    weights = np.atleast_2d(linear.coef_).T / scaler.scale_[:, None]
    return weights, np.atleast_1d(linear.intercept_) - scaler.mean_ @ weights


def onnx_model(nodes, inputs, outputs, constants):
    tensor = lambda name, columns: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", columns])
    graph = helper.make_graph(
        nodes,
        "model",
        [tensor(*one) for one in inputs],
        [tensor(*one) for one in outputs],
        [numpy_helper.from_array(np.asarray(constant, dtype=np.float32), name) for name, constant in constants.items()],
    )
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(graph, producer_name="lifeboat", opset_imports=[opset], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    return model


# ---------------------------------------------------------------------------------------------------------------------
# The files


def files(package):
    """Returns the files of a package, by name; the manifest is still to be sealed."""
    answers = run(package)
    return {
        "schema.json": json_file(schema(package)),
        "model.onnx": package.graph.SerializeToString(deterministic=True),
        "manifest.json": json_file(manifest(package)),
        "baseline.json": json_file(baseline(package)),
        "golden.csv": table(package, spread(package, GOLDEN_ROWS), answers),
        "train.csv": table(package, spread(package, TRAIN_ROWS)),
    }


def spread(package, count):
    """Returns so many rows, evenly spread over the table, which some tables sort by class."""
    return np.linspace(0, len(package.matrix) - 1, count).astype(int)


def run(package):
    """Returns onnxruntime's answer for each row: FP32, a column for each number of the output."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(package.graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]
    matrix = package.matrix.astype(np.float32)
    feed = {names[0]: matrix} if len(names) == 1 else {name: matrix[:, [i]] for i, name in enumerate(names)}
    answers = session.run(None, feed)[0]
    expected = {
        "binary": lambda: package.model.predict_proba(package.matrix)[:, 1:],
        "multiclass": lambda: package.model.predict_proba(package.matrix),
        "regression": lambda: package.model.predict(package.matrix)[:, None] / 100,
    }[package.task]()
    difference = np.abs((answers / 100 if package.task == "regression" else answers) - expected).max()
    print(f"{package.folder}: onnxruntime against scikit-learn: {difference:.1e} at most")
    assert difference < 1e-5, difference
    return answers


def schema(package):
    """Returns what a record is, with two records of the table as examples."""
    fields = []
    for place, (name, description) in enumerate(zip(package.columns, package.descriptions)):
        values = package.matrix[:, place]
        kind = "integer" if np.all(values == np.round(values)) else "number"
        fields.append({
            "name": name,
            "title": re.sub(r" \(.*\)", "", name).capitalize(),
            "description": description,
            "type": kind,
            "constraints": {"required": True, "minimum": 0},
            "example": cell(values[0], kind),
        })
    kinds = [one["type"] for one in fields]
    example = lambda row: dict(zip(package.columns, map(cell, package.matrix[row], kinds)))
    examples = [{"title": f"{package.record.capitalize()} {row + 1}", "record": example(row)} for row in (0, len(package.matrix) - 1)]
    own = {"label": package.label["name"], "record": package.record, "examples": examples}
    if package.task == "binary":
        own["positive"] = package.label["categories"][1]
    return {"fields": [*fields, package.label], "lifeboat": own}


def manifest(package):
    means = dict(zip(package.columns, map(significant, package.matrix.mean(axis=0))))
    return {
        "name": package.name,
        "semantic_version": "1.0.0",
        "task": package.task,
        **package.manifest,
        "training": {
            "rows": len(package.matrix),
            "libraries": {name: version(name) for name in ("numpy", "onnx", "onnxruntime", "scikit-learn")},
        },
        "means": means,
    }


def baseline(package):
    """Returns the distributions that later traffic is compared with; answers are out of fold, as later records are unseen."""
    numbers = lambda values: {"kind": "number"} | distribution(values)
    fields = {name: {"missing": 0} | numbers(package.matrix[:, i]) for i, name in enumerate(package.columns)}
    happened = np.array(package.happened)
    if package.task == "regression":
        out_of_fold = cross_val_predict(package.model, package.matrix, happened, cv=10)
        label, answers = numbers(happened), {"values": distribution(out_of_fold)}
    else:
        target = happened == "malignant" if package.task == "binary" else happened
        out_of_fold = cross_val_predict(package.model, package.matrix, target, cv=10, method="predict_proba")
        values, rows = np.unique(happened, return_counts=True)
        top = sorted(zip(values.tolist(), rows.tolist()), key=lambda one: -one[1])
        label = {"kind": "category", "top": [{"value": value, "rows": count} for value, count in top]}
        if package.task == "binary":
            counts, _ = np.histogram(out_of_fold[:, 1], TENTHS)
            answers = {"counts": counts.tolist(), "mean_probability": significant(out_of_fold[:, 1].mean())}
        else:
            counts = np.bincount(out_of_fold.argmax(axis=1), minlength=len(values))
            means = [significant(mean) for mean in out_of_fold.mean(axis=0)]
            answers = {"counts": counts.tolist(), "mean_probabilities": means}
    predictions = {"source": "out of 10 folds", "task": package.task} | answers
    return {"rows": len(happened), "features": {}, "fields": fields, "label": label, "predictions": predictions}


def distribution(values):
    """Counts values between a few distinct ones, or by tenths where there are many."""
    distinct, value_counts = np.unique(values, return_counts=True)
    if len(distinct) <= 10:
        edges = (distinct[1:] + distinct[:-1]) / 2
    else:
        edges = np.unique([significant(edge) for edge in np.quantile(values, TENTHS[1:-1])])
        edges = edges[edges > values.min()]
    counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
    facts = {"min": values.min(), "max": values.max(), "mean": values.mean(), "std": values.std()}
    sample = {"values": [significant(value, 9) for value in distinct]}
    if len(distinct) > 10:
        sample["value_counts"] = value_counts.tolist()
    return {"edges": edges.tolist(), "counts": counts.tolist()} | {k: significant(v) for k, v in facts.items()} | sample


def table(package, rows, answers=None):
    """Returns records with their label, or with what onnxruntime answers for them, as CSV."""
    kinds = [one["type"] for one in schema(package)["fields"]]
    if answers is None:
        names = [package.label["name"]]
    else:
        known = [str(name) for name in getattr(package.model, "classes_", [])]
        names = {
            "binary": ["probability"],
            "multiclass": [f"probability_{name}" for name in known],
            "regression": ["value"],
        }[package.task]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*package.columns, *names])
    for row in rows:
        known = [package.happened[row]] if answers is None else map(shortest, answers[row])
        writer.writerow([*map(cell, package.matrix[row], kinds), *known])
    return text.getvalue().encode()


def cell(value, kind):
    return int(value) if kind == "integer" else float(value)


def shortest(value):
    """Returns the number of the fewest digits that give the same float32 back."""
    return np.format_float_positional(value, unique=True, trim="0")


def significant(value, digits=6):
    return float(f"{value:.{digits}g}")


# ---------------------------------------------------------------------------------------------------------------------
# From the top


def write(package, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files(package).items():
        (folder / name).write_bytes(content)


def main():
    parser = argparse.ArgumentParser(description="Makes the packages of other tables that tests serve.")
    parser.add_argument("--check", action="store_true", help="write nothing; compare with the folders")
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as scratch:
        base = Path(scratch) if check else HERE
        packages = [make() for make in (breast_cancer, regression, classes)]
        for package in packages:
            write(package, base / package.folder)
        for package in packages:
            subprocess.run([PROGRAM, "pack", str(base / package.folder)], check=True, stdout=subprocess.DEVNULL)
        differing = 0
        for package in packages if check else []:
            for path in sorted((base / package.folder).iterdir()):
                committed = HERE / package.folder / path.name
                if not committed.is_file() or committed.read_bytes() != path.read_bytes():
                    print(f"{package.folder}/{path.name} DIFFERS")
                    differing = 1
        sys.exit(differing)


if __name__ == "__main__":
    main()
