//! Labelled rows as events, and for each row the snapshot that it would have seen: the newest one that was made before its time.

use std::collections::BTreeMap;
use std::ops::Range;

use super::calendar::{Calendar, Day};
use super::events::{EventColumn, Events, MISSING, Scale};
use super::keys::push;
use super::plan::{PlannedStep, Times};
use super::rates::each_day;
use super::table::Table;
use crate::package::recipe::error::RowWithoutTime;
use crate::package::recipe::key::PartValue;
use crate::package::recipe::program::Program;
use crate::table::{Labelled, Schema, Value};

/// What labelled rows are to a history: its events, and those who ask it.
#[derive(Debug)]
pub(in crate::package::recipe) struct PastRows {
    events: Events,
    /// The row of each event.
    row_of_event: Vec<u32>,
    /// The day of the snapshot that each row sees.
    seen: Vec<Day>,
    /// The days of the first and the last of them.
    days: Range<Day>,
    /// What the steps look up, by day.
    tables: Vec<Vec<Table>>,
}

impl PastRows {
    /// Finds the events of rows, and the day of the snapshot that each row sees.
    pub(in crate::package::recipe) fn new(
        times: &Times,
        schema: &Schema,
        rows: &[Labelled],
    ) -> Result<Self, RowWithoutTime> {
        let time = |row: &Labelled| row.record.get(times.field).cloned();
        let seen = rows.iter().enumerate().map(|(place, row)| {
            let seen = time(row).and_then(|time| times.calendar.newest_before(&time));
            seen.ok_or_else(|| RowWithoutTime { row: place + 1, field: schema.fields()[times.field].name.clone() })
        });
        let seen: Vec<Day> = seen.collect::<Result<_, _>>()?;
        let first = seen.iter().min().copied().unwrap_or_default();
        let end = seen.iter().max().map_or(first, |last| last + 1);
        let mut past = Self {
            events: Events::new(Scale::new(schema.task()), 0),
            row_of_event: Vec::new(),
            seen,
            days: first..end,
            tables: Vec::new(),
        };
        past.tables.resize_with(past.days.len(), Vec::new);
        past.find_events(times, schema, rows);
        Ok(past)
    }

    /// Makes an event of each row whose outcome is known. Of rows with one key, each takes the place of the one that was known before it.
    /// An outcome that is told before the day of its event counts as none.
    fn find_events(&mut self, times: &Times, schema: &Schema, rows: &[Labelled]) {
        let mut of_key: BTreeMap<Vec<u8>, Vec<Told>> = BTreeMap::new();
        for (row, labelled) in (0..).zip(rows) {
            let (Some(key), Some(told)) = (key(schema, labelled), Told::new(row, labelled, times, schema)) else {
                continue;
            };
            of_key.entry(key).or_default().push(told);
        }
        let mut entries: Vec<(Told, Day, i32)> = Vec::with_capacity(rows.len());
        for mut told in of_key.into_values() {
            // Stable: of two that became known at once, the later row stands.
            told.sort_by_key(|told| told.known_at);
            for (place, one) in told.iter().enumerate() {
                if let Some(before) = place.checked_sub(1) {
                    entries.push((told[before], one.known, -1));
                }
                entries.push((*one, one.known, 1));
            }
        }
        entries.retain(|(told, ..)| told.day <= told.known);
        entries.sort_by_key(|(told, ..)| told.row);
        for (told, known, count) in entries {
            self.events.push(told.day, known, count, told.outcome);
            self.row_of_event.push(told.row);
        }
    }

    /// Finds what the events have in the columns of the plan that no earlier step looked at.
    pub(in crate::package::recipe) fn look_at(&mut self, program: &Program, rows: &[Labelled]) {
        let planned = &program.plan.columns[self.events.columns.len()..];
        let mut columns = vec![EventColumn::default(); planned.len()];
        if columns.is_empty() {
            return;
        }
        let (needed, mut scratch) =
            (program.needed(planned.iter().map(|planned| planned.column.slot)), program.scratch(1));
        for Labelled { record, .. } in rows {
            // No column by which events are told apart follows from what is looked up.
            program.run_needed(record, &[], &mut scratch, &needed);
            let asked = program.asked(record, &scratch);
            for (column, planned) in columns.iter_mut().zip(planned) {
                column.push(planned.column.part().of(&asked));
            }
        }
        for mut column in columns {
            column.codes = self.row_of_event.iter().map(|row| column.codes[*row as usize]).collect();
            self.events.columns.push(column);
        }
    }

    /// Computes what the plan's next step looks up on each day that a row asks on.
    pub(in crate::package::recipe) fn add_step(&mut self, step: &PlannedStep) {
        let Self { events, seen, days, tables, .. } = self;
        let place = |day: Day| usize::try_from(day - days.start).unwrap_or_default();
        let mut is_asked = vec![false; days.len()];
        for day in seen.iter() {
            is_asked[place(*day)] = true;
        }
        let groups = events.group(&step.key, false);
        let keys: Vec<Vec<u8>> = groups.keys.iter().map(|codes| bytes(events, step, codes)).collect();
        each_day(step, events, &groups, days, |day, fared| {
            let mut table = Table::with_capacity(fared.len());
            if is_asked[place(day)] {
                for (group, fared) in fared {
                    table.add(&keys[group as usize], fared.value(step.prior));
                }
            }
            tables[place(day)].push(table);
        });
    }

    /// Returns what the steps look up for a row.
    pub(in crate::package::recipe) fn tables(&self, row: usize) -> &[Table] {
        let place = usize::try_from(self.seen[row] - self.days.start).unwrap_or_default();
        &self.tables[place]
    }

    /// Returns the events, and the first day at whose moment all of them are known.
    pub(in crate::package::recipe) fn events(&self) -> (&Events, Option<Day>) {
        (&self.events, self.events.known.iter().max().copied())
    }
}

/// An outcome that a row tells.
#[derive(Debug, Clone, Copy)]
struct Told {
    row: u32,
    day: Day,
    /// The first day at whose moment it is known.
    known: Day,
    known_at: jiff::Timestamp,
    outcome: f64,
}

impl Told {
    /// Where nobody says when the outcome became known, it is known at the moment of the next day.
    fn new(row: u32, labelled: &Labelled, times: &Times, schema: &Schema) -> Option<Self> {
        let calendar: &Calendar = &times.calendar;
        let outcome = outcome(schema, labelled.label.as_ref()?)?;
        let day = calendar.day_of(labelled.record.get(times.field)?)?;
        let known_at = labelled.known_at.unwrap_or_else(|| calendar.moment(day + 1));
        Some(Self { row, day, known: calendar.known_by(known_at), known_at, outcome })
    }
}

/// Returns how a record with this label fared: 1 for the positive class, 0 for the other, or the number.
#[expect(clippy::cast_precision_loss, reason = "integers are within 2^53")]
pub(in crate::package::recipe) fn outcome(schema: &Schema, label: &Value) -> Option<f64> {
    match (label, schema.classes().and_then(|classes| classes.get(1))) {
        (label, Some(positive)) => Some(f64::from(u8::from(label == positive))),
        (Value::Integer(number), None) => Some(*number as f64),
        (Value::Number(number), None) => Some(*number),
        _ => None,
    }
}

/// Returns the whole key of a row.
fn key(schema: &Schema, labelled: &Labelled) -> Option<Vec<u8>> {
    let mut key = Vec::new();
    for place in schema.key() {
        let value = labelled.record.get(*place)?;
        let text = schema.fields()[*place].written(value).to_string();
        push(&mut key, PartValue::Text(&text));
    }
    (!schema.key().is_empty()).then_some(key)
}

/// Writes the key of a group.
fn bytes(events: &Events, step: &PlannedStep, codes: &[u32]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (place, code) in step.key.iter().zip(codes).filter(|(_, code)| **code != MISSING) {
        if let Some(value) = events.columns[*place].value(*code) {
            push(&mut bytes, value.part());
        }
    }
    bytes
}
