//! Which column of the data each column of the graph reads.

use std::collections::BTreeMap;

use super::notes::{Notes, in_words};
use super::wishes::Wishes;
use crate::package::binding::renamed;
use crate::package::graph::{ColumnKind, Input, Outline};
use crate::package::manifest::Inputs;
use crate::table::counted;
use crate::table::descriptor::Names;
use crate::table::survey::{ColumnSurvey, Survey, Wanted};

/// A column that the graph reads.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// The column of the data.
    pub(super) name: String,
    /// The input.
    pub(super) input: usize,
    /// The place in the input.
    pub(super) place: usize,
}

/// What each column of the graph reads.
#[derive(Debug, Default)]
pub(super) struct Sources {
    pub(super) columns: Vec<Source>,
    /// What the manifest must say of it.
    pub(super) told: Option<Inputs>,
}

/// Returns what a column is read as.
pub(super) fn wanted(kind: ColumnKind) -> Wanted {
    match kind {
        ColumnKind::Float | ColumnKind::Double => Wanted::Number,
        ColumnKind::Integer => Wanted::Integer,
        ColumnKind::Boolean => Wanted::Boolean,
        ColumnKind::Text => Wanted::Text,
    }
}

/// Finds what the graph reads: by what was said, else by name, else by order.
pub(super) fn find(outline: &Outline, survey: &Survey, wishes: &Wishes, notes: &mut Notes) -> Sources {
    let (renamed, listed): (Vec<&String>, Vec<&String>) =
        wishes.inputs.iter().partition(|one| is_renaming(outline, one));
    if !listed.is_empty() && !renamed.is_empty() {
        notes.fault("--inputs: list all columns in the graph's order, or name INPUT=COLUMN, not both");
        return Sources::default();
    }
    let doubles: Vec<&str> =
        outline.inputs.iter().filter(|input| input.kind == ColumnKind::Double).map(|input| &*input.name).collect();
    if !doubles.is_empty() {
        notes.decide(format!("fed with doubles, as the graph wants them: {}", in_words(doubles)));
    }
    let is_of_matrices =
        outline.inputs.iter().any(|input| input.columns != Some(1) && !is_named(input, survey, &renamed));
    let sources = if !listed.is_empty() {
        by_list(outline, survey, &listed, notes)
    } else if is_of_matrices {
        by_order(outline, survey, wishes, notes)
    } else {
        by_name(outline, survey, wishes, &renamed, notes)
    };
    tell_left_out(survey, wishes, &sources, notes);
    sources
}

/// Returns whether `INPUT=COLUMN` is said; a column may have such a name itself.
fn is_renaming(outline: &Outline, told: &str) -> bool {
    told.split_once('=').is_some_and(|(input, _)| outline.inputs.iter().any(|one| *one.name == *input))
}

fn is_named(input: &Input, survey: &Survey, told: &[&String]) -> bool {
    input.columns.is_none()
        && (survey.names().any(|name| *input.name == *name || *input.name == *renamed(name))
            || told.iter().any(|one| one.split_once('=').is_some_and(|(name, _)| *input.name == *name)))
}

fn by_list(outline: &Outline, survey: &Survey, listed: &[&String], notes: &mut Notes) -> Sources {
    for name in listed.iter().filter(|name| survey.column(name).is_none()) {
        notes.fault(format!("--inputs: the data has no column {name:?}; it has {}", in_words(survey.names())));
    }
    let widths: Vec<usize> = match outline.inputs.as_slice() {
        [input] => vec![input.columns.unwrap_or(listed.len())],
        inputs => inputs.iter().map(|input| input.columns.unwrap_or(1)).collect(),
    };
    let count: usize = widths.iter().sum();
    if count != listed.len() {
        notes.fault(format!("--inputs: names {}, but the graph reads {count}", counted(listed.len(), "column")));
        return Sources::default();
    }
    let mut rest = listed.iter().map(|name| (*name).clone());
    let parts = widths.iter().map(|&width| rest.by_ref().take(width).collect()).collect();
    let sources = of_parts(outline, parts);
    notes.decide(format!("the graph reads {}, in this order, as --inputs says", in_words(names(&sources))));
    sources
}

/// Gives matrices the columns that they can hold, in the order of the data.
fn by_order(outline: &Outline, survey: &Survey, wishes: &Wishes, notes: &mut Notes) -> Sources {
    let is_apart = |name: &str| {
        name == wishes.target || wishes.key.iter().any(|key| key == name) || wishes.time.as_deref() == Some(name)
    };
    let free: Vec<&ColumnSurvey> = survey.columns.iter().filter(|column| !is_apart(&column.name)).collect();
    let mut parts = Vec::new();
    for input in &outline.inputs {
        let fits = |column: &&&ColumnSurvey| column.field_type(wanted(input.kind)).is_ok();
        let is_taken = |column: &&&ColumnSurvey| parts.iter().flatten().any(|name: &String| **name == *column.name);
        let fitting: Vec<String> =
            free.iter().filter(fits).filter(|column| !is_taken(column)).map(|column| column.name.to_string()).collect();
        // A single matrix of all columns tells best what is wrong with one of them, if it is told that it reads it.
        let all: Vec<String> = free.iter().map(|column| column.name.to_string()).collect();
        let chosen = match input.columns {
            Some(count) if outline.inputs.len() == 1 && all.len() == count => all,
            Some(count) if fitting.len() != count => {
                let kind = if input.kind == ColumnKind::Text { "texts" } else { "numbers" };
                notes.fault(format!(
                    "input {:?} reads {} of {kind} without naming them, and the data has {}{}: say with --inputs which they are, in their order",
                    input.name,
                    counted(count, "column"),
                    fitting.len(),
                    if fitting.is_empty() { String::new() } else { format!(" ({})", in_words(fitting.iter().map(String::as_str))) },
                ));
                return Sources::default();
            }
            _ => fitting,
        };
        parts.push(chosen);
    }
    let sources = of_parts(outline, parts);
    let told = in_words(names(&sources));
    notes.decide(format!("the graph does not name what it reads: it is fed with {told}, in the order of the data"));
    notes.doubt_unless_proven(format!("the order of the columns that the graph reads: {told}; --inputs says another"));
    sources
}

fn by_name(outline: &Outline, survey: &Survey, wishes: &Wishes, told: &[&String], notes: &mut Notes) -> Sources {
    let mut parts = Vec::new();
    let mut renamings = BTreeMap::new();
    for input in &outline.inputs {
        let said = told.iter().find_map(|one| one.split_once('=').filter(|(name, _)| *input.name == **name));
        let exact = survey.column(&input.name).map(|column| &*column.name);
        let alike: Vec<&str> = survey.names().filter(|name| *renamed(name) == *input.name).collect();
        let found = match (said, exact, alike.as_slice()) {
            (Some((_, column)), ..) if survey.column(column).is_none() => {
                notes
                    .fault(format!("--inputs: the data has no column {column:?}; it has {}", in_words(survey.names())));
                continue;
            }
            (Some((_, column)), ..) => column,
            (None, Some(exact), _) => exact,
            (None, None, [one]) => one,
            (None, None, []) => {
                notes.fault(format!(
                    "no column of the data is called {:?}, which the graph reads; the data has {}: rename one, or say --inputs {}=COLUMN",
                    input.name, in_words(survey.names()), input.name
                ));
                continue;
            }
            (None, None, several) => {
                notes.fault(format!(
                    "input {:?} may be {}: say --inputs {}=COLUMN",
                    input.name,
                    several.join(" or "),
                    input.name
                ));
                continue;
            }
        };
        if found == wishes.target {
            notes.fault(format!("the graph reads {found:?}, which is what is predicted: train it without that column"));
        }
        if *input.name != *found {
            renamings.insert(input.name.to_string(), Names::One(found.to_owned()));
        }
        parts.push(vec![found.to_owned()]);
    }
    if !renamings.is_empty() {
        let reads = |(input, column): (&String, &Names)| format!("{input:?} reads {:?}", column.as_slice()[0]);
        let all: Vec<String> = renamings.iter().map(reads).collect();
        notes.decide(format!("inputs that are named otherwise: {}", in_words(all.iter().map(String::as_str))));
    }
    let told = (!renamings.is_empty()).then_some(Inputs::Named(renamings));
    Sources { told, ..of_parts(outline, parts) }
}

/// Makes columns of the names for each input.
fn of_parts(outline: &Outline, parts: Vec<Vec<String>>) -> Sources {
    let told = match (outline.inputs.as_slice(), parts.as_slice()) {
        ([_], [part]) => Inputs::Ordered(part.clone()),
        (inputs, parts) => {
            let named = inputs.iter().zip(parts).map(|(input, part)| match part.as_slice() {
                [one] => (input.name.to_string(), Names::One(one.clone())),
                several => (input.name.to_string(), Names::Several(several.to_vec())),
            });
            Inputs::Named(named.collect())
        }
    };
    let columns = parts
        .into_iter()
        .enumerate()
        .flat_map(|(input, part)| part.into_iter().enumerate().map(move |(place, name)| Source { name, input, place }));
    Sources { columns: columns.collect(), told: Some(told) }
}

fn names(sources: &Sources) -> impl Iterator<Item = &str> {
    sources.columns.iter().map(|source| source.name.as_str())
}

/// Says which columns of the data become no fields.
fn tell_left_out(survey: &Survey, wishes: &Wishes, sources: &Sources, notes: &mut Notes) {
    let is_used = |name: &str| {
        name == wishes.target
            || wishes.time.as_deref() == Some(name)
            || wishes.key.iter().chain(&wishes.compare_by).any(|one| one == name)
            || names(sources).any(|one| one == name)
    };
    let left: Vec<&str> = survey.names().filter(|name| !is_used(name)).collect();
    if !left.is_empty() && !sources.columns.is_empty() {
        notes.decide(format!("left out, since the graph does not read them: {}", in_words(left)));
    }
}
