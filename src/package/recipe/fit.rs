//! Learns from training rows what the steps of a recipe need: medians, values, means, and the earlier records.

use std::collections::BTreeMap;

use super::compile::{Compiler, Known, features, history, recent, step};
use super::descriptor::{RecipeDescriptor, StepDescriptor};
use super::error::{FitError, RecipeError};
use super::history::HistoryRecords;
use super::learn::{self, Rows};
use super::recent::Sheet;
use super::recent::rows::PastRows;
use super::recent::snapshot::snapshot;
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
    /// What stands in `sheet.json`, where the recipe looks up the last days: the events behind the history, from which the next snapshot
    /// is made.
    pub sheet: Option<Sheet>,
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
    recent::begin(&mut compiler, descriptor);
    let mut records = history::is_needed(&descriptor.steps).then(|| HistoryRecords::new(&recipe_hash));
    if descriptor.steps.iter().any(history::is_of_training) {
        let records = records.insert(learn::outcomes(schema, rows, &recipe_hash)?);
        history::begin(&mut compiler, records);
    }
    let times = compiler.program.plan.times.as_ref();
    let mut past = times.map(|times| PastRows::new(times, schema, rows)).transpose()?;
    let mut steps = BTreeMap::new();
    for (place, one) in descriptor.steps.iter().enumerate() {
        let known = Rows { compiler: &compiler, rows, past: past.as_ref() };
        let learnt = match (one, &mut records) {
            (StepDescriptor::Impute(step), _) => learn::medians(&known, step)?,
            (StepDescriptor::OneHot(step), _) => learn::values(&known, step)?,
            (StepDescriptor::Number(step), _) => learn::spread(&known, step)?,
            (StepDescriptor::History(step), Some(records)) if !one.looks_back() => {
                learn::columns(&known, step, records);
                None
            }
            _ => None,
        };
        step(&mut compiler, place, one, Known::Given(learnt.as_ref()), Known::Given(records.as_ref()));
        steps.extend(learnt.map(|learnt| (one.name().to_owned(), learnt)));
        if compiler.faults.len() > 0 {
            break;
        }
        if let (true, Some(past)) = (one.looks_back(), &mut past) {
            past.look_at(&compiler.program, rows);
            compiler.program.plan.steps.last().into_iter().for_each(|step| past.add_step(step));
        }
    }
    features(&mut compiler, &descriptor.features);
    compiler.faults.finish()?;
    let mut sheet = None;
    if let (Some(past), Some(records)) = (&past, &mut records) {
        let plan = &compiler.program.plan;
        let (events, last) = past.events();
        let day = last.ok_or(FitError::Empty)?;
        records.recent = snapshot(plan, events, day);
        sheet = Some(Sheet::new(plan, events, &recipe_hash, day..day + 1));
    }
    let state = State { recipe_hash, data_hash: data_hash.to_owned(), rows: rows.len(), steps };
    Ok(Fitted { state, history: records, sheet })
}

/// Checks all of a recipe that can be checked before it has learnt.
fn check(descriptor: &RecipeDescriptor, schema: &Schema) -> Result<(), RecipeError> {
    let mut compiler = Compiler::new(descriptor, schema);
    recent::begin(&mut compiler, descriptor);
    for (place, one) in descriptor.steps.iter().enumerate() {
        step(&mut compiler, place, one, Known::NotYet, Known::NotYet);
    }
    features(&mut compiler, &descriptor.features);
    compiler.faults.finish()
}
