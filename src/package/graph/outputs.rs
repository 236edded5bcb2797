//! Which output of a graph is what.

use tract_onnx::pb::ValueInfoProto;
use tract_onnx::pb::tensor_proto::DataType;

use super::declared::{Declared, tensor};
use super::joined::join;
use crate::package::classes::ClassOrder;
use crate::package::error::LoadError;
use crate::package::files::{GRAPH, MANIFEST};
use crate::package::manifest::Outputs;
use crate::table::Task;

/// The names that exporters give.
const LABEL_NAMES: [&str; 2] = ["label", "output_label"];
const PROBABILITY_NAMES: [&str; 3] = ["probabilities", "output_probability", "probability"];
const VALUE_NAMES: [&str; 2] = ["variable", "value"];

/// What a package says of its answers.
#[derive(Debug)]
pub(in crate::package) struct Answering<'a> {
    /// What the manifest says of the outputs.
    pub(in crate::package) outputs: &'a Outputs,
    /// The order of classes, where the label has classes.
    pub(in crate::package) classes: Option<ClassOrder>,
    /// The manifest's threshold.
    pub(in crate::package) threshold: Option<f32>,
    /// What kind of label it is.
    pub(in crate::package) task: Task,
}

/// The outputs that are read.
#[derive(Debug)]
pub(super) struct Chosen {
    /// The one with probabilities or values.
    pub(super) main: String,
    /// The one with labels, where these count.
    pub(super) label: Option<String>,
}

/// Finds the outputs: by the manifest, else by name and type, else by type alone.
pub(super) fn choose(declared: &mut Declared, answering: &mut Answering<'_>) -> Result<Chosen, LoadError> {
    let names = answering.outputs;
    let is_regression = answering.task == Task::Regression;
    let (property, told, known, other) = if is_regression {
        ("value", &names.value, &VALUE_NAMES[..], names.probabilities.as_ref().or(names.label.as_ref()))
    } else {
        ("probabilities", &names.probabilities, &PROBABILITY_NAMES[..], names.value.as_ref())
    };
    if let Some(other) = other {
        let expected = format!("{property:?} for a {} label", answering.task.name());
        return Err(LoadError::mismatch(
            MANIFEST,
            "/outputs",
            expected,
            format!("{other:?}"),
            "name what the graph answers",
        ));
    }
    let main = match joined(declared, answering) {
        Some(joined) => joined,
        None => find(declared, property, told.as_deref(), known)?,
    };
    let counts = match answering.task {
        Task::Binary => answering.threshold.is_none(),
        Task::Multiclass => true,
        Task::Regression => false,
    };
    let label = if counts { label(declared, names)? } else { None };
    Ok(Chosen { main, label })
}

/// Joins probabilities that stand in an output for each class, where no single one has them.
fn joined(declared: &mut Declared, answering: &mut Answering<'_>) -> Option<String> {
    let is_named = |output: &ValueInfoProto| PROBABILITY_NAMES.contains(&output.name.as_str());
    if answering.outputs.probabilities.is_some() || declared.outputs().iter().any(is_named) {
        return None;
    }
    let classes = answering.classes.as_mut()?;
    let joined = join(declared.graph_mut(), classes)?;
    // Each column was found by its class.
    classes.is_told = true;
    Some(joined)
}

fn find(declared: &Declared, property: &str, named: Option<&str>, known: &[&str]) -> Result<String, LoadError> {
    let outputs = declared.outputs();
    let is_float = |output: &&ValueInfoProto| {
        matches!(data_type(output), Some(DataType::Float | DataType::Double)) || declared.is_dictionary(&output.name)
    };
    let expected = || format!("an output of float or double with the {property}");
    if let Some(name) = named {
        let found = outputs.iter().find(|output| output.name == name);
        return found.filter(is_float).map(|output| output.name.clone()).ok_or_else(|| {
            let found = found.map_or_else(|| absent(name), in_words);
            LoadError::mismatch(MANIFEST, format!("/outputs/{property}"), expected(), found, has(outputs))
        });
    }
    let mut floats = outputs.iter().filter(is_float);
    let by_name = floats.clone().find(|output| known.contains(&output.name.as_str()));
    let found = by_name.or_else(|| floats.next().filter(|_| floats.next().is_none()));
    found.map(|output| output.name.clone()).ok_or_else(|| {
        let found: Vec<String> = outputs.iter().map(in_words).collect();
        let mend = format!("name it in manifest.json at /outputs/{property}");
        LoadError::mismatch(GRAPH, "the outputs", expected(), found.join(", "), mend)
    })
}

/// Finds the output with labels, where there is one.
fn label(declared: &Declared, names: &Outputs) -> Result<Option<String>, LoadError> {
    let outputs = declared.outputs();
    let find = |known: &dyn Fn(&str) -> bool| outputs.iter().find(|output| known(&output.name));
    let found =
        match &names.label {
            Some(name) => Some(find(&|known| known == name).ok_or_else(|| {
                LoadError::mismatch(MANIFEST, "/outputs/label", "an output", absent(name), has(outputs))
            })?),
            // A manifest that names the probabilities alone wants no label.
            None if names.probabilities.is_some() => None,
            None => find(&|known| LABEL_NAMES.contains(&known)),
        };
    let Some(found) = found else { return Ok(None) };
    if let Some(DataType::Int64 | DataType::Int32 | DataType::Bool | DataType::String) = data_type(found) {
        return Ok(Some(found.name.clone()));
    }
    let place = format!("output {:?}", found.name);
    let mend =
        "name the probabilities alone in manifest.json at /outputs/probabilities, and the likeliest class is the label";
    Err(LoadError::mismatch(GRAPH, place, "labels of int64, int32, bool or string", in_words(found), mend))
}

fn data_type(output: &ValueInfoProto) -> Option<DataType> {
    tensor(output).map(|(_, data_type)| data_type)
}

fn in_words(output: &ValueInfoProto) -> String {
    let kind = data_type(output).map_or_else(|| "no tensor".to_owned(), |kind| format!("{kind:?}").to_lowercase());
    format!("{:?} ({kind})", output.name)
}

fn absent(name: &str) -> String {
    format!("{name:?}, which the graph does not have")
}

fn has(outputs: &[ValueInfoProto]) -> String {
    let outputs: Vec<String> = outputs.iter().map(in_words).collect();
    format!("the graph has {}", outputs.join(", "))
}
