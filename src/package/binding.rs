//! Which field or feature each column is that the graph reads.

use super::error::LoadError;
use super::files::{GRAPH, MANIFEST, RECIPE, SCHEMA};
use super::graph::{ColumnKind, Input};
use super::manifest::{Inputs, Manifest};
use crate::table::descriptor::FieldType;
use crate::table::{Field, Schema};

/// As many names stand in a message.
const MAX_NAMED: usize = 10;

/// The names that columns may be of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Names<'a> {
    /// The features of a recipe.
    Features(&'a [Box<str>]),
    /// The fields of a schema without a recipe.
    Fields(&'a Schema),
}

/// Finds what each column of each input reads: by the manifest, else by name, else by order. Returns places of features or fields.
pub(super) fn bind(inputs: &[Input], names: Names<'_>, manifest: &Manifest) -> Result<Vec<Vec<usize>>, LoadError> {
    match (inputs, &manifest.inputs) {
        ([input], Some(Inputs::Ordered(order))) => {
            let place = |index| format!("/inputs/{index}");
            Ok(vec![ordered(input, names, order, &place, "/inputs")?])
        }
        (_, Some(Inputs::Ordered(_))) => {
            let found = format!("{} inputs", inputs.len());
            let mend = "write an object: the field or feature of each input, by the input's name";
            Err(LoadError::mismatch(MANIFEST, "/inputs", "a list for one input", found, mend))
        }
        ([input], None) if !is_named(input, names) => Ok(vec![by_default(input, names)?]),
        (_, told) => named_inputs(inputs, names, told.as_ref()),
    }
}

impl<'a> Names<'a> {
    fn find(self, name: &str) -> Option<usize> {
        match self {
            Self::Features(names) => names.iter().position(|feature| **feature == *name),
            Self::Fields(schema) => schema.place(name).filter(|place| *place != schema.label()),
        }
    }

    /// Returns the name of a feature or field.
    pub(super) fn name(self, source: usize) -> &'a str {
        match self {
            Self::Features(names) => &names[source],
            Self::Fields(schema) => &schema.fields()[source].name,
        }
    }

    /// Returns all places, or of fields those of numbers or of texts that do not name what a record is about.
    fn all(self, kind: ColumnKind) -> Vec<usize> {
        match self {
            Self::Features(names) => (0..names.len()).collect(),
            Self::Fields(schema) => {
                let fits = |field: &Field| match kind {
                    ColumnKind::Text => field.kind == FieldType::String,
                    _ => field.is_numeric(),
                };
                let inputs = schema.inputs().filter(|(place, field)| fits(field) && !schema.key().contains(place));
                inputs.map(|(place, _)| place).collect()
            }
        }
    }

    /// Returns the place of what an input is named after, exactly or as exporters rename it; several are an error.
    fn find_renamed(self, input: &str) -> Result<Option<usize>, LoadError> {
        if let Some(found) = self.find(input) {
            return Ok(Some(found));
        }
        let places: Vec<usize> = match self {
            Self::Features(names) => (0..names.len()).collect(),
            Self::Fields(schema) => schema.inputs().map(|(place, _)| place).collect(),
        };
        let mut found = places.into_iter().filter(|place| renamed(self.name(*place)) == input);
        match (found.next(), found.next()) {
            (Some(one), Some(other)) => {
                let found = format!("{:?} and {:?}", self.name(one), self.name(other));
                let mend = format!("say which in manifest.json: \"inputs\": {{{input:?}: …}}");
                Err(LoadError::mismatch(
                    GRAPH,
                    format!("input {input:?}"),
                    format!("of one {}", self.noun()),
                    found,
                    mend,
                ))
            }
            (found, _) => Ok(found),
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Features(_) => "feature of the recipe",
            Self::Fields(_) => "field",
        }
    }

    /// Says what there is, in a message about what is not.
    fn in_words(self) -> String {
        let (places, file) = match self {
            Self::Features(names) => ((0..names.len()).collect(), RECIPE),
            Self::Fields(schema) => (schema.inputs().map(|(place, _)| place).collect::<Vec<_>>(), SCHEMA),
        };
        let names: Vec<&str> = places.iter().take(MAX_NAMED).map(|place| self.name(*place)).collect();
        let more = if places.len() > MAX_NAMED { ", …" } else { "" };
        format!("{file} gives {}{more}", names.join(", "))
    }
}

/// Returns a name as exporters write it, whose names are those of a programming language.
pub(super) fn renamed(name: &str) -> String {
    name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect()
}

/// Returns whether a single input may be that of a single field, and is named after it.
fn is_named(input: &Input, names: Names<'_>) -> bool {
    input.columns.is_none_or(|columns| columns == 1) && matches!(names.find_renamed(&input.name), Ok(Some(_)) | Err(_))
}

fn by_default(input: &Input, names: Names<'_>) -> Result<Vec<usize>, LoadError> {
    let sources = names.all(input.kind);
    let why = match names {
        Names::Features(_) => "the features of the recipe",
        Names::Fields(_) if input.kind == ColumnKind::Text => "the fields of texts that are not of the key",
        Names::Fields(_) => "the fields of numbers that are not of the key",
    };
    check_count(input, names, &sources, why, "list in manifest.json at /inputs what the graph reads, in its order")?;
    Ok(sources)
}

fn ordered(
    input: &Input,
    names: Names<'_>,
    order: &[String],
    place: &dyn Fn(usize) -> String,
    list: &str,
) -> Result<Vec<usize>, LoadError> {
    let find = |(index, name): (usize, &String)| names.find(name).ok_or_else(|| unknown(place(index), name, names));
    let sources: Vec<usize> = order.iter().enumerate().map(find).collect::<Result<_, _>>()?;
    check_count(input, names, &sources, &format!("as {list} of manifest.json lists"), "correct that list")?;
    Ok(sources)
}

fn check_count(input: &Input, names: Names<'_>, sources: &[usize], why: &str, mend: &str) -> Result<(), LoadError> {
    let columns = input.columns.unwrap_or(sources.len());
    if columns == sources.len() && columns > 0 {
        return Ok(());
    }
    let place = format!("input {:?}", input.name);
    let expected = format!("[N, {}], {why}", sources.len());
    let found = input.columns.map_or("[N, …]".to_owned(), |columns| format!("[N, {columns}]"));
    Err(LoadError::mismatch(GRAPH, place, expected, found, format!("{mend}; {}", names.in_words())))
}

fn named_inputs(inputs: &[Input], names: Names<'_>, told: Option<&Inputs>) -> Result<Vec<Vec<usize>>, LoadError> {
    let told = match told {
        Some(Inputs::Named(told)) => Some(told),
        _ => None,
    };
    if let Some(stranger) =
        told.and_then(|told| told.keys().find(|name| inputs.iter().all(|input| *input.name != ***name)))
    {
        let found = format!("{stranger:?}, which the graph does not have");
        let of_graph: Vec<&str> = inputs.iter().map(|input| &*input.name).collect();
        let mend = format!("the graph has {}", of_graph.join(", "));
        return Err(LoadError::mismatch(MANIFEST, "/inputs", "inputs of the graph", found, mend));
    }
    let sources = inputs.iter().map(|input| match told.and_then(|told| told.get(&*input.name)) {
        Some(told) => {
            let list = format!("/inputs/{}", input.name);
            ordered(input, names, told.as_slice(), &|index| format!("{list}/{index}"), &list)
        }
        None => named(input, names).map(|source| vec![source]),
    });
    sources.collect()
}

/// Finds what an input of one column is named after.
fn named(input: &Input, names: Names<'_>) -> Result<usize, LoadError> {
    let place = || format!("input {:?}", input.name);
    if let Some(columns) = input.columns.filter(|&columns| columns != 1) {
        let found = format!("[N, {columns}]");
        let mend = format!("list in manifest.json what it reads: \"inputs\": {{{:?}: […]}}", input.name);
        return Err(LoadError::mismatch(GRAPH, place(), "[N, 1], since there are several inputs", found, mend));
    }
    names.find_renamed(&input.name)?.ok_or_else(|| {
        let mend =
            format!("say in manifest.json what it is: \"inputs\": {{{:?}: …}}; {}", input.name, names.in_words());
        LoadError::mismatch(GRAPH, place(), format!("named after a {}", names.noun()), "no such name", mend)
    })
}

fn unknown(place: String, name: &str, names: Names<'_>) -> LoadError {
    LoadError::mismatch(MANIFEST, place, format!("a {}", names.noun()), format!("{name:?}"), names.in_words())
}
