"""Makes the graphs that tests/exported serves: as the standard exporters write them, with what onnxruntime answers beside them.

    python3 -m venv .tools/exported
    .tools/exported/bin/pip install --requirement tests/exported/requirements.txt
    .tools/exported/bin/python tests/exported/make.py            # writes all graphs beside this file
    .tools/exported/bin/python tests/exported/make.py svc knn    # only these

NAME.onnx is the exporter's file, unchanged. NAME.json has the schema and the manifest of a package, rows of its table that the model was
not trained on, and for each row the graph's label and its probabilities or its value.
"""

import os

# One thread, set before numpy is loaded: the order of additions decides the last bits.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import json
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import pandas as pd
from catboost import CatBoostClassifier, CatBoostRegressor
from lightgbm import LGBMClassifier, LGBMRegressor
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType as MlFloat
from skl2onnx import to_onnx
from skl2onnx.common.data_types import BooleanTensorType, DoubleTensorType, FloatTensorType, Int64TensorType, StringTensorType
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.feature_selection import SelectKBest, SelectPercentile, chi2
from sklearn.impute import SimpleImputer
from sklearn.linear_model import ElasticNet, LinearRegression, LogisticRegression, PoissonRegressor, Ridge, SGDClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)
from sklearn.svm import SVC, SVR, LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier, XGBRegressor

HERE = Path(__file__).resolve().parent
TITANIC = HERE.parents[1] / "model/titanic/train.csv"
ROWS = 40
TARGET_OPSET = {"": 18, "ai.onnx.ml": 3}
GRAPHS = {}


@dataclass
class Table:
    """A table to train on: columns, and what happened."""

    frame: pd.DataFrame
    happened: np.ndarray

    def halves(self):
        """The rows to train on, and those to ask about."""
        asked = np.zeros(len(self.frame), bool)
        asked[:: len(self.frame) // ROWS] = True
        asked &= np.cumsum(asked) <= ROWS
        return (self.frame[~asked], self.happened[~asked]), self.frame[asked]


def graph(make):
    """Registers a graph by the name of the function that makes it."""
    GRAPHS[make.__name__] = make
    return make


def iris(labels=str):
    data = load_iris()
    names = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    happened = data.target_names[data.target] if labels is str else data.target
    return Table(pd.DataFrame(data.data.astype(np.float32), columns=names), np.asarray(happened, labels if labels is str else np.int64))


def cancer(columns=10):
    data = load_breast_cancer()
    names = [name.replace(" ", "_") for name in data.feature_names[:columns]]
    return Table(pd.DataFrame(data.data[:, :columns].astype(np.float32), columns=names), data.target.astype(np.int64))


def wine():
    data = load_wine()
    names = [name.replace("/", "_") for name in data.feature_names]
    return Table(pd.DataFrame(data.data.astype(np.float32), columns=names), data.target.astype(np.int64))


def diabetes():
    data = load_diabetes()
    return Table(pd.DataFrame(data.data.astype(np.float32), columns=data.feature_names), data.target.astype(np.float32))


def with_gaps(table, share=0.1):
    """The same table, with values missing."""
    gaps = np.random.default_rng(1).random(table.frame.shape) < share
    return Table(table.frame.mask(gaps), table.happened)


def titanic():
    """Mixed columns: a missing number is NaN, a missing text is empty."""
    data = pd.read_csv(TITANIC)
    frame = pd.DataFrame(
        {
            "age": data["Age"].astype(np.float32),
            "fare": data["Fare"].astype(np.float32),
            "embarked": data["Embarked"].fillna("").astype(object),
            "sex": data["Sex"].astype(object),
            "pclass": data["Pclass"].astype(np.int64),
        }
    )
    return Table(frame, np.where(data["Survived"] == 1, "yes", "no"))


def fields(frame):
    """The fields of a schema for these columns."""
    described = []
    for name, column in frame.items():
        kind = "string" if column.dtype == object else "integer" if column.dtype == np.int64 else "boolean" if column.dtype == bool else "number"
        required = not (kind == "number" and column.isna().any() or kind == "string" and (column == "").any())
        described.append({"name": name, "type": kind, **({"constraints": {"required": True}} if required else {})})
    return described


def means(frame):
    """What stands for a record of which nothing is known."""
    return {
        name: (column.mode()[0] or "unknown") if column.dtype == object else round(float(column.mean()), 4)
        for name, column in frame.items()
    }


def a_column_each(frame):
    """The inputs of a graph that reads its columns by name."""
    kinds = {"float32": FloatTensorType, "float64": DoubleTensorType, "int64": Int64TensorType, "bool": BooleanTensorType}
    return [(name, kinds.get(str(column.dtype), StringTensorType)([None, 1])) for name, column in frame.items()]


def write(name, table, asked, model, labels=None):
    """Asks onnxruntime about the rows, and writes graph and answers."""
    path = HERE / f"{name}.onnx"
    path.write_bytes(model.SerializeToString() if hasattr(model, "SerializeToString") else model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    inputs = session.get_inputs()
    types = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64, "tensor(bool)": bool, "tensor(string)": object}
    if len(inputs) == 1 and inputs[0].shape[-1] != 1:
        feeds = {inputs[0].name: asked.to_numpy().astype(types[inputs[0].type])}
    else:
        feeds = {one.name: asked[[one.name]].to_numpy().astype(types[one.type]) for one in inputs}
    answers = dict(zip([output.name for output in session.get_outputs()], session.run(None, feeds)))
    classes = None
    if table.happened.dtype.kind != "f":
        classes = sorted({value.item() if hasattr(value, "item") else value for value in table.happened})
        label = {"name": "target", "type": "string" if isinstance(classes[0], str) else "integer", "categories": classes}
        found = next(value for key, value in answers.items() if "label" in key.lower() or key in ("output_label",))
        # Or an output for each class, with zipmap="columns".
        scores = next((value for key, value in answers.items() if "prob" in key.lower()), None)
        if scores is None:
            scores = np.column_stack([answers[f"{'s' if isinstance(one, str) else 'i'}{one}"] for one in classes])
        if isinstance(scores, list):
            keys = list(scores[0])
            scores = np.array([[row[key] for key in keys] for row in scores])
        told = [row.item() if hasattr(row, "item") else row for row in np.asarray(found).ravel()]
    else:
        label, told = {"name": "target", "type": "number"}, None
        scores = next(iter(answers.values()))
    scores = np.asarray(scores, np.float64).reshape(len(asked), -1)
    schema = {"fields": [*fields(table.frame), label], "lifeboat": {"label": "target"}}
    manifest = {"name": name, "semantic_version": "1.0.0", "means": means(table.frame)}
    if classes is not None:
        manifest["classes"] = labels or classes
    if classes is not None and isinstance(classes[0], int) and len(classes) == 2:
        schema["lifeboat"]["positive"] = classes[1]
    if any(column.dtype in (object, np.int64, bool) for _, column in table.frame.items()) and len(inputs) == 1 and inputs[0].shape[-1] != 1:
        manifest["inputs"] = list(table.frame.columns)
    rows = [[None if value != value or value == "" else value.item() if hasattr(value, "item") else value for value in row] for row in asked.itertuples(index=False)]
    rows = [[short(value, table.frame.dtypes.iloc[place]) for place, value in enumerate(row)] for row in rows]
    text = {"schema": schema, "manifest": manifest, "rows": rows, "labels": told, "answers": [[float(f"{value:.9g}") for value in row] for row in scores]}
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in text.items()]
    (HERE / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


def short(value, dtype):
    """The shortest decimal that names an FP32."""
    return float(str(np.float32(value))) if isinstance(value, float) and dtype == np.float32 else value


def sklearn(name, table, model, options=None, inputs=None, zipmap=False, **more):
    """Trains a model of scikit-learn, and exports it by skl2onnx."""
    (frame, happened), asked = table.halves()
    is_matrix = inputs is None
    model.fit(frame.to_numpy() if is_matrix else frame, happened)
    if hasattr(model, "classes_") and not zipmap:
        options = {id(model): {"zipmap": False, **(options or {})}}
    types = inputs or [("X", FloatTensorType([None, frame.shape[1]]))]
    write(name, table, asked, to_onnx(model, initial_types=types, options=options, target_opset=TARGET_OPSET, **more))


def mixed(columns=("embarked", "sex", "pclass"), encoder=None):
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    texts = encoder or make_pipeline(OneHotEncoder(handle_unknown="ignore"), SelectPercentile(chi2, percentile=50))
    return ColumnTransformer([("numbers", numbers, ["age", "fare"]), ("texts", texts, list(columns))])


def titanic_with(name, model, zipmap=False, **more):
    table = titanic()
    sklearn(name, table, model, inputs=a_column_each(table.frame), zipmap=zipmap, **more)


@graph
def titanic_pipeline():
    titanic_with("titanic_pipeline", make_pipeline(mixed(), LogisticRegression()))


@graph
def titanic_pipeline_zipmap():
    titanic_with("titanic_pipeline_zipmap", make_pipeline(mixed(), LogisticRegression()), zipmap=True)


@graph
def titanic_forest():
    titanic_with("titanic_forest", make_pipeline(mixed(encoder=OneHotEncoder(handle_unknown="ignore")), RandomForestClassifier(12, max_depth=6, random_state=0)))


@graph
def titanic_ordinal():
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    titanic_with("titanic_ordinal", make_pipeline(mixed(encoder=encoder), GradientBoostingClassifier(n_estimators=12, random_state=0)))


@graph
def titanic_target_encoder():
    titanic_with("titanic_target_encoder", make_pipeline(mixed(encoder=TargetEncoder(random_state=0)), LogisticRegression()))


@graph
def logistic_texts():
    sklearn("logistic_texts", iris(), make_pipeline(StandardScaler(), LogisticRegression()))


@graph
def logistic_numbers():
    sklearn("logistic_numbers", cancer(), make_pipeline(StandardScaler(), LogisticRegression()))


@graph
def logistic_zipmap_numbers():
    sklearn("logistic_zipmap_numbers", iris(int), LogisticRegression(max_iter=500), zipmap=True)


@graph
def logistic_zipmap_columns():
    model = LogisticRegression(max_iter=500)
    sklearn("logistic_zipmap_columns", iris(), model, options={id(model): {"zipmap": "columns"}}, zipmap=True)


@graph
def one_vs_rest():
    sklearn("one_vs_rest", iris(), OneVsRestClassifier(LogisticRegression()))


@graph
def sgd():
    sklearn("sgd", cancer(), make_pipeline(StandardScaler(), SGDClassifier(loss="log_loss", random_state=0)))


@graph
def linear_regression():
    sklearn("linear_regression", diabetes(), LinearRegression())


@graph
def linear_regression_double():
    table = diabetes()
    table.frame = table.frame.astype(np.float64)
    sklearn("linear_regression_double", table, make_pipeline(PCA(5), MLPRegressor(hidden_layer_sizes=(6,), solver="lbfgs", max_iter=300, random_state=0)), inputs=[("X", DoubleTensorType([None, 10]))])


@graph
def elastic_net():
    sklearn("elastic_net", diabetes(), make_pipeline(RobustScaler(), ElasticNet()))


@graph
def poisson():
    sklearn("poisson", diabetes(), make_pipeline(MinMaxScaler(), PoissonRegressor()))


@graph
def decision_tree():
    sklearn("decision_tree", iris(), DecisionTreeClassifier(max_depth=4, random_state=0))


@graph
def decision_tree_regressor():
    sklearn("decision_tree_regressor", diabetes(), DecisionTreeRegressor(max_depth=5, random_state=0))


@graph
def forest_binary():
    sklearn("forest_binary", cancer(), RandomForestClassifier(12, max_depth=5, random_state=0))


@graph
def forest_texts():
    sklearn("forest_texts", iris(), RandomForestClassifier(12, max_depth=5, random_state=0))


@graph
def forest_regressor():
    sklearn("forest_regressor", diabetes(), RandomForestRegressor(12, max_depth=5, random_state=0))


@graph
def extra_trees():
    sklearn("extra_trees", wine(), ExtraTreesClassifier(12, max_depth=5, random_state=0))


@graph
def gradient_boosting():
    sklearn("gradient_boosting", cancer(), GradientBoostingClassifier(n_estimators=15, random_state=0))


@graph
def gradient_boosting_texts():
    sklearn("gradient_boosting_texts", iris(), GradientBoostingClassifier(n_estimators=8, random_state=0))


@graph
def gradient_boosting_regressor():
    sklearn("gradient_boosting_regressor", diabetes(), GradientBoostingRegressor(n_estimators=15, random_state=0))


@graph
def hist_boosting_gaps():
    sklearn("hist_boosting_gaps", with_gaps(cancer()), HistGradientBoostingClassifier(max_iter=12, random_state=0))


@graph
def hist_boosting_regressor():
    sklearn("hist_boosting_regressor", with_gaps(diabetes()), HistGradientBoostingRegressor(max_iter=12, random_state=0))


@graph
def ada_boost():
    sklearn("ada_boost", cancer(), AdaBoostClassifier(n_estimators=8, random_state=0))


@graph
def bagging():
    sklearn("bagging", iris(), BaggingClassifier(DecisionTreeClassifier(max_depth=3), 6, random_state=0))


@graph
def svc():
    sklearn("svc", iris(), make_pipeline(StandardScaler(), SVC(probability=True, random_state=0)))


@graph
def svc_binary():
    sklearn("svc_binary", cancer(), make_pipeline(StandardScaler(), SVC(kernel="poly", probability=True, random_state=0)))


@graph
def svr():
    sklearn("svr", diabetes(), make_pipeline(StandardScaler(), SVR()))


@graph
def linear_svc_calibrated():
    sklearn("linear_svc_calibrated", cancer(), CalibratedClassifierCV(LinearSVC(random_state=0), cv=3))


@graph
def calibrated():
    sklearn("calibrated", iris(), CalibratedClassifierCV(LogisticRegression(max_iter=500), cv=3))


@graph
def isotonic():
    sklearn("isotonic", cancer(), CalibratedClassifierCV(GaussianNB(), method="isotonic", cv=3))


@graph
def knn():
    sklearn("knn", iris(), make_pipeline(StandardScaler(), KNeighborsClassifier(5)))


@graph
def knn_regressor():
    sklearn("knn_regressor", diabetes(), KNeighborsRegressor(4, weights="distance"))


@graph
def gaussian_nb():
    sklearn("gaussian_nb", iris(), GaussianNB())


@graph
def bernoulli_nb():
    sklearn("bernoulli_nb", cancer(), make_pipeline(Binarizer(threshold=15.0), BernoulliNB()))


@graph
def mlp():
    sklearn("mlp", iris(), make_pipeline(StandardScaler(), MLPClassifier((8,), activation="tanh", max_iter=400, random_state=0)))


@graph
def mlp_binary():
    sklearn("mlp_binary", cancer(), make_pipeline(StandardScaler(), MLPClassifier((8, 4), max_iter=400, random_state=0)))


@graph
def mlp_regressor():
    sklearn("mlp_regressor", diabetes(), make_pipeline(MaxAbsScaler(), MLPRegressor(hidden_layer_sizes=(6,), activation="logistic", solver="lbfgs", max_iter=300, random_state=0)))


@graph
def pca():
    sklearn("pca", wine(), make_pipeline(StandardScaler(), PCA(4), LogisticRegression()))


@graph
def svd():
    sklearn("svd", wine(), make_pipeline(Normalizer(), TruncatedSVD(4, random_state=0), LogisticRegression()))


@graph
def lda():
    sklearn("lda", iris(), LinearDiscriminantAnalysis())


@graph
def qda():
    sklearn("qda", iris(), QuadraticDiscriminantAnalysis())


@graph
def voting():
    models = [("trees", DecisionTreeClassifier(max_depth=3, random_state=0)), ("line", LogisticRegression(max_iter=500))]
    sklearn("voting", iris(), VotingClassifier(models, voting="soft", flatten_transform=False))


@graph
def voting_regressor():
    models = [("trees", DecisionTreeRegressor(max_depth=3, random_state=0)), ("line", LinearRegression())]
    sklearn("voting_regressor", diabetes(), VotingRegressor(models))


@graph
def stacking():
    models = [("trees", DecisionTreeClassifier(max_depth=3, random_state=0)), ("bayes", GaussianNB())]
    sklearn("stacking", cancer(), StackingClassifier(models, LogisticRegression()))


@graph
def polynomial():
    sklearn("polynomial", diabetes(), make_pipeline(PolynomialFeatures(2), Ridge()))


@graph
def bins():
    sklearn("bins", cancer(), make_pipeline(KBinsDiscretizer(4, encode="onehot-dense", strategy="uniform"), LogisticRegression()))


@graph
def power():
    sklearn("power", wine(), make_pipeline(PowerTransformer(), SelectKBest(k=5), LogisticRegression()))


@graph
def integers():
    table = titanic()
    table.frame = pd.DataFrame({"pclass": table.frame["pclass"], "is_male": table.frame["sex"] == "male", "fare": table.frame["fare"]})
    encode = ColumnTransformer([("class", OneHotEncoder(), ["pclass"]), ("more", "passthrough", ["is_male", "fare"])])
    kinds = [("pclass", Int64TensorType([None, 1])), ("is_male", FloatTensorType([None, 1])), ("fare", FloatTensorType([None, 1]))]
    sklearn("integers", table, make_pipeline(encode, DecisionTreeClassifier(max_depth=4, random_state=0)), inputs=kinds)


def lightgbm(name, table, model, **fit):
    (frame, happened), asked = table.halves()
    model.fit(frame.to_numpy(), happened, **fit)
    write(name, table, asked, convert_lightgbm(model, initial_types=[("X", MlFloat([None, frame.shape[1]]))], zipmap=fit.get("zipmap", False), target_opset=15))


LIGHT = {"n_estimators": 12, "num_leaves": 12, "verbose": -1, "random_state": 0, "n_jobs": 1}


@graph
def lightgbm_binary():
    lightgbm("lightgbm_binary", cancer(), LGBMClassifier(**LIGHT))


@graph
def lightgbm_classes():
    lightgbm("lightgbm_classes", wine(), LGBMClassifier(**LIGHT))


@graph
def lightgbm_regression():
    lightgbm("lightgbm_regression", diabetes(), LGBMRegressor(**LIGHT))


@graph
def lightgbm_gaps():
    lightgbm("lightgbm_gaps", with_gaps(cancer()), LGBMClassifier(**LIGHT))


@graph
def lightgbm_categories():
    table = titanic()
    frame = pd.DataFrame({"pclass": table.frame["pclass"].astype(np.float32), "port": pd.factorize(table.frame["embarked"])[0].astype(np.float32), "age": table.frame["age"], "fare": table.frame["fare"]})
    lightgbm("lightgbm_categories", Table(frame, (table.happened == "yes").astype(np.int64)), LGBMClassifier(**LIGHT, min_child_samples=5, min_data_per_group=5, cat_smooth=1), categorical_feature=[0, 1])


def xgboost(name, table, model):
    (frame, happened), asked = table.halves()
    model.fit(frame.to_numpy(), happened)
    write(name, table, asked, convert_xgboost(model, initial_types=[("X", MlFloat([None, frame.shape[1]]))], target_opset=15))


EXTREME = {"n_estimators": 12, "max_depth": 4, "random_state": 0, "n_jobs": 1}


@graph
def xgboost_binary():
    xgboost("xgboost_binary", cancer(), XGBClassifier(**EXTREME, base_score=0.3))


@graph
def xgboost_classes():
    xgboost("xgboost_classes", wine(), XGBClassifier(**EXTREME))


@graph
def xgboost_regression():
    xgboost("xgboost_regression", diabetes(), XGBRegressor(**EXTREME))


@graph
def xgboost_gaps():
    xgboost("xgboost_gaps", with_gaps(cancer()), XGBClassifier(**EXTREME))


def catboost(name, table, model):
    (frame, happened), asked = table.halves()
    model.fit(frame.to_numpy(), happened)
    path = HERE / f"{name}.onnx"
    model.save_model(str(path), format="onnx")
    write(name, table, asked, path.read_bytes())


CAT = {"iterations": 12, "depth": 4, "random_seed": 0, "thread_count": 1, "verbose": False, "allow_writing_files": False}


@graph
def catboost_binary():
    catboost("catboost_binary", cancer(), CatBoostClassifier(**CAT))


@graph
def catboost_texts():
    catboost("catboost_texts", iris(), CatBoostClassifier(**CAT))


@graph
def catboost_regression():
    catboost("catboost_regression", diabetes(), CatBoostRegressor(**CAT))


def main(names):
    warnings.filterwarnings("ignore")
    failed = []
    for name in names or GRAPHS:
        try:
            GRAPHS[name]()
        except Exception as error:
            failed.append(f"{name}: {type(error).__name__}: {error}")
    for failure in failed:
        print(failure[:400], file=sys.stderr)
    sys.exit(bool(failed))


if __name__ == "__main__":
    main(sys.argv[1:])
