"""The ONNX graph of a fitted model: features [N, F] to probability [N, 1], in core operators alone."""

import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from sklearn.neural_network import MLPClassifier

OPSET, IR_VERSION = 17, 8
TOLERANCE = 1e-6


def export(estimator, name, metadata) -> bytes:
    """Writes a pipeline of a scaler and a logistic regression or a network with one hidden layer.

    Scaling, where there is any, is folded into the weights, so that the graph reads the features as they are.
    """
    scaler, model = estimator[0], estimator[-1]
    if isinstance(model, MLPClassifier):
        weights, bias = fold_scaling(scaler, model.coefs_[0], model.intercepts_[0])
        layers = [("hidden", weights, bias, "Tanh"), ("output", model.coefs_[1], model.intercepts_[1], "Sigmoid")]
    else:
        weights, bias = fold_scaling(scaler, model.coef_.T, model.intercept_)
        layers = [("output", weights, bias, "Sigmoid")]

    nodes, constants, source = [], [], "features"
    for layer, weights, bias, activation in layers:
        target = "probability" if activation == "Sigmoid" else layer
        constants += [constant(f"{layer}_weights", weights), constant(f"{layer}_bias", bias)]
        nodes += [
            helper.make_node("MatMul", [source, f"{layer}_weights"], [f"{layer}_product"], name=f"{layer}_product"),
            helper.make_node("Add", [f"{layer}_product", f"{layer}_bias"], [f"{layer}_sum"], name=f"{layer}_sum"),
            helper.make_node(activation, [f"{layer}_sum"], [target], name=target),
        ]
        source = target
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", len(layers[0][1])])],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["N", 1])],
        constants,
    )
    opsets = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, producer_name="lifeboat", opset_imports=opsets, ir_version=IR_VERSION)
    helper.set_model_props(model, metadata)
    onnx.checker.check_model(model, full_check=True)
    sizes = sum(numpy_helper.to_array(found).size for found in constants)
    print(f"graph: {' '.join(node.op_type for node in nodes)}; {sizes} weights")
    return model.SerializeToString(deterministic=True)


def constant(name, values):
    return numpy_helper.from_array(np.asarray(values, dtype=np.float32), name)


def fold_scaling(scaler, weights, bias):
    if scaler == "passthrough":
        return weights, bias
    weights = weights / scaler.scale_[:, None]
    return weights, bias - scaler.mean_ @ weights


def run(graph, matrix) -> np.ndarray:
    """Returns onnxruntime's probabilities, in float32."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    return session.run(None, {"features": matrix})[0][:, 0]


def checked(graph, model, matrix) -> np.ndarray:
    """Returns onnxruntime's probabilities, and ends the training where they are not the fitted model's."""
    probability = run(graph, matrix)
    difference = np.abs(probability - model.probability(matrix)).max()
    print(f"onnxruntime against scikit-learn: {difference:.1e} at most")
    if difference > TOLERANCE:
        sys.exit(f"the graph is {difference} off")
    return probability
