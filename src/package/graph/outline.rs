//! What a graph tells of itself before anybody says what stands in its inputs.

use tract_onnx::pb::tensor_proto::DataType;

use super::declared::{Declared, tensor};
use super::interface::Input;
use super::vocabulary::{Vocabulary, vocabularies};
use crate::package::classes::GraphClasses;
use crate::package::error::LoadError;
use crate::table::descriptor::Scalar;

/// Operators whose numbers are probabilities.
const PROBABLE: [&str; 2] = ["Sigmoid", "Softmax"];

/// What a graph tells of itself.
#[derive(Debug)]
pub struct Outline {
    /// What it reads.
    pub inputs: Vec<Input>,
    /// Which texts each column of its inputs knows, one input after the other, where it tells.
    pub vocabularies: Vec<Vec<Option<Vocabulary>>>,
    /// What wrote it.
    pub producer: Option<String>,
    /// Whether it answers classes; otherwise numbers.
    pub is_classifier: bool,
    /// What it calls its classes, in the order of their probabilities, where it tells.
    pub classes: Option<Vec<Scalar>>,
    /// Whether it has trees.
    pub has_trees: bool,
    /// Whether an operator makes something of a missing number.
    pub takes_missing: bool,
}

impl Outline {
    /// Reads the bytes of a graph.
    pub fn read(bytes: &[u8]) -> Result<Self, LoadError> {
        let declared = Declared::read(bytes)?;
        let outputs = declared.outputs();
        let classes = outputs.iter().find_map(|output| declared.classes(&output.name));
        let is_label = |name: &str| {
            let found = outputs.iter().find(|output| output.name == name).and_then(tensor);
            matches!(found, Some((_, DataType::Int64 | DataType::Int32 | DataType::Bool | DataType::String)))
        };
        let is_classifier = classes.is_some()
            || outputs.iter().any(|output| is_label(&output.name) || declared.is_made_by(&output.name, &PROBABLE));
        Ok(Self {
            inputs: declared.inputs().to_vec(),
            vocabularies: vocabularies(declared.graph(), declared.inputs()),
            producer: declared.producer_name(),
            is_classifier,
            classes: classes.map(scalars),
            has_trees: declared.graph().node.iter().any(|node| node.op_type.starts_with("TreeEnsemble")),
            takes_missing: declared.takes_missing(),
        })
    }
}

fn scalars(classes: GraphClasses<'_>) -> Vec<Scalar> {
    match classes {
        GraphClasses::Numbers(numbers) => numbers.iter().copied().map(Scalar::Integer).collect(),
        GraphClasses::Texts(texts) => texts.into_iter().map(|text| Scalar::Text(text.to_owned())).collect(),
    }
}
