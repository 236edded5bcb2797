"""What trainings share: the metrics, the rule, the families, the graph, and that nothing unseen reaches a choice.

.tools/train/bin/python -B -m unittest discover tests/training
"""

import csv
import sys
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "model"))

import graph
import metrics
import numpy as np
import onnx
import rule
import validation
from families import Family, logistic_regression, logistic_regression_as_it_is, tanh_network
from features import Features
from package import answers, groups
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from table import Table

ROWS = 300


def logit(probability):
    return np.log(probability / (1 - probability))


def drawn(seed, rows=ROWS):
    """Returns probabilities, and what happened by them."""
    random = np.random.default_rng(seed)
    probability = random.uniform(0.02, 0.98, rows)
    return probability, (random.uniform(size=rows) < probability).astype(int)


class Metrics(unittest.TestCase):
    def test_accuracy_counts_a_probability_at_the_threshold_as_positive(self):
        probability, happened = drawn(1)
        probability[:5] = 0.3
        found = metrics.evaluate(happened, probability, 0.3)["accuracy"]
        self.assertEqual(found, accuracy_score(happened, probability >= 0.3))

    def test_calibration_is_that_of_scikit_learn(self):
        probability, happened = drawn(2)
        tenths = metrics.calibration(happened, probability)
        rates, means = calibration_curve(happened, probability, n_bins=10)
        np.testing.assert_allclose([tenth["positive_rate"] for tenth in tenths], rates)
        np.testing.assert_allclose([tenth["mean_probability"] for tenth in tenths], means)
        self.assertEqual(sum(tenth["rows"] for tenth in tenths), ROWS)
        counts = np.histogram(probability, metrics.TENTHS)[0]
        error = np.sum(counts * np.abs(rates - means)) / ROWS
        self.assertAlmostEqual(metrics.evaluate(happened, probability)["ece"], error)

    def test_recalibration_is_an_unpenalised_logistic_regression_on_the_logit(self):
        probability, happened = drawn(3)
        out_of_fold = np.array([probability, np.sqrt(probability)])
        found = metrics.recalibration(happened, out_of_fold)
        peer = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000)
        peer.fit(logit(out_of_fold.ravel())[:, None], np.tile(happened, 2))
        self.assertAlmostEqual(found["slope"], peer.coef_[0, 0], 6)
        self.assertAlmostEqual(found["intercept"], peer.intercept_[0], 6)

    def test_probabilities_that_are_too_extreme_have_a_slope_below_one(self):
        probability, happened = drawn(5)
        honest = metrics.recalibration(happened, probability[None])
        extreme = metrics.recalibration(happened, 1 / (1 + np.exp(-2 * logit(probability[None]))))
        self.assertAlmostEqual(extreme["slope"], honest["slope"] / 2)
        self.assertAlmostEqual(extreme["slope_error"], honest["slope_error"] / 2)
        self.assertAlmostEqual(extreme["intercept"], honest["intercept"])

    def test_errors_of_slope_and_intercept_are_those_of_drawing_rows_anew(self):
        found = [metrics.recalibration(happened, probability[None]) for probability, happened in map(drawn, range(400))]
        for name in ("slope", "intercept"):
            spread = np.std([values[name] for values in found])
            told = np.mean([values[f"{name}_error"] for values in found])
            self.assertLess(abs(told / spread - 1), 0.12, name)

    def test_repeats_add_no_rows(self):
        probability, happened = drawn(6)
        once = metrics.recalibration(happened, probability[None])
        often = metrics.recalibration(happened, np.tile(probability, (5, 1)))
        for name, value in once.items():
            self.assertAlmostEqual(value, often[name], msg=name)

    def test_probabilities_of_zero_and_one_are_finite(self):
        probability, happened = drawn(7)
        probability[:2], happened[:2] = (0, 1), (0, 1)
        found = metrics.recalibration(happened, probability[None])
        self.assertTrue(all(np.isfinite(value) for value in found.values()))


class Rule(unittest.TestCase):
    def test_the_error_is_that_of_nadeau_and_bengio(self):
        differences = [0.01, 0.03, 0.02, -0.01, 0.05]
        variance = sum((d - 0.02) ** 2 for d in differences) / 4
        self.assertAlmostEqual(rule.corrected_error(differences, 5), ((1 / 5 + 1 / 4) * variance) ** 0.5)

    def test_more_repeats_do_not_make_noise_vanish(self):
        differences = np.random.default_rng(1).normal(size=10)
        once, often = (rule.corrected_error(np.tile(differences, count), 10) for count in (1, 1000))
        self.assertGreater(often, 0.65 * once)

    def test_what_is_equal_is_decided_by_simplicity(self):
        losses = [0.4, 0.5, 0.45]
        self.assertEqual(rule.strongest({1: losses, 10: losses, 3: losses}, 3), 10)
        self.assertEqual(rule.smallest({"small": losses, "large": losses}, 3), "small")

    def test_the_strongest_penalty_within_one_error_is_taken(self):
        best = np.array([0.40, 0.50, 0.45, 0.42, 0.48])
        noise = np.array([0.02, -0.01, 0.01, -0.02, 0.01])
        error = rule.corrected_error(noise, 5)
        near = best + noise - noise.mean() + 0.9 * error
        far = best + noise - noise.mean() + 1.1 * error
        self.assertEqual(rule.strongest({1: best, 2: near, 4: far}, 5), 2)
        self.assertEqual(rule.strongest({1: best, 2: far, 4: far}, 5), 1)

    def test_a_larger_family_must_be_better_by_more_than_its_error(self):
        large = np.array([0.40, 0.50, 0.45, 0.42, 0.48])
        noise = np.array([0.02, -0.01, 0.01, -0.02, 0.01])
        self.assertEqual(rule.smallest({"small": large + noise, "large": large}, 5), "small")
        self.assertEqual(rule.smallest({"small": large + noise + 0.1, "large": large}, 5), "large")

    def test_the_error_is_of_the_difference_and_not_of_the_loss(self):
        best = np.array([0.2, 0.8, 0.3, 0.7, 0.5])
        self.assertEqual(rule.strongest({1: best, 2: best + [0.01, 0.01, 0.012, 0.01, 0.009]}, 5), 1)


class Models(unittest.TestCase):
    def setUp(self):
        random = np.random.default_rng(8)
        self.matrix = (random.normal(size=(ROWS, 4)) * [1, 10, 0.1, 3] + [0, 5, 1, -2]).astype(np.float32)
        wave = np.tanh(self.matrix[:, 0]) + np.tanh(self.matrix[:, 1] - 5)
        self.happened = (random.uniform(size=ROWS) < 1 / (1 + np.exp(-wave))).astype(int)
        self.names = ["a", "b", "c", "d"]

    def fitted(self, make, penalty=3.0):
        return Family("any", make, (penalty,)).fit(penalty, self.names, self.matrix, self.happened)

    def test_a_penalty_is_worth_the_same_in_both_kinds(self):
        """At the optimum of the loss that families.py tells, the gradient by the last layer's weights is zero."""
        for make in (logistic_regression, tanh_network(3)):
            model = self.fitted(make)
            scaler, last = model.estimator[0], model.estimator[-1]
            inputs = scaler.transform(self.matrix)
            if make is not logistic_regression:
                inputs = np.tanh(inputs @ last.coefs_[0] + last.intercepts_[0])
            weights = last.coef_.T if make is logistic_regression else last.coefs_[1]
            residual = model.probability(self.matrix) - self.happened
            gradient = inputs.T @ residual[:, None] + 3.0 * weights
            self.assertLess(np.abs(gradient).max(), 0.05)

    def test_features_as_they_are_are_penalised_as_they_are(self):
        model = self.fitted(logistic_regression_as_it_is)
        last = model.estimator[-1]
        residual = model.probability(self.matrix) - self.happened
        gradient = self.matrix.T @ residual[:, None] + 3.0 * last.coef_.T
        self.assertLess(np.abs(gradient).max(), 0.05)

    def test_the_graph_answers_as_the_model_does(self):
        for make, ops in (
            (logistic_regression, ["MatMul", "Add", "Sigmoid"]),
            (logistic_regression_as_it_is, ["MatMul", "Add", "Sigmoid"]),
            (tanh_network(3), ["MatMul", "Add", "Tanh", "MatMul", "Add", "Sigmoid"]),
        ):
            model = self.fitted(make)
            content = graph.export(model.estimator, "any", {"threshold": "0.5"})
            self.assertEqual([node.op_type for node in onnx.load_from_string(content).graph.node], ops)
            np.testing.assert_allclose(graph.run(content, self.matrix), model.probability(self.matrix), atol=1e-6)

    def test_a_model_sees_only_its_features(self):
        family = Family("any", logistic_regression, (1.0,), sees=lambda name: name in "bd")
        model = family.fit(1.0, self.names, self.matrix, self.happened)
        changed = self.matrix + np.array([9, 0, 9, 0], np.float32)
        np.testing.assert_array_equal(model.probability(changed), model.probability(self.matrix))


class Nested(unittest.TestCase):
    """Features are the rows' own cells here, and of the known rows the mean label: what a leak would go through."""

    SCHEME = validation.Scheme(folds=3, repeats=2, inner_folds=4, inner_repeats=1, seed=1)
    FAMILIES = [
        Family("reference", logistic_regression, (1.0,), reference=True),
        Family("small", logistic_regression, (0.1, 10.0, 1000.0)),
        Family("large", tanh_network(2), (1.0, 10.0)),
    ]

    def setUp(self):
        random = np.random.default_rng(9)
        self.cells = random.normal(size=(90, 3)).astype(np.float32)
        self.labels = (random.uniform(size=90) < 1 / (1 + np.exp(-2 * self.cells[:, 0]))).astype(int)
        self.asked = []

    def table(self, labels):
        fields = [{"name": "id"}, {"name": "label"}, {"name": "group"}]
        about = {"label": "label", "positive": 1, "key": "id", "compare_by": ["group"]}
        rows = [{"id": str(i), "label": str(label), "group": "ab"[i % 2]} for i, label in enumerate(labels)]
        return Table("any", Path(), {"fields": fields, "lifeboat": about}, [], rows)

    def features(self, table, known, unseen):
        self.asked.append((np.asarray(known), np.asarray(unseen)))
        rate = np.float32(table.happened[known].mean())
        known, unseen = (self.cells[np.asarray(part, dtype=int)] * (1 + rate) for part in (known, unseen))
        return Features({}, ["a", "b", "c"], known, unseen)

    def judged(self, labels, split):
        with mock.patch.object(validation, "fit_and_transform", self.features):
            return validation.judge(self.table(labels), self.FAMILIES, self.SCHEME, split)

    def test_labels_left_out_change_neither_choice_nor_probabilities(self):
        known, unseen = self.SCHEME.outer(self.labels)[0]
        told, lied = self.labels.copy(), self.labels.copy()
        lied[unseen] = 1 - lied[unseen]
        one, other = (self.judged(labels, (known, unseen)) for labels in (told, lied))
        self.assertEqual(one.choice, other.choice)
        for name, probability in one.probabilities.items():
            np.testing.assert_array_equal(probability, other.probabilities[name])

    def test_inner_folds_stay_within_the_training_part(self):
        known, unseen = self.SCHEME.outer(self.labels)[0]
        part = self.judged(self.labels, (known, unseen))
        *inner, outer = self.asked
        self.assertEqual(len(inner), 4)
        for inner_known, inner_unseen in inner:
            self.assertEqual(sorted([*inner_known, *inner_unseen]), sorted(known))
        np.testing.assert_array_equal(outer[0], known)
        np.testing.assert_array_equal(np.sort(np.concatenate([rows for _, rows in inner])), known)
        self.assertEqual(set(part.choice.losses), {"small", "large"})

    def test_a_single_candidate_is_fitted_without_inner_folds(self):
        known, unseen = self.SCHEME.outer(self.labels)[0]
        self.FAMILIES = [Family("only", logistic_regression, (10.0,))]
        part = self.judged(self.labels, (known, unseen))
        self.assertEqual((part.choice.family, part.choice.penalties, len(self.asked)), ("only", {"only": 10.0}, 1))
        self.assertEqual(rule.compare(part.choice.losses, 4), {})

    def test_a_summary_is_of_every_row_once_a_repeat(self):
        splits = self.SCHEME.outer(self.labels)
        out_of_fold = np.array([drawn(seed, 90)[0] for seed in (1, 2)])
        found = validation.summary("any", out_of_fold, self.labels, splits, 0.5)
        losses = [metrics.evaluate(self.labels, probability)["log_loss"] for probability in out_of_fold]
        self.assertAlmostEqual(found["metrics"]["log_loss"], np.mean(losses))
        by_group = groups(self.table(self.labels), out_of_fold, 0.5)
        self.assertEqual(
            [(row["group"], row["rows"]) for row in by_group], [({"group": "a"}, 45), ({"group": "b"}, 45)]
        )


class Files(unittest.TestCase):
    """What stands in files beside the numbers: the key, which may be several fields or none, and classes."""

    LABEL = {"name": "left", "categories": [{"value": "no", "label": "stays"}, {"value": "yes", "label": "leaves"}]}

    def table(self, **about):
        about = {"label": "left", "positive": "yes"} | about
        rows = [{"left": "yes", "city": 'Rome, "old"', "day": "1"}, {"left": "no", "city": "Oslo", "day": "2"}]
        return Table("any", Path(), {"fields": [self.LABEL], "lifeboat": about}, [], rows)

    def test_answers_have_the_key_and_give_the_same_number_back(self):
        probabilities = np.array([0.1, 1 / 3], np.float32)
        for key, header in (("day", ["day"]), (["city", "day"], ["city", "day"]), ([], [])):
            table = self.table(key=key)
            found, *rows = csv.reader(answers(table, probabilities).decode().splitlines())
            self.assertEqual(found, [*header, "probability"])
            self.assertEqual([row[:-1] for row in rows], [[row[name] for name in header] for row in table.rows])
            np.testing.assert_array_equal([np.float32(row[-1]) for row in rows], probabilities)

    def test_classes_are_the_schemas_and_the_positive_one_happened(self):
        table = self.table()
        self.assertEqual((table.classes, table.happened.tolist(), table.key), (["no", "yes"], [1, 0], []))


if __name__ == "__main__":
    unittest.main()
