"""Families of models: the same size and kind, at several strengths of the L2 penalty.

A penalty is worth the same in all kinds: the loss is the sum of the rows' log losses plus penalty / 2 * |weights|^2, of
standardised features, or of features as they are.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

MAX_ITERATIONS = 5000


def everything(_feature):
    return True


@dataclass(frozen=True)
class Family:
    """What a family is called, and how a model of it is made for a penalty.

    A reference is compared with, but never chosen. Every part must be a module's own function, so that other processes
    can be told of it.
    """

    name: str
    make: Callable
    penalties: tuple
    sees: Callable = everything
    reference: bool = False

    def fit(self, penalty, names, matrix, happened) -> "Model":
        columns = np.array([self.sees(name) for name in names])
        with warnings.catch_warnings():
            # A model that stops before its optimum is not the one that is described.
            warnings.simplefilter("error", ConvergenceWarning)
            return Model(self.make(penalty).fit(double(matrix[:, columns]), happened), columns)


@dataclass(frozen=True)
class Model:
    """A fitted estimator, and the columns that it reads."""

    estimator: object
    columns: np.ndarray

    def probability(self, matrix) -> np.ndarray:
        return self.estimator.predict_proba(double(matrix[:, self.columns]))[:, 1]


def double(matrix):
    """Features are float32; a network that is fitted in float32 as well stops a little before its optimum."""
    return matrix.astype(np.float64)


def logistic_regression(penalty):
    return make_pipeline(StandardScaler(), LogisticRegression(C=1 / penalty, solver="newton-cholesky", tol=1e-8))


def logistic_regression_as_it_is(penalty):
    """Reads features that a recipe has scaled: each is penalised as it is, so that a rare flag is trusted less than a frequent one."""
    return make_pipeline("passthrough", LogisticRegression(C=1 / penalty, solver="newton-cholesky", tol=1e-8))


def tanh_network(hidden):
    """Returns a maker of networks with one layer of so many tanh units, all started from one seed."""
    return partial(_tanh_network, hidden)


def _tanh_network(hidden, penalty):
    settings = {"activation": "tanh", "solver": "lbfgs", "max_iter": MAX_ITERATIONS, "random_state": 0}
    return make_pipeline(StandardScaler(), MLPClassifier((hidden,), alpha=penalty, **settings))
