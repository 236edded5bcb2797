"""Trains the survival model and writes the package that the service loads.

    cargo build --release
    python3 -m venv .tools/train && .tools/train/bin/pip install -r model/requirements.txt
    .tools/train/bin/python model/train.py            # writes the package into model/
    .tools/train/bin/python model/train.py --check    # compares model/ with what it would write

There is no feature code here: `lifeboat fit` and `lifeboat features` compute every feature, in training as in serving.
On one machine the package is reproduced byte for byte; on a processor of another kind the linear algebra may round
the last digits differently.
"""

import os

# One thread, set before numpy is loaded: the order of additions decides the last bits.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import csv
import hashlib
import json
import subprocess
import sys
import tempfile
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# ---------------------------------------------------------------------------------------------------------------------
# Settings

HERE = Path(__file__).resolve().parent
TRAIN = HERE / "train.csv"
LIFEBOAT = os.environ.get("LIFEBOAT", str(HERE.parent / "target/release/lifeboat"))

NAME = "titanic-survival"
SEMANTIC_VERSION = "1.0.0"
# Out of fold, accuracy hardly changes between thresholds of 0.4 and 0.55: no other one gains more than noise.
THRESHOLD = 0.5

# Ten repeats, since the accuracy of a single one moves by half a point with how the folds happen to fall.
FOLDS, REPEATS, FOLD_SEED = 10, 10, 1912
SCHEME = (
    f"{REPEATS} x {FOLDS}-fold stratified cross-validation (seed {FOLD_SEED}); medians, history and scaling are fitted "
    f"to each training part alone; a metric is the mean over the {REPEATS} repeats of its value on the pooled "
    f"out-of-fold probabilities, its _std the standard deviation over the {FOLDS * REPEATS} folds"
)
TARGETS = {"accuracy": 0.855, "auc": 0.90, "log_loss": 0.362}
TENTHS = np.arange(11) / 10

OPSET, IR_VERSION = 17, 8
CORE_OPS = {"MatMul", "Add", "Tanh", "Sigmoid"}
GRAPH_TOLERANCE = 1e-6


# ---------------------------------------------------------------------------------------------------------------------
# Candidates: lists of estimators, whose probabilities are averaged


def gender_rule():
    # With nothing but the sex to go by, an unpenalised regression gives each sex its survival rate.
    return [make_pipeline(StandardScaler(), LogisticRegression(C=1e6))]


def linear():
    return [make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))]


def networks(count, hidden):
    settings = {"activation": "tanh", "solver": "lbfgs", "alpha": 10, "max_iter": 1000}
    seeds = range(count)
    return [make_pipeline(StandardScaler(), MLPClassifier((hidden,), random_state=seed, **settings)) for seed in seeds]


def boosted_trees():
    settings = {"max_iter": 120, "learning_rate": 0.04, "max_leaf_nodes": 8, "min_samples_leaf": 15}
    return [HistGradientBoostingClassifier(l2_regularization=5, early_stopping=False, random_state=0, **settings)]


def sex_alone(feature):
    return feature == "female"


def no_history(feature):
    return not feature.startswith("history_")


def everything(_feature):
    return True


# From the smallest to the largest: name, estimators, the features they see, and whether the graph is of core ops alone.
CANDIDATES = [
    ("gender rule", gender_rule, sex_alone, True),
    ("logistic regression without history", linear, no_history, True),
    ("logistic regression", linear, everything, True),
    ("tanh network of 8", lambda: networks(1, 8), everything, True),
    ("tanh network of 16", lambda: networks(1, 16), everything, True),
    ("3 tanh networks of 8", lambda: networks(3, 8), everything, True),
    ("logistic regression and 3 tanh networks of 8", lambda: linear() + networks(3, 8), everything, True),
    ("5 tanh networks of 16", lambda: networks(5, 16), everything, True),
    ("boosted trees", boosted_trees, everything, False),
]


# ---------------------------------------------------------------------------------------------------------------------
# The steps, from the top


def main():
    parser = argparse.ArgumentParser(description="Trains the survival model and writes its package.")
    parser.add_argument("--output", type=Path, default=HERE, help="folder of the package (default: model/)")
    parser.add_argument("--check", action="store_true", help="write nothing; compare with the package in the folder")
    arguments = parser.parse_args()

    started = time.monotonic()
    package = train()
    print(f"{time.monotonic() - started:.0f} s")
    if arguments.check:
        sys.exit(compare(package, arguments.output))
    arguments.output.mkdir(parents=True, exist_ok=True)
    for name, content in package.items():
        (arguments.output / name).write_bytes(content)
        print(f"wrote {arguments.output / name}: {len(content):,} bytes, sha256 {sha256(content)}")


def train(data=TRAIN, semantic_version=SEMANTIC_VERSION, candidates=CANDIDATES, targets=TARGETS):
    """Returns the files of the package, by name."""
    # A network that stops before its optimum would not be the one that is described.
    warnings.simplefilter("error", ConvergenceWarning)
    require(Path(LIFEBOAT).is_file(), f"{LIFEBOAT} is missing: run `cargo build --release`, or set LIFEBOAT")

    lines = data.read_text("utf-8").splitlines(keepends=True)
    passengers = list(csv.DictReader(lines))
    require(len(passengers) == len(lines) - 1, f"{data} has a row of more than one line")
    survived = np.array([int(passenger["Survived"]) for passenger in passengers])
    lifeboat("check", data)
    print(f"{data.name}: {len(passengers)} passengers, {survived.sum()} survivors")

    # Every fold is fitted to its training part alone, its history included.
    state, names, matrix, _ = fit_and_transform(lines, range(len(survived)), [])
    splits = RepeatedStratifiedKFold(n_splits=FOLDS, n_repeats=REPEATS, random_state=FOLD_SEED)
    splits = list(splits.split(matrix, survived))
    with ThreadPoolExecutor(2) as pool:
        fitted = pool.map(lambda split: fit_and_transform(lines, *split), splits)
        folds = [(*split, known, unseen) for split, (_, _, known, unseen) in zip(splits, fitted)]
    print(f"{len(names)} features, {len(folds)} folds")

    print(f"\n{'':46}accuracy     auc  log loss  brier    ece")
    results = [cross_validate(*candidate, names, folds, survived) for candidate in candidates]
    chosen = choose(results)
    print(f"\nchosen: {chosen['name']}")
    for metric, target in targets.items():
        value = chosen["metrics"][metric]
        reached = value <= target if metric == "log_loss" else value >= target
        require(reached, f"{metric} is {value:.4f}, the target is {target}")

    _, make, sees, _ = next(candidate for candidate in candidates if candidate[0] == chosen["name"])
    columns = [sees(name) for name in names]
    require(all(columns), "the shipped graph reads every feature")
    estimators = [estimator.fit(matrix, survived) for estimator in make()]

    fitted_state = json.loads(state)
    graph = export(estimators, fitted_state, semantic_version)
    probabilities = run(graph, matrix)
    difference = np.abs(probabilities - mean_probability(estimators, matrix)).max()
    print(f"onnxruntime against scikit-learn: {difference:.1e} at most")
    require(difference <= GRAPH_TOLERANCE, f"the graph is {difference} off")

    manifest = describe(semantic_version, graph, state, results, chosen, passengers, survived, names, matrix)
    return {
        "survival.onnx": graph,
        "features.json": state,
        "manifest.json": (pretty(manifest) + "\n").encode(),
        "golden.csv": golden(passengers, probabilities),
    }


# ---------------------------------------------------------------------------------------------------------------------
# Features, by the binary that serves


def fit_and_transform(lines, known, unseen):
    """Fits the feature state to the known rows; returns it, the features' names, and the matrices of both."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        write_rows(folder / "known.csv", lines, known)
        lifeboat("fit", folder / "known.csv", "--output", folder)
        matrices = []
        for rows in (known, unseen):
            write_rows(folder / "rows.csv", lines, rows)
            lifeboat("features", "--model-dir", folder, folder / "rows.csv", "--output", folder / "matrix.csv")
            header, *matrix = csv.reader((folder / "matrix.csv").read_text().splitlines())
            require([row[0] for row in matrix] == [lines[i + 1].split(",")[0] for i in rows], "the rows were reordered")
            matrices.append(np.array([row[1:] for row in matrix], dtype=np.float32).reshape(-1, len(header) - 1))
        return (folder / "features.json").read_bytes(), header[1:], *matrices


def write_rows(path, lines, rows):
    path.write_text(lines[0] + "".join(lines[i + 1] for i in rows), "utf-8", newline="")


def lifeboat(*arguments):
    done = subprocess.run([LIFEBOAT, *map(str, arguments)], capture_output=True, text=True)
    require(done.returncode == 0, f"`lifeboat {arguments[0]}` failed: {(done.stderr or done.stdout).strip()}")


# ---------------------------------------------------------------------------------------------------------------------
# Cross-validation


def cross_validate(name, make, sees, core_ops, names, folds, survived):
    """Returns a candidate's out-of-fold probabilities (one row a repeat) and what they are worth."""
    columns = [sees(feature) for feature in names]
    out_of_fold = np.zeros((REPEATS, len(survived)))
    by_fold = []
    for index, (known, unseen, known_matrix, unseen_matrix) in enumerate(folds):
        estimators = [estimator.fit(known_matrix[:, columns], survived[known]) for estimator in make()]
        probability = mean_probability(estimators, unseen_matrix[:, columns])
        out_of_fold[index // FOLDS, unseen] = probability
        by_fold.append(evaluate(survived[unseen], probability))

    by_repeat = [evaluate(survived, probability) for probability in out_of_fold]
    metrics = {metric: np.mean([values[metric] for values in by_repeat]) for metric in by_repeat[0]}
    spread = {f"{metric}_std": np.std([values[metric] for values in by_fold]) for metric in by_repeat[0]}
    print(f"{name:46}", "   ".join(f"{value:.4f}" for value in metrics.values()), flush=True)
    likelihood = np.where(survived, out_of_fold, 1 - out_of_fold)
    return {
        "name": name,
        "core_ops": core_ops,
        "out_of_fold": out_of_fold,
        "metrics": metrics,
        "spread": spread,
        "losses": -np.log(likelihood).mean(axis=0),
    }


def evaluate(survived, probability):
    return {
        "accuracy": np.mean((probability >= THRESHOLD) == survived),
        "auc": roc_auc_score(survived, probability),
        "log_loss": log_loss(survived, probability),
        "brier": brier_score_loss(survived, probability),
        "ece": sum(
            tenth["rows"] / len(survived) * abs(tenth["mean_probability"] - tenth["survival_rate"])
            for tenth in calibration(survived, probability)
        ),
    }


def calibration(survived, probability):
    """Compares what was predicted with what happened, in ten bins of equal width."""
    tenths = np.digitize(probability, TENTHS[1:-1])
    return [
        {
            "from": TENTHS[i],
            "rows": int(np.sum(tenths == i)),
            "mean_probability": probability[tenths == i].mean(),
            "survival_rate": survived[tenths == i].mean(),
        }
        for i in range(10)
        if np.any(tenths == i)
    ]


def choose(results):
    """Returns the smallest candidate of core ops whose log loss is the best one, but for noise.

    Noise is one standard error of the difference, passenger by passenger: repeats add no passengers, so they do not
    make it smaller. The candidates are sorted by size, and a larger one costs every request some microseconds.
    """
    candidates = [result for result in results if result["core_ops"]]
    print()
    best = min(candidates, key=lambda result: result["metrics"]["log_loss"])
    for candidate in candidates:
        excess = candidate["losses"] - best["losses"]
        noise = excess.std(ddof=1) / np.sqrt(len(excess))
        print(f"{candidate['name']:46} log loss {excess.mean():+.4f} to the best, noise {noise:.4f}")
        if excess.mean() <= noise:
            return candidate


def mean_probability(estimators, matrix):
    return np.mean([estimator.predict_proba(matrix)[:, 1] for estimator in estimators], axis=0)


# ---------------------------------------------------------------------------------------------------------------------
# The graph


def export(estimators, state, semantic_version):
    """Returns the ONNX graph of the estimators: features [N, F] to probability [N, 1], in core ops alone.

    The networks stand side by side: their hidden layers are one matrix, and each reads its own block of it. Scaling is
    folded into the weights, so that the graph reads the features as they are.
    """
    hidden, hidden_bias, output, output_bias, direct = [], [], [], [], []
    for estimator in estimators:
        scaler, model = estimator[0], estimator[-1]
        if isinstance(model, MLPClassifier):
            weights, bias = fold_scaling(scaler, model.coefs_[0], model.intercepts_[0])
            hidden.append(weights)
            hidden_bias.append(bias)
            output.append(model.coefs_[1])
            output_bias.append(model.intercepts_[1])
            direct.append(np.zeros((weights.shape[0], 1)))
        else:
            weights, bias = fold_scaling(scaler, model.coef_.T, model.intercept_)
            output.append(np.zeros((0, 1)))
            output_bias.append(bias)
            direct.append(weights)

    constants, nodes = {}, []

    def add(op, target, source, constant=None):
        if constant is not None:
            constants[f"{target}_weights"] = np.asarray(constant, dtype=np.float32)
            source = [*source, f"{target}_weights"]
        nodes.append(helper.make_node(op, source, [target], name=target))
        return target

    logit = None
    if hidden:
        layer = add("MatMul", "hidden", ["features"], np.hstack(hidden))
        layer = add("Add", "hidden_shifted", [layer], np.hstack(hidden_bias))
        layer = add("Tanh", "hidden_tanh", [layer])
        logit = add("MatMul", "logit_hidden", [layer], block_diagonal(output))
    if np.any(direct):
        straight = add("MatMul", "logit_direct", ["features"], np.hstack(direct))
        logit = add("Add", "logit_sum", [logit, straight]) if logit else straight
    logit = add("Add", "logit", [logit], np.hstack(output_bias))
    if len(estimators) == 1:
        add("Sigmoid", "probability", [logit])
    else:
        each = add("Sigmoid", "probabilities", [logit])
        add("MatMul", "probability", [each], np.full((len(estimators), 1), 1 / len(estimators)))

    features = len(state["feature_names"])
    graph = helper.make_graph(
        nodes,
        NAME,
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", features])],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["N", 1])],
        [numpy_helper.from_array(constant, name) for name, constant in constants.items()],
    )
    model = helper.make_model(
        graph, producer_name="lifeboat", opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    metadata = {
        "data_hash": state["data_hash"],
        "feature_set_hash": state["feature_set_hash"],
        "threshold": str(THRESHOLD),
        "version": semantic_version,
    }
    helper.set_model_props(model, metadata)
    onnx.checker.check_model(model, full_check=True)
    ops = {node.op_type for node in model.graph.node}
    require(ops <= CORE_OPS, f"the graph has the ops {sorted(ops - CORE_OPS)}")
    print(f"graph: {' '.join(node.op_type for node in nodes)}; {sum(c.size for c in constants.values())} weights")
    return model.SerializeToString(deterministic=True)


def fold_scaling(scaler, weights, bias):
    weights = weights / scaler.scale_[:, None]
    return weights, bias - scaler.mean_ @ weights


def block_diagonal(blocks):
    matrix = np.zeros((sum(len(block) for block in blocks), len(blocks)))
    row = 0
    for column, block in enumerate(blocks):
        matrix[row : row + len(block), column] = block[:, 0]
        row += len(block)
    return matrix


def run(graph, matrix):
    """Returns onnxruntime's probabilities, in float32."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    return session.run(None, {"features": matrix})[0][:, 0]


# ---------------------------------------------------------------------------------------------------------------------
# The manifest and the golden file


def describe(semantic_version, graph, state, results, chosen, passengers, survived, names, matrix):
    """Returns the manifest: what serving checks, what a reader wants to know, what monitoring compares with."""
    fitted = json.loads(state)
    content_hash = sha256(graph + state)
    out_of_fold = chosen["out_of_fold"]
    return {
        "name": NAME,
        "version": f"{semantic_version}-{content_hash[:8]}",
        "semantic_version": semantic_version,
        "content_hash": content_hash,
        "files": {"survival.onnx": sha256(graph), "features.json": sha256(state)},
        "feature_set_hash": fitted["feature_set_hash"],
        "data_hash": fitted["data_hash"],
        "feature_names": fitted["feature_names"],
        "threshold": THRESHOLD,
        "algorithm": f"{chosen['name']}, fitted by L-BFGS on standardised features, scaling folded into the graph",
        "training": {
            "rows": len(survived),
            "survivors": int(survived.sum()),
            "fold_seed": FOLD_SEED,
            "estimator_seeds": "0 for the first of a kind, then 1, 2, ...",
            "libraries": {name: version(name) for name in ("numpy", "onnx", "onnxruntime", "scikit-learn", "scipy")},
        },
        "cross_validation": {
            "scheme": SCHEME,
            "models": [
                {"name": result["name"], "core_ops": result["core_ops"], "chosen": result is chosen}
                | rounded(result["metrics"] | result["spread"], 4)
                for result in results
            ],
            "groups": groups(passengers, survived, out_of_fold),
            "calibration": [
                rounded(tenth, 4) for tenth in calibration(np.tile(survived, REPEATS), out_of_fold.ravel())
            ],
        },
        "baseline": baseline(passengers, survived, names, matrix, out_of_fold.mean(axis=0)),
    }


def groups(passengers, survived, out_of_fold):
    """Returns the chosen model's out-of-fold metrics by class and sex."""
    rows = []
    for pclass in ("1", "2", "3"):
        for sex in ("female", "male"):
            group = np.array([(row["Pclass"], row["Sex"]) == (pclass, sex) for row in passengers])
            by_repeat = [evaluate(survived[group], probability[group]) for probability in out_of_fold]
            metrics = {name: np.mean([values[name] for values in by_repeat]) for name in by_repeat[0]}
            facts = {"Pclass": int(pclass), "Sex": sex, "rows": int(group.sum())}
            means = {"survival_rate": survived[group].mean(), "mean_probability": out_of_fold[:, group].mean()}
            rows.append(facts | rounded(means | metrics, 4))
    return rows


def baseline(passengers, survived, names, matrix, probability):
    """Returns the distributions that later traffic is compared with.

    Probabilities are out of fold, since later passengers are unseen as well.
    """
    fields = ["Age", "Fare", "Cabin", "Embarked", "Name", "Ticket", "SibSp", "Parch"]
    missing = {field: np.mean([row[field] == "" for row in passengers]) for field in fields}
    counts, _ = np.histogram(probability, TENTHS)
    return {
        "rows": len(survived),
        "bins": "bin i holds the values of which i edges are not greater; edges are those between bins; values are the distinct ones, a bin each unless value_counts tells",
        "features": {name: distribution(matrix[:, i].astype(float)) for i, name in enumerate(names)},
        "missing_rates": rounded(missing, 6),
        "prediction_histogram": {
            "probabilities": f"out of fold, each passenger's mean over the {REPEATS} repeats",
            "edges": TENTHS.tolist(),
            "counts": counts.tolist(),
        },
        "survival_rate": round(float(survived.mean()), 6),
        "mean_probability": round(float(probability.mean()), 6),
    }


def distribution(values):
    """Counts values between a few distinct ones, or by tenths where there are many."""
    distinct = np.unique(values)
    if len(distinct) <= 10:
        edges = (distinct[1:] + distinct[:-1]) / 2
    else:
        edges = np.unique(significant(np.quantile(values, TENTHS[1:-1])))
        edges = edges[edges > values.min()]
    counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
    facts = {"min": values.min(), "max": values.max(), "mean": values.mean(), "std": values.std()}
    values, value_counts = np.unique(values.astype(np.float32), return_counts=True)
    sample = {"values": [shortest(value) for value in values]}
    if len(distinct) > 10:
        sample["value_counts"] = value_counts.tolist()
    return {"edges": edges.tolist(), "counts": counts.tolist()} | {k: significant(v) for k, v in facts.items()} | sample


def shortest(value):
    """Returns the number of the fewest digits that give the same float32 back."""
    return float(np.format_float_positional(value, unique=True, trim="0"))


def golden(passengers, probabilities):
    """Returns what onnxruntime answers for every training passenger, in digits that give the same float32 back."""
    rows = zip((row["PassengerId"] for row in passengers), probabilities, strict=True)
    digits = {"unique": True, "trim": "0"}
    lines = [f"{passenger},{np.format_float_positional(probability, **digits)}\n" for passenger, probability in rows]
    return "".join(["PassengerId,probability\n", *lines]).encode()


def significant(value):
    """Rounds to six significant digits."""
    return np.vectorize(lambda number: float(f"{number:.6g}"))(value) if np.ndim(value) else float(f"{value:.6g}")


def rounded(values, digits):
    return {k: round(float(v), digits) if isinstance(v, (float, np.floating)) else v for k, v in values.items()}


def pretty(value, indent=""):
    """Writes JSON with whatever fits a line on one line, and lists of plain values always."""
    compact = json.dumps(value)
    scalars = isinstance(value, list) and not any(isinstance(item, (list, dict)) for item in value)
    if scalars or not isinstance(value, (list, dict)) or len(indent) + len(compact) <= 120:
        return compact
    deeper = indent + "  "
    if isinstance(value, list):
        items, brackets = [pretty(item, deeper) for item in value], "[]"
    else:
        items, brackets = [f"{json.dumps(key)}: {pretty(item, deeper)}" for key, item in value.items()], "{}"
    return brackets[0] + "\n" + ",\n".join(deeper + item for item in items) + "\n" + indent + brackets[1]


# ---------------------------------------------------------------------------------------------------------------------
# Comparison with the committed package


def compare(package, folder):
    """Tells every file, and every field of the manifest, that differs; returns the exit code."""
    differing = 0
    for name, content in package.items():
        path = folder / name
        old = path.read_bytes() if path.is_file() else b""
        print(f"{name}: {'same' if old == content else 'DIFFERS'}")
        if old == content:
            continue
        differing = 1
        if name == "manifest.json" and old:
            for field, (before, after) in json_difference(json.loads(old), json.loads(content)).items():
                print(f"    {field}: {before} in the folder, {after} now")
        if name == "golden.csv" and old:
            before, after = (np.loadtxt(table.decode().splitlines()[1:], delimiter=",") for table in (old, content))
            same_rows = before.shape == after.shape
            print(f"    {np.abs(before - after).max():.1e} at most" if same_rows else "    other passengers")
    return differing


def json_difference(before, after, field=""):
    """Returns the fields that differ, each with both values."""
    if isinstance(before, dict) and isinstance(after, dict):
        children = [(f".{key}", before.get(key), after.get(key)) for key in before | after]
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        children = [(f"[{i}]", *pair) for i, pair in enumerate(zip(before, after))]
    else:
        return {} if before == after else {field.lstrip("."): (before, after)}
    return {k: v for name, old, new in children for k, v in json_difference(old, new, field + name).items()}


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def require(condition, message):
    if not condition:
        sys.exit(f"train.py: {message}")


if __name__ == "__main__":
    main()
