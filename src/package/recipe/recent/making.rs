//! Sheets and snapshots that are made of what became known: the way from outcomes to what is looked up.

use super::calendar::{Day, number};
use super::events::{EventColumn, Events, Scale};
use super::plan::Plan;
use super::rows::outcome;
use super::sheet::Sheet;
use super::snapshot::snapshot;
use crate::package::recipe::error::RecipeError;
use crate::package::recipe::history::HistoryRecords;
use crate::package::recipe::program::Program;
use crate::table::{Record, Schema, Value};

/// What became known of an event at the moment of a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The record.
    pub record: Record,
    /// What really happened.
    pub label: Value,
    /// The first day at whose moment this outcome was known. An event that comes later than that has none.
    pub told: Day,
    /// The first day at whose moment it counts, or does not any more.
    pub known: Day,
    /// Whether the event is taken back, since another outcome or record takes its place.
    pub takes_back: bool,
}

/// Writes a sheet of what became known up to the moment of a day. A record without a time tells nothing.
pub(in crate::package::recipe) fn sheet(
    program: &Program,
    schema: &Schema,
    changes: &[Change],
    recipe_hash: &str,
    until: Day,
) -> Option<Sheet> {
    let plan = &program.plan;
    let times = plan.times.as_ref()?;
    let first = changes.iter().map(|change| change.known).min().unwrap_or(until);
    let mut events = Events::new(Scale::new(schema.task()), plan.columns.len());
    let mut scratch = program.scratch(1);
    for Change { record, label, told, known, takes_back } in changes {
        let day = record.get(times.field).and_then(|time| times.calendar.day_of(time)).filter(|day| day <= told);
        let (Some(day), Some(outcome)) = (day, outcome(schema, label)) else { continue };
        events.push(day, *known, if *takes_back { -1 } else { 1 }, outcome);
        program.run(&[record], |_| &[], &mut scratch);
        let asked = program.asked(record, &scratch);
        for (column, planned) in events.columns.iter_mut().zip(&plan.columns) {
            EventColumn::push(column, planned.column.part().of(&asked));
        }
    }
    Some(Sheet::new(plan, &events, recipe_hash, first..until + 1))
}

/// Computes the snapshot of the moment of a day from all sheets that reach back far enough.
///
/// Who made two of them at once may have seen the same become known: each day counts by the first sheet that has it.
pub(in crate::package::recipe) fn from_sheets(
    plan: &Plan,
    schema: &Schema,
    sheets: &[Sheet],
    recipe_hash: &str,
    day: Day,
) -> Result<HistoryRecords, RecipeError> {
    let mut events = Events::new(Scale::new(schema.task()), plan.columns.len());
    let mut sheets: Vec<&Sheet> = sheets.iter().collect();
    sheets.sort_by_key(|sheet| sheet.until());
    let mut covered = Day::MIN;
    for sheet in sheets {
        sheet.add_to(&mut events, plan, schema, recipe_hash, covered)?;
        covered = covered.max(number(sheet.until()));
    }
    Ok(HistoryRecords { recent: snapshot(plan, &events, day), ..HistoryRecords::new(recipe_hash) })
}
