//! Learns from training rows what the steps of a recipe need: medians, values, means, and the earlier records.

use std::collections::BTreeMap;

use super::compile::{Compiler, Known, features, history, step};
use super::descriptor::{RecipeDescriptor, StepDescriptor};
use super::error::{FitError, RecipeError};
use super::history::HistoryRecords;
use super::learn::{self, Rows};
use super::state::State;
use crate::table::Schema;
use crate::table::record::Labelled;

/// What a recipe learnt.
#[derive(Debug, Clone)]
pub struct Fitted {
    /// What stands in `state.json`.
    pub state: State,
    /// What stands in `history.json`, where the recipe looks up earlier records.
    pub history: Option<HistoryRecords>,
}

/// Fits a recipe to training rows; `data_hash` names the file that they came from.
///
/// Each step learns from what the steps before it make of the rows.
pub fn fit(
    descriptor: &RecipeDescriptor,
    schema: &Schema,
    rows: &[Labelled],
    data_hash: &str,
) -> Result<Fitted, FitError> {
    if rows.is_empty() {
        return Err(FitError::Empty);
    }
    check(descriptor, schema)?;
    let recipe_hash = descriptor.hash();
    let mut compiler = Compiler::new(descriptor, schema);
    let mut records = None;
    if history::is_needed(&descriptor.steps) {
        let records = records.insert(learn::outcomes(schema, rows, &recipe_hash)?);
        history::begin(&mut compiler, records);
    }
    let mut steps = BTreeMap::new();
    for (place, one) in descriptor.steps.iter().enumerate() {
        let rows = Rows { compiler: &compiler, rows };
        let learnt = match (one, &mut records) {
            (StepDescriptor::Impute(step), _) => learn::medians(&rows, step)?,
            (StepDescriptor::OneHot(step), _) => learn::values(&rows, step)?,
            (StepDescriptor::Number(step), _) => learn::spread(&rows, step)?,
            (StepDescriptor::History(step), Some(records)) => {
                learn::columns(&rows, step, records);
                None
            }
            _ => None,
        };
        step(&mut compiler, place, one, Known::Given(learnt.as_ref()), Known::Given(records.as_ref()));
        steps.extend(learnt.map(|learnt| (one.name().to_owned(), learnt)));
        if compiler.faults.len() > 0 {
            break;
        }
    }
    features(&mut compiler, &descriptor.features);
    compiler.faults.finish()?;
    let state = State { recipe_hash, data_hash: data_hash.to_owned(), rows: rows.len(), steps };
    Ok(Fitted { state, history: records })
}

/// Checks all of a recipe that can be checked before it has learnt.
fn check(descriptor: &RecipeDescriptor, schema: &Schema) -> Result<(), RecipeError> {
    let mut compiler = Compiler::new(descriptor, schema);
    for (place, one) in descriptor.steps.iter().enumerate() {
        step(&mut compiler, place, one, Known::NotYet, Known::NotYet);
    }
    features(&mut compiler, &descriptor.features);
    compiler.faults.finish()
}
