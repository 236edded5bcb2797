"""Models as ONNX graphs, each by the exporter for it, with the options under which a graph answers as its model does."""

import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .mending import advice, has_part, mended, parts
from .program import PackError

LIBRARIES = {"sklearn": "scikit-learn", "lightgbm": "LightGBM", "xgboost": "XGBoost", "catboost": "CatBoost"}

def library_of(model: Any) -> str:
    """The module that a model comes from: sklearn, lightgbm, xgboost or catboost."""
    modules = {kind.__module__.partition(".")[0] for kind in type(model).__mro__}
    # The models of boosting libraries are also scikit-learn's.
    for library in ("lightgbm", "xgboost", "catboost", "sklearn"):
        if library in modules:
            return library
    raise PackError(
        f"{type(model).__name__} is no model of scikit-learn, LightGBM, XGBoost or CatBoost: "
        "export it to ONNX yourself, and run `lifeboat pack GRAPH.onnx --data FILE --target COLUMN --expect FILE`"
    )


def trained_by(model: Any) -> str:
    """What trained a model, with versions: "scikit-learn 1.7.2, LightGBM 4.7.0"."""
    library = library_of(model)
    # A pipeline is scikit-learn's, whatever its last step is; the models of other libraries only use parts of it.
    modules = {type(part).__module__.partition(".")[0] for part in parts(model)} if library == "sklearn" else {library}
    told = []
    for module, name in LIBRARIES.items():
        if module in modules | {library}:
            try:
                told.append(f"{name} {version(name.lower())}")
            except PackageNotFoundError:
                told.append(name)
    return ", ".join(told)


def export(model: Any, kinds: dict[str, str]) -> tuple[bytes, bool]:
    """The graph of a fitted model that reads columns of these kinds, and whether it reads them all as one matrix."""
    library = library_of(model)
    try:
        if library == "sklearn":
            return with_skl2onnx(model, kinds)
        texts = [name for name, kind in kinds.items() if kind == "text"]
        if texts:
            raise PackError(
                f"{LIBRARIES[library]} reads {', '.join(texts)} as categories, which its graph cannot: "
                "put an encoder before it, as in make_pipeline(ColumnTransformer("
                f'[("texts", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), {texts})], remainder="passthrough"), {type(model).__name__}())'
            )
        exporter = {"lightgbm": with_lightgbm, "xgboost": with_xgboost, "catboost": with_catboost}[library]
        return exporter(model, len(kinds)), True
    except ImportError as error:
        raise PackError(f'the exporter is not installed ({error}): pip install "lifeboat-tabular[{LIBRARIES[library].lower()}]"') from error


def with_lightgbm(model: Any, width: int) -> bytes:
    from onnxmltools import convert_lightgbm
    from onnxmltools.convert.common.data_types import FloatTensorType

    booster = getattr(model, "booster_", model)
    if booster.pandas_categorical:
        raise PackError("LightGBM read pandas categories as codes, which its graph cannot: give them an OrdinalEncoder in a pipeline")
    inputs = [("X", FloatTensorType([None, width]))]
    # Without a name, each export has another one.
    graph = convert_lightgbm(model, "LightGBM", initial_types=inputs, zipmap=False, target_opset=15)
    return bytes(graph.SerializeToString())


def with_xgboost(model: Any, width: int) -> bytes:
    from onnxmltools import convert_xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType

    ready = mended(model)
    booster = ready.get_booster() if hasattr(ready, "get_booster") else ready
    if "c" in (booster.feature_types or []):
        raise PackError("XGBoost read categories, which its graph cannot: give them an OrdinalEncoder in a pipeline")
    # The exporter knows columns as f0, f1, … only.
    booster.feature_names = None
    inputs = [("X", FloatTensorType([None, width]))]
    graph = convert_xgboost(ready, "XGBoost", initial_types=inputs, target_opset=15)
    return bytes(graph.SerializeToString())


def with_catboost(model: Any, width: int) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        try:
            model.save_model(str(path), format="onnx")
        except Exception as error:
            raise PackError(f"CatBoost exports no graph of this model: {error}") from error
        return path.read_bytes()


def with_skl2onnx(model: Any, kinds: dict[str, str]) -> tuple[bytes, bool]:
    """The graph of a model or a pipeline: a matrix of numbers, or a column each where steps choose columns or texts are read."""
    from skl2onnx import __max_supported_opset__, to_onnx
    from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType

    register_boosters(model)
    ready = mended(getattr(model, "best_estimator_", model))
    is_matrix = "text" not in kinds.values() and not has_part(ready, "ColumnTransformer")
    options = {id(ready): {"zipmap": False}} if hasattr(ready, "classes_") else None
    opset = {"": min(18, __max_supported_opset__), "ai.onnx.ml": 3}

    def attempt(integer: Any) -> bytes:
        if is_matrix:
            inputs = [("X", FloatTensorType([None, len(kinds)]))]
        else:
            types = {"text": StringTensorType, "integer": integer}
            inputs = [(name, types.get(kind, FloatTensorType)([None, 1])) for name, kind in kinds.items()]
        graph = to_onnx(ready, initial_types=inputs, options=options, target_opset=opset)
        read = {name for node in graph.graph.node for name in node.input}
        for unread in [one for one in graph.graph.input if one.name not in read]:
            graph.graph.input.remove(unread)
        return bytes(graph.SerializeToString())

    try:
        return attempt(FloatTensorType), is_matrix
    except Exception as error:
        if not is_matrix and "integer" in kinds.values():
            try:
                return attempt(Int64TensorType), is_matrix
            except Exception:
                pass
        reason = str(error).partition("\n")[0][:300]
        raise PackError("\n".join([f"skl2onnx exports no graph of this model: {reason}", *advice(model)])) from error


def register_boosters(model: Any) -> None:
    """Tells skl2onnx of the LightGBM and XGBoost models in a pipeline, which onnxmltools exports."""
    modules = {type(part).__module__.partition(".")[0] for part in parts(model)}
    if not modules & {"lightgbm", "xgboost"}:
        return
    from skl2onnx import update_registered_converter
    from skl2onnx.common.shape_calculator import calculate_linear_classifier_output_shapes, calculate_linear_regressor_output_shapes

    options = {"nocl": [True, False], "zipmap": [True, False, "columns"]}
    classes, values = calculate_linear_classifier_output_shapes, calculate_linear_regressor_output_shapes
    if "lightgbm" in modules:
        from lightgbm import LGBMClassifier, LGBMRegressor
        from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm

        update_registered_converter(LGBMClassifier, "LightGbmLGBMClassifier", classes, convert_lightgbm, options=options)
        update_registered_converter(LGBMRegressor, "LightGbmLGBMRegressor", values, convert_lightgbm, options={"split": None})
    if "xgboost" in modules:
        from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost
        from xgboost import XGBClassifier, XGBRegressor

        update_registered_converter(XGBClassifier, "XGBoostXGBClassifier", classes, convert_xgboost, options=options)
        update_registered_converter(XGBRegressor, "XGBoostXGBRegressor", values, convert_xgboost)
