//! The text of a sheet: the events that became known between two moments.
//!
//! A sheet is all that the next snapshots need of these events: their days, when they were known, how they fared, and what they have in the
//! columns that `history` steps look at. Only whoever makes snapshots reads it.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::calendar::{Day, date, number};
use super::columns::{stored, take_in};
use super::events::Events;
use super::plan::Plan;
use crate::package::recipe::error::{Faults, RecipeError, SHEET, escape, read};
use crate::package::recipe::history::numbers::Numbers;
use crate::package::recipe::history::stored::Stored;
use crate::table::Schema;

/// The events that became known up to the moment of a day.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Sheet {
    /// The hash of the recipe that made the columns.
    pub(in crate::package::recipe) recipe_hash: String,
    /// The day of the moment by which all of them were known.
    pub(in crate::package::recipe) until: Date,
    /// How many days before that day each was known first, at the moment of a day.
    ages: Numbers,
    /// How many days before it was known each was.
    delays: Numbers,
    /// 1 for an event, −1 for one that is taken back, since another outcome or record took its place.
    counts: Numbers,
    /// How each fared.
    outcomes: Numbers,
    /// What each has in each column.
    columns: BTreeMap<String, Stored>,
}

impl Sheet {
    /// Reads the text of a sheet.
    pub fn parse(text: &[u8]) -> Result<Self, RecipeError> {
        read(SHEET, text)
    }

    /// Returns the day of the moment by which all events were known.
    pub fn until(&self) -> Date {
        self.until
    }

    /// Returns how many events it has, those that are taken back among them.
    pub fn len(&self) -> usize {
        self.counts.0.len()
    }

    /// Returns whether it has none.
    pub fn is_empty(&self) -> bool {
        self.counts.0.is_empty()
    }

    /// Returns the last day up to this one on which any of its events was known first, at the moment of the day.
    pub fn latest(&self, day: Day) -> Option<Day> {
        let known = self.ages.0.iter().map(|age| number(self.until) - whole(*age));
        known.filter(|known| *known <= day).max()
    }

    /// Returns how many events it takes back.
    pub fn taken_back(&self) -> usize {
        self.counts.0.iter().filter(|count| **count < 0.0).count()
    }

    /// Writes the events that were known by the moment of the last of some days, and that snapshots of these days or later ones can count.
    pub(in crate::package::recipe) fn new(plan: &Plan, events: &Events, recipe_hash: &str, days: Range<Day>) -> Self {
        let (oldest, until) = (days.start - plan.reach(), days.end - 1);
        let rows: Vec<usize> =
            (0..events.len()).filter(|&row| events.days[row] >= oldest && events.known[row] <= until).collect();
        let numbers = |number: &dyn Fn(usize) -> f64| Numbers(rows.iter().map(|&row| number(row)).collect());
        let column = |(planned, column): (&super::plan::PlannedColumn, &super::events::EventColumn)| {
            let values = rows.iter().map(|&row| column.value(column.codes[row]));
            (planned.name.to_string(), stored(&planned.column, values))
        };
        Self {
            recipe_hash: recipe_hash.to_owned(),
            until: date(until),
            ages: numbers(&|row| f64::from(until - events.known[row])),
            delays: numbers(&|row| f64::from(events.known[row] - events.days[row])),
            counts: numbers(&|row| f64::from(events.counts[row])),
            outcomes: numbers(&|row| events.outcome(row)),
            columns: plan.columns.iter().zip(&events.columns).map(column).collect(),
        }
    }

    /// Adds its events to others, or names all that is wrong with it. What was known at the moment of a day that is covered counts nothing.
    pub(in crate::package::recipe) fn add_to(
        &self,
        events: &mut Events,
        plan: &Plan,
        schema: &Schema,
        recipe_hash: &str,
        covered: Day,
    ) -> Result<(), RecipeError> {
        let name = format!("{SHEET} of {}", self.until);
        let mut faults = Faults::default();
        self.check(&name, recipe_hash, &mut faults);
        for (planned, column) in plan.columns.iter().zip(&mut events.columns) {
            let pointer = format!("/columns/{}", escape(&planned.name));
            let taken = match self.columns.get(&*planned.name) {
                None => Err("is missing".to_owned()),
                Some(stored) if stored.len() != self.len() => {
                    Err(format!("must be as many values as there are counts: {}", self.len()))
                }
                Some(stored) => take_in(column, &planned.column, stored, schema),
            };
            if let Err(detail) = taken {
                faults.push(&name, format_args!("{pointer}"), detail);
            }
        }
        faults.finish()?;
        let until = number(self.until);
        for row in 0..self.len() {
            let known = until - whole(self.ages.0[row]);
            let count = if known > covered { whole(self.counts.0[row]) } else { 0 };
            events.push(known - whole(self.delays.0[row]), known, count, self.outcomes.0[row]);
        }
        Ok(())
    }

    fn check(&self, sheet: &str, recipe_hash: &str, faults: &mut Faults) {
        if self.recipe_hash != recipe_hash {
            faults.push(sheet, format_args!("/recipe_hash"), "was made by another recipe than recipe.json");
        }
        let are_days: fn(f64) -> bool = |number| number.fract() == 0.0 && number.abs() < 1e7;
        let lists: [CheckedList<'_>; 4] = [
            ("ages", &self.ages, |number| number.fract() == 0.0 && (0.0..1e7).contains(&number)),
            ("delays", &self.delays, are_days),
            ("counts", &self.counts, |number| number.abs().to_bits() == 1.0_f64.to_bits()),
            ("outcomes", &self.outcomes, f64::is_finite),
        ];
        for (name, Numbers(numbers), is_right) in lists {
            if numbers.len() != self.len() {
                faults.push(
                    sheet,
                    format_args!("/{name}"),
                    format!("must be as many numbers as there are counts: {}", self.len()),
                );
            } else if let Some(place) = numbers.iter().position(|number| !is_right(*number)) {
                faults.push(sheet, format_args!("/{name}/{place}"), format!("{} cannot be", numbers[place]));
            }
        }
    }
}

/// A list of numbers, with its name and what each must be.
type CheckedList<'a> = (&'a str, &'a Numbers, fn(f64) -> bool);

/// Returns a number that was checked to be whole and small.
#[expect(clippy::cast_possible_truncation, reason = "it was checked")]
fn whole(number: f64) -> i32 {
    number as i32
}
