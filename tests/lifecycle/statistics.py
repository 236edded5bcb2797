"""Writes tests/lifecycle/statistics.json: cases for src/lifecycle, with what numpy, scipy and scikit-learn say of them.

    .tools/train/bin/python tests/lifecycle/statistics.py > tests/lifecycle/statistics.json
"""

import json

import numpy as np
from scipy import optimize, special, stats
from sklearn import metrics

random = np.random.default_rng(1912)
TENTHS = np.arange(1, 10) / 10


def single(numbers):
    """Rounds to what 32 bits hold: probabilities are stored so."""
    return np.asarray(numbers, np.float32).astype(float)


def calibration(probability, happened):
    tenth = np.digitize(probability, TENTHS)
    bins = [(probability[tenth == i], happened[tenth == i]) for i in range(10) if (tenth == i).any()]
    ece = sum(len(p) * abs(p.mean() - h.mean()) for p, h in bins) / len(probability)
    return ece, [[len(p), p.mean(), h.mean()] for p, h in bins]


def recalibration(probability, happened):
    """Fits the logistic regression on the log-odds without a penalty, by its gradient's root."""
    log_odds = special.logit(probability)

    def gradient(line):
        residual = happened - special.expit(line[0] * log_odds + line[1])
        return [residual @ log_odds, residual.sum()]

    found = optimize.root(gradient, [1, 0], tol=1e-13)
    assert found.success
    return found.x.tolist()


def binary(rows, temper):
    truth = random.normal(size=rows) * 1.5
    happened = random.uniform(size=rows) < special.expit(truth)
    probability = single(special.expit(truth * temper - 0.3).round(3).clip(0.001, 0.999))
    predicted = probability >= 0.5
    ece, bins = calibration(probability, happened)
    slope, intercept = recalibration(probability, happened)
    return {
        "probability": probability.tolist(),
        "predicted": predicted.tolist(),
        "happened": happened.tolist(),
        "base_rate": happened.mean(),
        "accuracy": metrics.accuracy_score(happened, predicted),
        "auc": metrics.roc_auc_score(happened, probability),
        "log_loss": metrics.log_loss(happened, probability),
        "brier": metrics.brier_score_loss(happened, probability),
        "ece": ece,
        "slope": slope,
        "intercept": intercept,
        "calibration": bins,
    }


def multiclass(rows, classes):
    scores = random.normal(size=(rows, classes))
    happened = np.array([random.choice(classes, p=special.softmax(row * 1.3)) for row in scores])
    # Powers of two, so that the rows add up to 1 in 32 bits as well.
    probabilities = np.floor(special.softmax(scores, axis=1) * 4096) / 4096
    probabilities[:, 0] += 1 - probabilities.sum(axis=1)
    predicted = probabilities.argmax(axis=1)
    ece, bins = calibration(probabilities.max(axis=1), happened == predicted)
    macro = {"average": "macro", "zero_division": 0}
    return {
        "probabilities": probabilities.tolist(),
        "predicted": predicted.tolist(),
        "happened": happened.tolist(),
        "accuracy": metrics.accuracy_score(happened, predicted),
        "precision": metrics.precision_score(happened, predicted, **macro),
        "recall": metrics.recall_score(happened, predicted, **macro),
        "f1": metrics.f1_score(happened, predicted, **macro),
        "auc": metrics.roc_auc_score(happened, probabilities, multi_class="ovr"),
        "log_loss": metrics.log_loss(happened, probabilities, labels=range(classes)),
        "brier": np.square(probabilities - np.eye(classes)[happened]).sum(axis=1).mean(),
        "ece": ece,
        "calibration": bins,
        "classes": metrics.confusion_matrix(happened, predicted).diagonal().tolist(),
    }


def regression(rows, offset):
    outcome = (random.normal(size=rows) * 3 + offset).round(4)
    answer = (outcome * 0.8 + offset * 0.2 + random.normal(size=rows) + 0.25).round(4)
    edges = np.quantile(answer, TENTHS)
    bins = np.digitize(answer, edges)
    return {
        "answer": answer.tolist(),
        "outcome": outcome.tolist(),
        "edges": edges.tolist(),
        "rmse": metrics.root_mean_squared_error(outcome, answer),
        "mae": metrics.mean_absolute_error(outcome, answer),
        "mean_error": (answer - outcome).mean(),
        "r2": metrics.r2_score(outcome, answer),
        "calibration": [[int((bins == i).sum()), answer[bins == i].mean(), outcome[bins == i].mean()] for i in range(10)],
    }


def distribution(values):
    """Describes a number as numpy does."""

    def significant(number):
        return float(f"{number:.6g}")

    distinct, value_counts = np.unique(values, return_counts=True)
    if len(distinct) <= 10:
        edges = (distinct[1:] + distinct[:-1]) / 2
    else:
        edges = np.unique([significant(edge) for edge in np.quantile(values, TENTHS)])
        edges = edges[edges > values.min()]
    counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
    facts = {name: significant(getattr(values, name)()) for name in ("min", "max", "mean", "std")}
    found = {"edges": edges.tolist(), "counts": counts.tolist()} | facts | {"values": distinct.tolist()}
    return {"sample": values.tolist(), "found": found | ({"value_counts": value_counts.tolist()} if len(distinct) > 10 else {})}


def stability(expected, actual):
    # scipy's entropy of two distributions is their Kullback-Leibler divergence; the index is that in both directions.
    expected, actual = np.add(expected, 0.5), np.add(actual, 0.5)
    value = stats.entropy(expected, actual) + stats.entropy(actual, expected)
    return {"expected": (expected - 0.5).tolist(), "actual": (actual - 0.5).tolist(), "value": value}


def kolmogorov_smirnov(left, right):
    statistic = stats.ks_2samp(left, right, method="asymp").statistic
    scale = np.sqrt(len(left) * len(right) / (len(left) + len(right)))
    samples = {"left": left.tolist(), "right": right.tolist()}
    return samples | {"statistic": statistic, "p_value": special.kolmogorov(scale * statistic)}


def chi_squared(left, right):
    table = np.array([left, right])
    result = stats.chi2_contingency(table[:, table.sum(axis=0) > 0], correction=False)
    return {"left": left, "right": right, "statistic": result.statistic, "p_value": result.pvalue}


cases = {
    "binary": [binary(60, 1.0), binary(300, 2.0), binary(300, 0.4)],
    "multiclass": [multiclass(60, 3), multiclass(200, 4), multiclass(400, 12)],
    "regression": [regression(50, 0.0), regression(200, 1e7), regression(200, -40.0)],
    "distribution": [
        distribution(np.array([3.0, 1.0, 1.0, 2.0])),
        distribution(random.normal(size=200).round(5)),
        distribution(random.poisson(6, 300).astype(float)),
        distribution(random.exponential(1e-4, 173)),
        distribution(np.append(np.zeros(150), random.uniform(1, 1e6, 50))),
    ],
    "population_stability_index": [
        stability([100, 200, 300], [100, 200, 300]),
        stability([10, 20, 30, 40], [40, 30, 20, 10]),
        stability([891, 0, 3], [0, 400, 1]),
        stability(random.integers(0, 200, 10), random.integers(0, 50, 10)),
    ],
    "kolmogorov_smirnov": [
        kolmogorov_smirnov(random.normal(size=50), random.normal(size=70)),
        kolmogorov_smirnov(random.normal(size=80), random.normal(0.4, 1.2, size=60)),
        kolmogorov_smirnov(random.integers(0, 9, 90).astype(float), random.integers(2, 9, 40).astype(float)),
        kolmogorov_smirnov(np.arange(10.0), np.arange(10.0)),
        kolmogorov_smirnov(np.zeros(30), np.ones(20)),
    ],
    "chi_squared": [
        chi_squared([549, 342], [240, 160]),
        chi_squared([216, 184, 491], [100, 50, 700]),
        chi_squared([5, 0, 7, 0], [1, 0, 9, 4]),
        chi_squared([10, 20], [10, 20]),
        chi_squared([900, 1], [1, 900]),
    ],
}
lists = (f'"{name}": [\n' + ",\n".join(map(json.dumps, found)) + "\n]" for name, found in cases.items())
print("{\n" + ",\n".join(lists) + "\n}")
