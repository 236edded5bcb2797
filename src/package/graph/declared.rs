//! A graph as its file declares it.

use std::collections::HashSet;

use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::Dimension;
use tract_onnx::pb::tensor_shape_proto::dimension::Value::DimValue;
use tract_onnx::pb::type_proto::{Tensor, Value};
use tract_onnx::pb::{AttributeProto, GraphProto, ModelProto, NodeProto, ValueInfoProto};

use super::checks::check;
use super::evaluator::Versions;
use super::interface::{ColumnKind, Input};
use super::wire;
use crate::package::classes::GraphClasses;
use crate::package::error::LoadError;
use crate::package::files::GRAPH;

/// Operators that keep the order of the classes of what another one computed.
const KEEPING_CLASSES: [&str; 7] = ["Cast", "Flatten", "Identity", "Normalizer", "Reshape", "Squeeze", "ZipMap"];

/// The attributes in which operators name their classes.
const CLASSES: [&str; 3] = ["classlabels_strings", "classlabels_int64s", "classlabels_ints"];

/// Operators that make something of a missing value. All others pass it on, or lose it.
const TAKING_MISSING: [&str; 5] =
    ["Imputer", "IsNaN", "TreeEnsemble", "TreeEnsembleClassifier", "TreeEnsembleRegressor"];

/// A graph that was read, but is not prepared to run.
#[derive(Debug)]
pub(in crate::package) struct Declared {
    /// All but its graph.
    model: ModelProto,
    graph: GraphProto,
    inputs: Vec<Input>,
    versions: Versions,
}

impl Declared {
    /// Reads the bytes of a graph.
    pub(in crate::package) fn read(bytes: &[u8]) -> Result<Self, LoadError> {
        let unreadable = |error| LoadError::malformed(GRAPH, "an ONNX graph", error);
        let mut model = wire::model(bytes).map_err(unreadable)?;
        let Some(graph) = model.graph.take() else {
            return Err(LoadError::malformed(GRAPH, "an ONNX graph", "it has no graph"));
        };
        let versions = check(&model, &graph)?;
        let constants: HashSet<&str> = graph.initializer.iter().map(|tensor| tensor.name.as_str()).collect();
        // Older files list their weights among the inputs.
        let inputs = graph.input.iter().filter(|input| !constants.contains(input.name.as_str()));
        let inputs: Vec<Input> = inputs.map(input).collect::<Result<_, _>>()?;
        if inputs.is_empty() {
            let mend = "export the model with an input for its features";
            return Err(LoadError::mismatch(GRAPH, "the number of inputs", "1 at least", "0", mend));
        }
        Ok(Self { model, graph, inputs, versions })
    }

    /// Returns what the graph reads.
    pub(in crate::package) fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// Returns what the graph declares to answer.
    pub(super) fn outputs(&self) -> &[ValueInfoProto] {
        &self.graph.output
    }

    /// Returns the graph as the file has it, but for what [`Self::keep`] left out.
    pub(super) fn into_model(self) -> ModelProto {
        ModelProto { graph: Some(self.graph), ..self.model }
    }

    /// Returns whether the graph makes something of missing values.
    pub(super) fn takes_missing(&self) -> bool {
        self.graph.node.iter().any(|node| TAKING_MISSING.contains(&node.op_type.as_str()))
    }

    /// Returns the graph.
    pub(super) fn graph(&self) -> &GraphProto {
        &self.graph
    }

    /// Returns the versions of the operators.
    pub(super) fn versions(&self) -> Versions {
        self.versions
    }

    /// Returns whether an output is a dictionary for each row, which an operator made of the numbers of the row.
    pub(super) fn is_dictionary(&self, output: &str) -> bool {
        self.producer(output).is_some_and(|node| node.op_type == "ZipMap")
    }

    /// Returns what the graph calls the classes of an output of probabilities, where an operator tells.
    pub(super) fn classes(&self, output: &str) -> Option<GraphClasses<'_>> {
        let mut node = self.producer(output)?;
        // As many steps as there are nodes: a circle ends.
        for _ in &self.graph.node {
            let is_told = |attribute: &&AttributeProto| CLASSES.contains(&attribute.name.as_str());
            if let Some(told) = node.attribute.iter().find(is_told) {
                if !told.ints.is_empty() {
                    return Some(GraphClasses::Numbers(&told.ints));
                }
                let texts: Option<_> = told.strings.iter().map(|text| std::str::from_utf8(text).ok()).collect();
                return texts.map(GraphClasses::Texts);
            }
            if !KEEPING_CLASSES.contains(&node.op_type.as_str()) {
                return None;
            }
            node = self.producer(node.input.first()?)?;
        }
        None
    }

    /// Returns whether one of these operators made an output.
    pub(super) fn is_made_by(&self, output: &str, operators: &[&str]) -> bool {
        self.producer(output).is_some_and(|node| operators.contains(&node.op_type.as_str()))
    }

    /// Returns what wrote the file, with its version, where it says so.
    pub(super) fn producer_name(&self) -> Option<String> {
        let ModelProto { producer_name, producer_version, .. } = &self.model;
        let told = format!("{producer_name} {producer_version}");
        (!producer_name.is_empty()).then(|| told.trim_end().to_owned())
    }

    fn producer(&self, output: &str) -> Option<&NodeProto> {
        self.graph.node.iter().find(|node| node.output.iter().any(|made| made == output))
    }

    /// Leaves these outputs and what they are computed from.
    pub(super) fn keep(&mut self, outputs: &[&str]) -> Result<(), LoadError> {
        let graph = &mut self.graph;
        let mut needed: HashSet<String> = outputs.iter().map(|&output| output.to_owned()).collect();
        let sources = graph.input.iter().map(|input| &input.name).chain(graph.initializer.iter().map(|one| &one.name));
        let mut known: HashSet<&str> = sources.map(String::as_str).collect();
        known.extend(graph.node.iter().flat_map(|node| &node.output).map(String::as_str));
        if let Some(unknown) = outputs.iter().find(|output| !known.contains(**output)) {
            let place = format!("output {unknown:?}");
            let mend = "export the model again";
            return Err(LoadError::mismatch(GRAPH, place, "computed by a node", "nothing", mend));
        }
        // Nodes stand in the order of computing, so that one pass from the end finds all.
        let mut kept: Vec<bool> = Vec::with_capacity(graph.node.len());
        for node in graph.node.iter().rev() {
            let is_needed = node.output.iter().any(|output| needed.contains(output));
            if is_needed {
                read_by(node, &mut needed);
            }
            kept.push(is_needed);
        }
        let mut kept = kept.into_iter().rev();
        graph.node.retain(|_| kept.next().unwrap_or(true));
        let mut of_graph = std::mem::take(&mut graph.output);
        of_graph.sort_by_key(|output| outputs.iter().position(|kept| *kept == output.name));
        of_graph.retain(|output| outputs.contains(&output.name.as_str()));
        graph.output = of_graph;
        Ok(())
    }
}

/// Gathers the names that a node reads, those of the graphs inside it among them.
fn read_by(node: &NodeProto, names: &mut HashSet<String>) {
    names.extend(node.input.iter().filter(|name| !name.is_empty()).cloned());
    for graph in node.attribute.iter().flat_map(|attribute| attribute.g.iter().chain(&attribute.graphs)) {
        for node in &graph.node {
            read_by(node, names);
        }
        names.extend(graph.output.iter().map(|output| output.name.clone()));
    }
}

/// Returns the type of an input or output, where it is a tensor.
pub(super) fn tensor(value: &ValueInfoProto) -> Option<(&Tensor, DataType)> {
    let Value::TensorType(tensor) = value.r#type.as_ref()?.value.as_ref()?;
    Some((tensor, DataType::try_from(tensor.elem_type).ok()?))
}

fn input(value: &ValueInfoProto) -> Result<Input, LoadError> {
    let place = || format!("input {:?}", value.name);
    let Some((tensor, data_type)) = tensor(value) else {
        let mend = "export the model with inputs of float, double, int64, bool or string";
        return Err(LoadError::mismatch(GRAPH, place(), "a tensor", "something else", mend));
    };
    let kind = match data_type {
        DataType::Float => ColumnKind::Float,
        DataType::Double => ColumnKind::Double,
        DataType::Int64 => ColumnKind::Integer,
        DataType::Bool => ColumnKind::Boolean,
        DataType::String => ColumnKind::Text,
        other => {
            let mend = "export the model with inputs of these types";
            let found = format!("{other:?}").to_lowercase();
            return Err(LoadError::mismatch(GRAPH, place(), "float, double, int64, bool or string", found, mend));
        }
    };
    let columns = match tensor.shape.as_ref().map(|shape| shape.dim.as_slice()) {
        None => None,
        Some([Dimension { value: Some(DimValue(rows)), .. }, _]) if *rows > 0 => {
            let mend = "export the model with a number of rows that is not fixed: None, or a name";
            return Err(LoadError::mismatch(GRAPH, place(), "of any number of rows", rows.to_string(), mend));
        }
        Some([_, columns]) => match columns.value {
            Some(DimValue(columns)) => usize::try_from(columns).ok().filter(|columns| *columns > 0),
            _ => None,
        },
        Some(dimensions) => {
            let found = format!("{} dimensions", dimensions.len());
            let mend = "export the model with one row a record";
            return Err(LoadError::mismatch(GRAPH, place(), "of two dimensions, rows and columns", found, mend));
        }
    };
    Ok(Input { name: value.name.as_str().into(), kind, columns })
}
