//! The text of a snapshot, and what is looked up in it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::calendar::Day;
use super::columns::{stored, take_in};
use super::events::{EventColumn, Events, Groups};
use super::keys::push;
use super::plan::{Plan, PlannedStep};
use super::rates::each_day;
use super::table::{Fared, Table};
use crate::package::recipe::error::{Faults, escape};
use crate::package::recipe::history::numbers::Numbers;
use crate::package::recipe::history::stored::Stored;
use crate::table::Schema;

/// What `history` steps with `days` look up, as of a moment: a part of `history.json`, and of any later snapshot.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::package::recipe) struct RecentRecords {
    /// The moment.
    pub(in crate::package::recipe) as_of: Timestamp,
    /// What each step looks up, by its name.
    pub(in crate::package::recipe) steps: BTreeMap<String, StepRecords>,
}

/// How the events of each key fared.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::package::recipe) struct StepRecords {
    /// The columns of the key, in the order of the step's `same`.
    keys: Vec<Stored>,
    /// How many events there are.
    counts: Numbers,
    /// The sum of their outcomes.
    sums: Numbers,
    /// The sum of what was expected of them.
    expected: Numbers,
}

/// A snapshot that is ready to be looked up in.
#[derive(Debug, Clone, Default)]
pub struct Recent {
    pub(in crate::package::recipe) as_of: Option<Timestamp>,
    /// By the place of the step in the plan.
    pub(in crate::package::recipe) tables: Box<[Table]>,
}

/// Returns what the steps of a plan look up as of the moment of a day.
pub(in crate::package::recipe) fn snapshot(plan: &Plan, events: &Events, day: Day) -> Option<RecentRecords> {
    let times = plan.times.as_ref()?;
    let of_step = |step: &PlannedStep| {
        let groups = events.group(&step.key, false);
        let mut found = Vec::new();
        each_day(step, events, &groups, &(day..day + 1), |_, fared| found = fared);
        (step.name.to_string(), StepRecords::new(plan, step, events, &groups, found))
    };
    Some(RecentRecords { as_of: times.calendar.moment(day), steps: plan.steps.iter().map(of_step).collect() })
}

impl StepRecords {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of counts")]
    fn summary(&self) -> StepSummary {
        let sum = |numbers: &Numbers| numbers.0.iter().sum::<f64>();
        let events = sum(&self.counts);
        let beyond = if events > 0.0 { (sum(&self.sums) - sum(&self.expected)) / events } else { 0.0 };
        StepSummary { keys: self.counts.0.len(), events: events as u64, beyond }
    }

    /// Writes how groups fared, in the order of their keys.
    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 events")]
    fn new(plan: &Plan, step: &PlannedStep, events: &Events, groups: &Groups, found: Vec<(u32, Fared)>) -> Self {
        let found: BTreeMap<u32, Fared> = found.into_iter().collect();
        let sorted = groups.sorted(events, &step.key).into_iter();
        let sorted: Vec<(u32, Fared)> = sorted.filter_map(|group| Some((group, *found.get(&group)?))).collect();
        let key = |(part, place): (usize, &usize)| {
            let values = sorted.iter().map(|(group, _)| groups.keys[*group as usize][part]);
            stored(&plan.columns[*place].column, values.map(|code| events.columns[*place].value(code)))
        };
        let numbers = |number: fn(&Fared) -> f64| Numbers(sorted.iter().map(|(_, fared)| number(fared)).collect());
        Self {
            keys: step.key.iter().enumerate().map(key).collect(),
            counts: numbers(|fared| fared.count as f64),
            sums: numbers(|fared| fared.sum),
            expected: numbers(|fared| fared.expected),
        }
    }
}

/// What a snapshot has of a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepSummary {
    /// How many keys there are.
    pub keys: usize,
    /// How many events are behind them.
    pub events: u64,
    /// How far these fared beyond what was expected, on average.
    pub beyond: f64,
}

impl RecentRecords {
    /// Sums up what each step looks up.
    pub(in crate::package::recipe) fn summary(&self) -> BTreeMap<String, StepSummary> {
        self.steps.iter().map(|(name, step)| (name.clone(), step.summary())).collect()
    }
}

impl Recent {
    /// Makes a snapshot ready, or adds all that is wrong with its text to the faults of a file.
    pub(in crate::package::recipe) fn compile(
        plan: &Plan,
        schema: &Schema,
        records: &RecentRecords,
        file: &str,
        faults: &mut Faults,
    ) -> Self {
        let tables = plan.steps.iter().map(|step| {
            let pointer = format!("/recent/steps/{}", escape(&step.name));
            let made = match records.steps.get(&*step.name) {
                Some(found) => table(plan, schema, step, found),
                None => Err(("", "is missing".to_owned())),
            };
            made.unwrap_or_else(|(place, detail)| {
                faults.push(file, format_args!("{pointer}{place}"), detail);
                Table::default()
            })
        });
        let tables = tables.collect();
        for name in records.steps.keys().filter(|name| plan.steps.iter().all(|step| *step.name != ***name)) {
            faults.push(file, format_args!("/recent/steps/{}", escape(name)), "is no step of the recipe");
        }
        let calendar = plan.times.as_ref().map(|times| &times.calendar);
        if calendar.is_some_and(|calendar| calendar.moment(calendar.day(records.as_of)) != records.as_of) {
            faults.push(file, format_args!("/recent/as_of"), "is no moment of the recipe's snapshots");
        }
        Self { as_of: Some(records.as_of), tables }
    }
}

/// What is wrong with a step's records, and where.
type StepFault = (&'static str, String);

fn table(plan: &Plan, schema: &Schema, step: &PlannedStep, records: &StepRecords) -> Result<Table, StepFault> {
    let StepRecords { keys, counts: Numbers(counts), sums: Numbers(sums), expected: Numbers(expected) } = records;
    if keys.len() != step.key.len() {
        return Err(("/keys", format!("must be as many columns as the step's key has: {}", step.key.len())));
    }
    for (place, numbers) in [("/sums", sums), ("/expected", expected)] {
        if numbers.len() != counts.len() {
            return Err((place, format!("must be as many numbers as there are counts: {}", counts.len())));
        }
    }
    let mut columns = vec![EventColumn::default(); keys.len()];
    for ((column, stored), place) in columns.iter_mut().zip(keys).zip(&step.key) {
        if stored.len() != counts.len() {
            return Err(("/keys", format!("must be as many values as there are counts: {}", counts.len())));
        }
        take_in(column, &plan.columns[*place].column, stored, schema).map_err(|detail| ("/keys", detail))?;
    }
    let (mut table, mut key) = (Table::with_capacity(counts.len()), Vec::new());
    for (entry, count) in counts.iter().enumerate() {
        key.clear();
        let mut parts = columns.iter().map(|column| column.value(column.codes[entry]));
        if !parts.all(|value| value.is_some_and(|value| push(&mut key, value.part()))) {
            return Err(("/keys", format!("key {entry} lacks a part")));
        }
        let fared = fared(*count, sums[entry], expected[entry]);
        let fared = fared.ok_or_else(|| ("/counts", format!("those of key {entry} are no numbers of events")))?;
        if !table.add(&key, fared.value(step.prior)) {
            return Err(("/keys", format!("key {entry} stands twice")));
        }
    }
    Ok(table)
}

#[expect(clippy::cast_possible_truncation, reason = "it is whole, and below 2^53")]
fn fared(count: f64, sum: f64, expected: f64) -> Option<Fared> {
    let is_count = (1.0..9e15).contains(&count) && count.fract() == 0.0;
    (is_count && sum.is_finite() && expected.is_finite()).then_some(Fared { count: count as i64, sum, expected })
}
