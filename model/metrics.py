"""What predicted probabilities are worth, beside what happened (0 or 1)."""

import numpy as np
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

TENTHS = np.arange(11) / 10


def evaluate(happened, probability, threshold=0.5) -> dict:
    return {
        "accuracy": np.mean((probability >= threshold) == happened),
        "auc": roc_auc_score(happened, probability),
        "log_loss": log_loss(happened, probability),
        "brier": brier_score_loss(happened, probability),
        "ece": sum(
            tenth["rows"] / len(happened) * abs(tenth["mean_probability"] - tenth["positive_rate"])
            for tenth in calibration(happened, probability)
        ),
    }


def calibration(happened, probability) -> list:
    """Compares what was predicted with what happened, in ten bins of equal width. Empty bins are left out."""
    tenths = np.digitize(probability, TENTHS[1:-1])
    return [
        {
            "from": TENTHS[i],
            "rows": int(np.sum(tenths == i)),
            "mean_probability": probability[tenths == i].mean(),
            "positive_rate": happened[tenths == i].mean(),
        }
        for i in range(10)
        if np.any(tenths == i)
    ]


def recalibration(happened, out_of_fold) -> dict:
    """Fits happened ~ sigmoid(intercept + slope * logit(probability)) to the pooled predictions of all repeats.

    `out_of_fold` has one row a repeat. A slope of 1 and an intercept of 0 need no correction; a slope below 1 says that
    the probabilities are too extreme, one above 1 that they are too timid. The standard errors count each row of the
    table once, however often it is repeated: they are those of a sandwich estimator with the row as its cluster.
    """
    repeats, rows = out_of_fold.shape
    probability = np.clip(out_of_fold.ravel(), 1e-15, 1 - 1e-15)
    design = np.column_stack([np.ones(repeats * rows), np.log(probability / (1 - probability))])
    happened = np.tile(happened, repeats)
    weights = maximum_likelihood(design, happened)

    expected = sigmoid(design @ weights)
    bread = np.linalg.inv(hessian(design, expected))
    scores = (design * (happened - expected)[:, None]).reshape(repeats, rows, 2).sum(axis=0)
    errors = np.sqrt(np.diag(bread @ (scores.T @ scores) @ bread))
    return {"slope": weights[1], "slope_error": errors[1], "intercept": weights[0], "intercept_error": errors[0]}


def maximum_likelihood(design, happened):
    """Returns the weights of an unpenalised logistic regression, by Newton's steps, each halved until it helps."""

    def loss(weights):
        logit = design @ weights
        return np.sum(np.logaddexp(0, logit) - happened * logit)

    weights = np.zeros(design.shape[1])
    for _ in range(100):
        expected = sigmoid(design @ weights)
        step = np.linalg.solve(hessian(design, expected), design.T @ (happened - expected))
        while loss(weights + step) > loss(weights) and np.abs(step).max() > 1e-12:
            step /= 2
        weights = weights + step
        if np.abs(step).max() < 1e-10:
            break
    return weights


def hessian(design, expected):
    return design.T @ (design * (expected * (1 - expected))[:, None])


def sigmoid(logit):
    return 1 / (1 + np.exp(-logit))
