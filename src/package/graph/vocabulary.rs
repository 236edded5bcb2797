//! Which texts a column of an input knows: the categories of the encoder that it comes to.

use std::collections::HashMap;

use tract_onnx::pb::{AttributeProto, GraphProto, NodeProto, TensorProto};

use super::evaluator::{Data, tensor};
use super::interface::Input;

/// Operators that hand their columns on as they are.
const KEEPING: [&str; 6] = ["Cast", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"];

/// The attributes in which encoders list the texts that they know.
const TEXTS: [&str; 4] = ["cats_strings", "classes_strings", "keys_strings", "keys_tensor"];

/// The texts that a column knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary {
    /// The texts, in the order of the encoder.
    pub texts: Vec<Box<str>>,
    /// Whether the encoder was made for others as well: it has no column for them.
    pub takes_others: bool,
}

/// A column of an input: the input's place, and the column's in it.
type Column = (usize, usize);

/// Follows the columns of each input to the encoders that they come to. A column whose way is not followed has no vocabulary.
pub(super) fn vocabularies(graph: &GraphProto, inputs: &[Input]) -> Vec<Vec<Option<Vocabulary>>> {
    let mut found: Vec<Vec<Option<Vocabulary>>> =
        inputs.iter().map(|input| vec![None; input.columns.unwrap_or(1)]).collect();
    let mut columns: HashMap<&str, Vec<Column>> = HashMap::new();
    for (place, input) in inputs.iter().enumerate() {
        columns.insert(&input.name, (0..found[place].len()).map(|column| (place, column)).collect());
    }
    // Nodes stand in the order of computing.
    for node in &graph.node {
        if let (Some(vocabulary), [input, ..]) = (vocabulary(node), node.input.as_slice()) {
            for &(place, column) in columns.get(input.as_str()).into_iter().flatten() {
                found[place][column].get_or_insert_with(|| vocabulary.clone());
            }
        }
        if let (Some(kept), [output]) = (kept(graph, node, &columns), node.output.as_slice()) {
            columns.insert(output, kept);
        }
    }
    found
}

/// Returns the columns of the inputs that the result of a node has, where it has nothing else.
fn kept(graph: &GraphProto, node: &NodeProto, columns: &HashMap<&str, Vec<Column>>) -> Option<Vec<Column>> {
    let of = |input: usize| columns.get(node.input.get(input)?.as_str());
    match node.op_type.as_str() {
        "Concat" => {
            let parts: Option<Vec<_>> = (0..node.input.len()).map(of).collect();
            Some(parts?.into_iter().flatten().copied().collect())
        }
        "ArrayFeatureExtractor" | "Gather" => {
            let places = places(graph, node.input.get(1)?)?;
            let columns = of(0)?;
            places.into_iter().map(|place| columns.get(usize::try_from(place).ok()?).copied()).collect()
        }
        // An imputer of texts puts another text in the place of a missing one.
        "Where" => of(2).cloned(),
        kind if KEEPING.contains(&kind) => of(0).cloned(),
        _ => None,
    }
}

fn places(graph: &GraphProto, name: &str) -> Option<Vec<i64>> {
    let constant = graph.initializer.iter().find(|constant| constant.name == name)?;
    match tensor(constant).ok()?.data() {
        Data::Integer(places) => Some(places.clone()),
        Data::Short(places) => Some(places.iter().map(|&place| place.into()).collect()),
        _ => None,
    }
}

fn vocabulary(node: &NodeProto) -> Option<Vocabulary> {
    if !matches!(node.op_type.as_str(), "OneHotEncoder" | "LabelEncoder") {
        return None;
    }
    let listed = node.attribute.iter().filter(|attribute| TEXTS.contains(&attribute.name.as_str()));
    let texts = listed.map(texts).find(|texts| !texts.is_empty())?;
    // Asks whether a text is missing, as an imputer does.
    if matches!(texts.as_slice(), [only] if only.is_empty()) {
        return None;
    }
    let zeros = node.attribute.iter().find(|attribute| attribute.name == "zeros");
    let takes_others = node.op_type == "OneHotEncoder" && zeros.is_none_or(|zeros| zeros.i != 0);
    Some(Vocabulary { texts, takes_others })
}

fn texts(attribute: &AttributeProto) -> Vec<Box<str>> {
    let of_tensor = |constant: &TensorProto| constant.string_data.clone();
    let listed = attribute.t.as_ref().map_or_else(|| attribute.strings.clone(), of_tensor);
    listed.iter().filter_map(|text| std::str::from_utf8(text).ok()).map(Into::into).collect()
}
