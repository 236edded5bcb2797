"""The training data's distributions, with which monitoring compares later traffic."""

import numpy as np
from features import Features
from metrics import TENTHS
from table import Table

# Up to so many distinct values are counted each by itself.
DISTINCT = 10


def baseline(table: Table, features: Features, probability, repeats) -> dict:
    """Takes out-of-fold probabilities, since later records are unseen as well."""
    missing = {field: np.mean([row[field] == "" for row in table.rows]) for field in table.optional}
    counts, _ = np.histogram(probability, TENTHS)
    return {
        "rows": len(table),
        "bins": "bin i holds the values of which i edges are not greater; edges are those between bins; values are the distinct ones, a bin each unless value_counts tells",
        "features": {
            name: distribution(column) for name, column in zip(features.names, features.known.astype(float).T)
        },
        "missing_rates": rounded(missing, 6),
        "prediction_histogram": {
            "probabilities": f"out of fold, each row's mean over the {repeats} repeats of nested cross-validation",
            "edges": TENTHS.tolist(),
            "counts": counts.tolist(),
        },
        "positive_rate": round(float(table.happened.mean()), 6),
        "mean_probability": round(float(probability.mean()), 6),
    }


def distribution(values) -> dict:
    """Counts values between a few distinct ones, or by tenths where there are many."""
    distinct = np.unique(values)
    if len(distinct) <= DISTINCT:
        edges = (distinct[1:] + distinct[:-1]) / 2
    else:
        edges = np.unique(significant(np.quantile(values, TENTHS[1:-1])))
        edges = edges[edges > values.min()]
    counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
    facts = {"min": values.min(), "max": values.max(), "mean": values.mean(), "std": values.std()}
    values, value_counts = np.unique(values.astype(np.float32), return_counts=True)
    sample = {"values": [shortest(value) for value in values]}
    if len(distinct) > DISTINCT:
        sample["value_counts"] = value_counts.tolist()
    return {"edges": edges.tolist(), "counts": counts.tolist()} | {k: significant(v) for k, v in facts.items()} | sample


def shortest(value):
    """Returns the number of the fewest digits that give the same float32 back."""
    return float(np.format_float_positional(value, unique=True, trim="0"))


def significant(value):
    """Rounds to six significant digits."""
    return np.vectorize(lambda number: float(f"{number:.6g}"))(value) if np.ndim(value) else float(f"{value:.6g}")


def rounded(values, digits):
    return {k: round(float(v), digits) if isinstance(v, (float, np.floating)) else v for k, v in values.items()}
