"""Writes tests/model/statistics.json: cases for src/statistics.rs, with what scipy and scikit-learn say of them.

    .tools/train/bin/python tests/model/statistics.py > tests/model/statistics.json
"""

import json

import numpy as np
from scipy import special, stats
from sklearn import metrics

random = np.random.default_rng(1912)


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


def probabilities(probability, happened):
    tenth = np.minimum(np.digitize(probability, np.arange(1, 10) / 10), 9)
    bins = [tenth == i for i in range(10)]
    calibration = [[int(b.sum()), probability[b].mean(), happened[b].mean()] for b in bins if b.any()]
    return {
        "judged": [[p, bool(h)] for p, h in zip(probability.tolist(), happened.tolist())],
        "auc": metrics.roc_auc_score(happened, probability),
        "log_loss": metrics.log_loss(happened, probability),
        "brier": metrics.brier_score_loss(happened, probability),
        "calibration": calibration,
    }


def judged(rows, digits):
    probability = random.uniform(size=rows).round(digits)
    return probabilities(probability, random.uniform(size=rows) < probability)


cases = {
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
    "probabilities": [judged(40, 17), judged(120, 1), judged(60, 2)],
}
lists = (f'"{name}": [\n' + ",\n".join(map(json.dumps, found)) + "\n]" for name, found in cases.items())
print("{\n" + ",\n".join(lists) + "\n}")
