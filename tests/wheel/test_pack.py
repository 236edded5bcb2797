"""lifeboat_tabular as it is installed: models of each library from tables of each kind, and what it says of those that it cannot pack."""

import contextlib
import io
import json
import sys
import tempfile
import unittest
import warnings
from pathlib import Path
from unittest import mock

import lifeboat_tabular as lifeboat
import numpy as np
import pandas as pd
import polars as pl
from catboost import CatBoostClassifier
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier, VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer, OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from xgboost import XGBClassifier

PASSENGERS = pd.read_csv(Path(__file__).resolve().parents[2] / "model/titanic/train.csv")
NUMBERS, TEXTS = ["Age", "Fare", "SibSp"], ["Sex", "Embarked"]
X = PASSENGERS[["PassengerId", *NUMBERS, *TEXTS]].rename(columns={"PassengerId": "id"})
Y = PASSENGERS["Survived"].map({0: "died", 1: "survived"})
WHOLE = X[NUMBERS].fillna(30).astype("float32")
LIGHT = {"n_estimators": 8, "verbose": -1}


def prepared(texts=None, numbers=None):
    numbers = numbers or make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    return ColumnTransformer([("numbers", numbers, NUMBERS), ("texts", texts or OneHotEncoder(handle_unknown="ignore"), TEXTS)])


class Test(unittest.TestCase):
    def setUp(self):
        warnings.simplefilter("ignore")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.output = Path(folder.name) / "package"

    def pack(self, model, X=X, y=Y, fit=None, target="outcome", **options):
        """Fits a model on X, or on `fit`, packs it, and returns the manifest."""
        model.fit(*(fit or (X, y)))
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            packed = lifeboat.pack(model, X, y, self.output, target=target, **options)
        self.assertEqual(printed.getvalue().strip(), packed.report)
        return json.loads((packed.path / "manifest.json").read_text())

    def schema(self):
        schema = json.loads((self.output / "schema.json").read_text())
        return {field["name"]: field for field in schema["fields"]}, schema["lifeboat"]

    def refused(self, expected, model, *arguments, error=lifeboat.PackError, **options):
        with self.assertRaisesRegex(error, expected):
            self.pack(model, *arguments, **options)
        self.assertFalse(self.output.exists())


class Packed(Test):
    def agrees(self, manifest, rows=len(X)):
        self.assertEqual(manifest["agreement"]["rows"], rows)
        self.assertLessEqual(manifest["agreement"]["largest_difference"], 1e-5)

    def test_pipeline_of_texts_with_gaps_and_a_key_that_no_step_reads(self):
        manifest = self.pack(make_pipeline(prepared(), LogisticRegression()), key="id", positive="survived")
        self.agrees(manifest)
        self.assertRegex(manifest["agreement"]["with"], r"^scikit-learn \d+\.\d+")
        fields, told = self.schema()
        self.assertEqual(list(fields), ["id", *NUMBERS, *TEXTS, "outcome"])
        self.assertEqual((told["key"], told["label"], told["positive"]), ("id", "outcome", "survived"))

    def test_texts_that_are_imputed(self):
        texts = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder())
        self.agrees(self.pack(make_pipeline(prepared(texts), LogisticRegression()), X[NUMBERS + TEXTS]))
        self.assertEqual(self.schema()[0]["Embarked"], {"name": "Embarked", "type": "string", "categories": ["C", "Q", "S"]})

    def test_texts_whose_gap_is_none(self):
        frame = X[NUMBERS + TEXTS].copy()
        frame["Embarked"] = pd.Series([None if text != text else text for text in frame["Embarked"]], dtype=object)
        manifest = self.pack(make_pipeline(prepared(), LogisticRegression()), frame)
        self.agrees(manifest)
        self.assertEqual(manifest["missing_texts"], {"Embarked": "None"})

    def test_texts_of_digits_stay_texts(self):
        frame = pd.DataFrame({"zip": ["007", "010", "100", "007"] * 30, "size": np.arange(120.0)})
        encode = ColumnTransformer([("zip", OneHotEncoder(), ["zip"]), ("size", "passthrough", ["size"])])
        self.agrees(self.pack(make_pipeline(encode, LogisticRegression(max_iter=1000)), frame, ["a", "b"] * 60), 120)
        self.assertEqual(self.schema()[0]["zip"]["type"], "string")

    def test_boosting_in_a_pipeline(self):
        self.agrees(self.pack(make_pipeline(prepared(), LGBMClassifier(**LIGHT)), key="id"))
        self.assertEqual(self.schema()[1]["key"], "id")

    def test_search_over_a_pipeline_with_xgboost_by_names(self):
        steps = prepared(OneHotEncoder(sparse_output=False), SimpleImputer()).set_output(transform="pandas")
        model = GridSearchCV(make_pipeline(steps, XGBClassifier(n_estimators=8)), {"xgbclassifier__max_depth": [2, 3]}, cv=2)
        frame = X[NUMBERS + TEXTS].fillna({"Embarked": "S"})
        self.agrees(self.pack(model, frame, fit=(frame, PASSENGERS["Survived"])))

    def test_xgboost_with_a_target_of_texts_and_odd_names(self):
        frame = WHOLE.rename(columns={"Age": "age (years)", "Fare": "fare £"})
        manifest = self.pack(XGBClassifier(n_estimators=8), frame, fit=(frame, PASSENGERS["Survived"]))
        self.agrees(manifest)
        self.assertIn("XGBoost", manifest["agreement"]["with"])
        self.assertEqual(list(self.schema()[0]), ["age (years)", "fare £", "SibSp", "outcome"])

    def test_frames_and_arrays_make_one_package(self):
        tables = [WHOLE, pl.DataFrame({name: WHOLE[name].to_numpy() for name in NUMBERS}), WHOLE.to_numpy()]
        found = {self.pack(LGBMClassifier(**LIGHT), table, Y.to_list(), columns=NUMBERS)["content_hash"] for table in tables}
        self.assertEqual(len(found), 1)

    def test_a_polars_frame_of_a_pipeline_that_was_fitted_on_pandas(self):
        frame = pl.DataFrame({name: [None if value != value else value for value in X[name]] for name in NUMBERS + TEXTS})
        self.agrees(self.pack(make_pipeline(prepared(), LogisticRegression()), frame, fit=(X[NUMBERS + TEXTS], Y)))

    def test_keys_beside_the_table(self):
        for key in [pd.Series(X["id"], name="number"), {"number": X["id"].to_numpy()}, X[["id"]].rename(columns={"id": "number"})]:
            self.pack(LogisticRegression(max_iter=500), WHOLE, key=key)
            self.assertEqual(self.schema()[1]["key"], "number")
        (self.output / "schema.json").unlink()
        self.pack(LogisticRegression(max_iter=500), WHOLE.to_numpy(), key=X["id"].to_numpy())
        self.assertEqual(list(self.schema()[0]), ["id", "x0", "x1", "x2", "outcome"])

    def test_classes_that_are_numbers_and_truths(self):
        boosted = CatBoostClassifier(iterations=8, verbose=False, allow_writing_files=False)
        for model, classes in [(boosted, PASSENGERS["Pclass"]), (LogisticRegression(max_iter=1000), PASSENGERS["Pclass"].astype(float))]:
            self.agrees(self.pack(model, WHOLE, classes))
            self.assertEqual(self.schema()[0]["outcome"]["type"], "integer")
            (self.output / "schema.json").unlink()
        self.agrees(self.pack(LogisticRegression(max_iter=500), WHOLE, Y == "survived"))
        self.assertEqual(self.schema()[0]["outcome"]["type"], "boolean")

    def test_a_number_and_rows_that_were_held_out(self):
        frame, fare = X[["Age", "SibSp"]].astype("float32"), X["Fare"]
        manifest = self.pack(LGBMRegressor(**LIGHT), frame[:600], fare[:600], evaluate=(frame[600:], fare[600:]))
        self.agrees(manifest, 600)
        self.assertEqual((manifest["evaluation"]["rows"], manifest["evaluation"]["on"]), (291, "held-out data"))

    def test_options_that_change_no_answer(self):
        self.agrees(self.pack(VotingClassifier([("line", LogisticRegression(max_iter=500))], voting="soft"), WHOLE))
        self.agrees(self.pack(make_pipeline(KBinsDiscretizer(4), LogisticRegression()), WHOLE))

    def test_a_schema_that_was_reviewed(self):
        self.pack(LogisticRegression(max_iter=500), WHOLE.assign(id=X["id"]), fit=(WHOLE, Y), key="id")
        reviewed = self.output.parent / "reviewed.json"
        text = (self.output / "schema.json").read_text().replace('"name": "Fare"', '"name": "Fare", "title": "What was paid"')
        reviewed.write_text(text)
        self.output = self.output.parent / "again"
        self.pack(LogisticRegression(max_iter=500), WHOLE.assign(id=X["id"]), fit=(WHOLE, Y), key="id", schema=reviewed)
        self.assertEqual(self.schema()[0]["Fare"]["title"], "What was paid")


class Refused(Test):
    """Exports that are wrong without a word are found by the comparison, and the cause is named."""

    def test_missing_values_as_columns(self):
        encode = ColumnTransformer([("numbers", SimpleImputer(add_indicator=True), NUMBERS)])
        self.refused(r"add_indicator=True\) is exported wrongly", make_pipeline(encode, LogisticRegression(max_iter=500)), X[NUMBERS])

    def test_calibration_over_a_pipeline(self):
        model = CalibratedClassifierCV(make_pipeline(StandardScaler(), LogisticRegression()))
        self.refused("CalibratedClassifierCV over a pipeline is exported wrongly", model, WHOLE)

    def test_a_forest_with_missing_values(self):
        self.refused("fitted with missing values is exported wrongly", RandomForestClassifier(8, random_state=0), X[NUMBERS])

    def test_categories_of_histogram_boosting(self):
        model = HistGradientBoostingClassifier(max_iter=8, categorical_features=[0])
        frame = PASSENGERS[["Pclass", "Fare"]].astype("float32")
        self.refused(r"categorical_features=….* is exported wrongly", model, frame)

    def test_zeros_that_xgboost_takes_as_missing(self):
        frame = PASSENGERS[["Fare", "Cabin"]].fillna({"Cabin": "none"})
        encode = ColumnTransformer([("fare", "passthrough", ["Fare"]), ("cabin", OneHotEncoder(), ["Cabin"])])
        model = make_pipeline(encode, XGBClassifier(n_estimators=8))
        self.refused("sparse_threshold=0", model, frame, fit=(frame, PASSENGERS["Survived"]))

    def test_a_scaler_before_a_forest(self):
        model = make_pipeline(StandardScaler(), RandomForestClassifier(8, random_state=0))
        self.refused("a scaler before trees", model, X[["Fare", "SibSp"]])

    def test_functions(self):
        model = make_pipeline(FunctionTransformer(np.log1p), LinearRegression())
        self.refused("FunctionTransformer cannot be exported", model, WHOLE, X["Fare"])

    def test_categories_of_boosters(self):
        frame = WHOLE.assign(Sex=X["Sex"].astype("category"))
        self.refused("LightGBM reads Sex as categories.*OrdinalEncoder", LGBMClassifier(**LIGHT), frame)
        codes = WHOLE.assign(Sex=(X["Sex"] == "male").astype(int).astype("category"))
        self.refused("LightGBM read pandas categories as codes", LGBMClassifier(**LIGHT), codes)
        model = XGBClassifier(n_estimators=8, enable_categorical=True)
        self.refused("XGBoost read categories", model, codes, fit=(codes, PASSENGERS["Survived"]))

    def test_no_probabilities(self):
        self.refused("no predict_proba.*CalibratedClassifierCV", LinearSVC(), WHOLE)

    def test_an_exporter_that_is_not_there(self):
        with mock.patch.dict(sys.modules, {"skl2onnx": None}):
            self.refused(r'pip install "lifeboat-tabular\[scikit-learn\]"', LogisticRegression(max_iter=500), WHOLE)

    def test_tables_that_do_not_fit(self):
        model = LogisticRegression(max_iter=500)
        self.refused("target 'Fare' is among the columns", model, WHOLE, target="Fare", error=ValueError)
        self.refused("no column 'number': it has Age", model, WHOLE, key="number", error=ValueError)
        self.refused("the model reads 3 columns.*X has Age, Fare", model, WHOLE[["Age", "Fare"]], fit=(WHOLE, Y), error=ValueError)
        self.refused("different numbers of rows.*outcome has 5", model, WHOLE, Y[:5], fit=(WHOLE, Y), error=ValueError)
        self.refused("'Sex' has texts and numbers", model, WHOLE.assign(Sex=["a", 1, 2] * 297), fit=(WHOLE.assign(Sex=1), Y), error=ValueError)
        self.refused("collect", model, pl.LazyFrame({"Age": [1]}), fit=(WHOLE, Y), error=TypeError)

    def test_a_model_of_another_library(self):
        class Guess:
            """Says the same of everything."""

            def fit(self, X, y):
                return self

            def predict(self, X):
                return np.zeros(len(X))

        self.refused("Guess is no model of scikit-learn", Guess(), WHOLE, X["Fare"])
