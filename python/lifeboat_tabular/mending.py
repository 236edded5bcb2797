"""What exporters cannot write, or write wrongly: changed in a copy where it can be, else named with what to change."""

import copy
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any


def parts(model: Any) -> Iterator[Any]:
    """A model and all that it is made of: the steps of pipelines, the members of ensembles."""
    seen: set[int] = set()
    waiting = [model]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, type):
            continue
        seen.add(id(one))
        if isinstance(one, (list, tuple)):
            waiting.extend(one)
        elif hasattr(one, "get_params"):
            yield one
            waiting.extend(vars(one).values())


def has_part(model: Any, *names: str) -> bool:
    """Whether a model is, or has in it, something of one of these classes."""
    return any(type(part).__name__ in names for part in parts(model))


def mended(model: Any) -> Any:
    """A copy of a fitted model that answers the same, and that the exporters take."""
    model = copy.deepcopy(model)
    for part in list(parts(model)):
        name = type(part).__name__
        if name == "SimpleImputer" and any(isinstance(value, str) for value in getattr(part, "statistics_", [])):
            # A graph's texts have no NaN: what is missing is fed as an empty text.
            part.missing_values = ""
        elif name == "OneHotEncoder" and part.handle_unknown == "infrequent_if_exist" and not has_infrequent(part):
            # Exported as it is, a value that training has not seen would be an error.
            part.handle_unknown = "ignore"
        elif name == "VotingClassifier":
            # Only transform() heeds it, and the exporter takes no other.
            part.flatten_transform = False
        elif name == "KBinsDiscretizer" and part.encode == "onehot":
            part.encode = "onehot-dense"
        elif name.startswith("XGB") and hasattr(part, "get_booster") and hasattr(part, "n_features_in_"):
            part.get_booster().feature_names = None
    return model


def has_infrequent(encoder: Any) -> bool:
    return any(found is not None for found in getattr(encoder, "infrequent_categories_", []))


def missing_texts(model: Any, kinds: dict[str, str]) -> dict[str, str]:
    """The fields of which an encoder has learnt None as a category, which a graph writes as a text."""
    found = {}
    for part in parts(model):
        for name, categories in zip(getattr(part, "feature_names_in_", []), getattr(part, "categories_", []), strict=False):
            if kinds.get(name) == "text" and any(category is None for category in categories):
                found[str(name)] = "None"
    return found


PROBABILITY = "SVC(probability=True), SGDClassifier(loss='log_loss') and VotingClassifier(voting='soft') have it, and CalibratedClassifierCV(…) gives it to others"

# What no exporter takes.
UNKNOWN = {
    "FunctionTransformer": "make its columns before the pipeline, here and in what is sent, or by a recipe",
    "IterativeImputer": "SimpleImputer in its place",
    "KNNImputer": "SimpleImputer in its place",
    "MissingIndicator": "make a column of your own that says what is missing",
    "SplineTransformer": "another transformer in its place, or columns that are made before the pipeline",
    "TransformedTargetRegressor": "fit on the transformed target, and transform answers back",
}
FORESTS = ("DecisionTree", "ExtraTree", "RandomForest")
SCALERS = ("MaxAbsScaler", "MinMaxScaler", "PowerTransformer", "RobustScaler", "StandardScaler")


def advice(model: Any) -> list[str]:
    """What is known of the parts of a model: which an exporter does not take, and which it writes wrongly."""
    found = {text for part in parts(model) for text in known_of(part, type(part).__name__)}
    names = {type(part).__name__ for part in parts(model)}
    modules = {type(part).__module__.partition(".")[0] for part in parts(model)}
    if "xgboost" in modules and any(getattr(part, "sparse_output_", False) for part in parts(model)):
        found.add("XGBoost takes the zeros of a sparse matrix as missing, and a graph does not: ColumnTransformer(…, sparse_threshold=0), and fit again")
    if names & set(SCALERS) and any(name.startswith(("XGB", *FORESTS)) for name in names):
        found.add("a scaler before trees is rounded otherwise in a graph, and rows fall on other sides of thresholds: leave it out, trees need none")
    if "catboost" in modules and len(modules) > 1:
        found.add("skl2onnx does not know CatBoost in a pipeline: pack what the steps before it make, and CatBoost alone")
    return sorted(found)


def known_of(part: Any, name: str) -> Iterator[str]:
    if name in UNKNOWN:
        yield f"{name} cannot be exported: {UNKNOWN[name]}"
    if name == "SimpleImputer" and part.add_indicator:
        yield "SimpleImputer(add_indicator=True) is exported wrongly: leave it out, or make a column of your own that says what is missing"
    if name == "CalibratedClassifierCV" and has_part(part, "Pipeline"):
        yield "CalibratedClassifierCV over a pipeline is exported wrongly: make it the last step, make_pipeline(…, CalibratedClassifierCV(…))"
    if name.startswith(FORESTS):
        yield f"{name} fitted with missing values is exported wrongly: SimpleImputer before it, or HistGradientBoosting in its place"
    if name.startswith("HistGradientBoosting") and getattr(part, "is_categorical_", None) is not None:
        yield f"{name}(categorical_features=…) is exported wrongly: OneHotEncoder in a ColumnTransformer before it, and categorical_features=None"
    if name.startswith("HistGradientBoosting") and int(version("protobuf").partition(".")[0]) >= 5:
        yield f"skl2onnx exports {name} with protobuf below 5 only: pip install 'protobuf<5'"
    if name == "OneHotEncoder" and has_infrequent(part):
        yield "OneHotEncoder(min_frequency=…, max_categories=…) can be exported of several columns only: leave these options out"
    if name.startswith("LGBM") and part.get_params().get("boosting_type") == "rf":
        yield "LightGBM's boosting_type='rf' is exported as if it had 100 trees: n_estimators=100, or 'gbdt'"
    if name == "XGBRegressor" and str(part.get_params().get("objective")).startswith("binary:"):
        yield "XGBRegressor with a binary objective is exported wrongly: XGBClassifier in its place"
