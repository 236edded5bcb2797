//! What is refused of a file, whoever runs its graph.

use std::collections::HashSet;

use tract_onnx::pb::tensor_proto::{DataLocation, DataType};
use tract_onnx::pb::{GraphProto, ModelProto, TensorProto};

use super::evaluator::Versions;
use crate::package::error::LoadError;
use crate::package::files::GRAPH;

/// Operators whose constants are what a model learnt; those of others may be NaN, to be compared with.
const PRODUCTS: [&str; 2] = ["Gemm", "MatMul"];

/// Nodes that a graph may have.
const MAX_NODES: usize = 100_000;

/// Checks a model and its graph, and returns the versions of its operators.
pub(super) fn check(model: &ModelProto, graph: &GraphProto) -> Result<Versions, LoadError> {
    let versions = Versions::read(&model.opset_import)
        .map_err(|fault| LoadError::mismatch(GRAPH, "the operators", fault.expected(), fault.found(), fault.mend()))?;
    if graph.node.len() > MAX_NODES {
        let (expected, found) = (format!("{MAX_NODES} at most"), graph.node.len().to_string());
        return Err(LoadError::mismatch(GRAPH, "the number of nodes", expected, found, "export a smaller model"));
    }
    if let Some(sparse) = graph.sparse_initializer.first() {
        let name = sparse.values.as_ref().map_or("", |values| &values.name);
        let mend = "export the model with dense weights";
        return Err(LoadError::mismatch(GRAPH, format!("weights {name:?}"), "dense", "sparse ones", mend));
    }
    let products = graph.node.iter().filter(|node| PRODUCTS.contains(&node.op_type.as_str()));
    let factors: HashSet<&str> = products.flat_map(|node| &node.input).map(String::as_str).collect();
    graph.initializer.iter().try_for_each(|weights| check_weights(weights, factors.contains(weights.name.as_str())))?;
    Ok(versions)
}

/// Refuses weights that stand in another file, and factors in which a number is none.
fn check_weights(weights: &TensorProto, is_factor: bool) -> Result<(), LoadError> {
    let place = || format!("weights {:?}", weights.name);
    if weights.data_location == Some(DataLocation::External as i32) {
        let mend = "save the model in one file, without external data";
        return Err(LoadError::mismatch(GRAPH, place(), "in the file", "in another one", mend));
    }
    let has_nan = match DataType::try_from(weights.data_type) {
        _ if !is_factor => false,
        Ok(DataType::Float) => {
            let (raw, _) = weights.raw_data.as_chunks();
            weights.float_data.iter().any(|one| one.is_nan()) || raw.iter().any(|one| f32::from_le_bytes(*one).is_nan())
        }
        Ok(DataType::Double) => {
            let (raw, _) = weights.raw_data.as_chunks();
            weights.double_data.iter().any(|one| one.is_nan())
                || raw.iter().any(|one| f64::from_le_bytes(*one).is_nan())
        }
        _ => false,
    };
    if has_nan {
        let mend = "train the model again: what it learnt are no numbers";
        return Err(LoadError::mismatch(GRAPH, place(), "numbers", "NaN", mend));
    }
    Ok(())
}
