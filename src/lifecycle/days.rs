//! The day of a record: the local date of the field that tells its time, where the schema names one.
//!
//! Records of one day are not independent of each other: the same weather and the same rush are behind all of them. So chance is a
//! matter of whole days, wherever something is judged by a table with a time.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::statistics::to_float;
use crate::table::{Record, Schema, Value};

/// What comes from fewer days is not judged by days: a bootstrap of so few tells nothing.
pub const ENOUGH_DAYS: usize = 8;

/// The most days that are kept apart; of more, the last ones.
pub const MAX_DAYS: usize = 1_096;

/// Tells the days of records.
#[derive(Debug, Clone)]
pub struct RecordDays {
    /// The place of the time among the schema's fields.
    place: usize,
    /// The zone of moments; a date has none.
    timezone: Option<TimeZone>,
}

impl RecordDays {
    /// Returns the days of records of a schema that names a time.
    pub fn new(schema: &Schema) -> Option<Self> {
        let place = schema.time()?;
        Some(Self { place, timezone: schema.fields()[place].timezone().cloned() })
    }

    /// Returns the day of a record, by the clocks of the schema's zone; nothing without a time.
    pub fn date(&self, record: &Record) -> Option<Date> {
        match (record.values().get(self.place)?.as_ref()?, &self.timezone) {
            (Value::Date(date), _) => Some(*date),
            (Value::Datetime(moment), Some(timezone)) => Some(timezone.to_datetime(*moment).date()),
            _ => None,
        }
    }
}

/// Returns the entry of a day. Of more than [`MAX_DAYS`] the earliest is let go; one that is earlier than all of so many has none.
pub fn of_day<T: Default>(days: &mut BTreeMap<Date, T>, date: Date) -> Option<&mut T> {
    if days.len() >= MAX_DAYS && !days.contains_key(&date) {
        if days.first_key_value().is_some_and(|(first, _)| date < *first) {
            return None;
        }
        days.pop_first();
    }
    Some(days.entry(date).or_default())
}

/// Returns from how many days rows come, where a day with few of them counts for little: (Σ n)² / Σ n², rounded. The 24 hours from noon
/// to noon are two halves of a day, so two days; a single row of another day is none.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is at most the number of days")]
pub fn effective_days(rows_by_day: impl IntoIterator<Item = u64>) -> usize {
    let (sum, squares) = rows_by_day
        .into_iter()
        .map(to_float)
        .fold((0.0_f64, 0.0_f64), |(sum, squares), rows| (sum + rows, squares + rows * rows));
    if squares > 0.0 { (sum * sum / squares).round() as usize } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Cell, Draft, load};

    fn date_of(time: &str, zone: &str, told: &str) -> Option<String> {
        let schema = format!(
            r#"{{"fields": [{{"name": "at", "type": "{time}"}}, {{"name": "y", "type": "boolean"}}],
                 "lifeboat": {{"label": "y", "time": "at", "timezone": "{zone}"}}}}"#
        );
        let schema = load::schema(schema.as_bytes()).unwrap();
        let mut draft = Draft::new(&schema);
        if !told.is_empty() {
            draft.set(schema.column("at").unwrap(), Cell::Text(told));
        }
        RecordDays::new(&schema).unwrap().date(&draft.finish().unwrap()).map(|date| date.to_string())
    }

    #[test]
    fn a_day_is_that_of_the_clocks_of_the_zone() {
        for (time, zone, told, expected) in [
            ("datetime", "America/New_York", "2013-03-31T03:59:59Z", Some("2013-03-30")),
            ("datetime", "America/New_York", "2013-03-31T04:00:00Z", Some("2013-03-31")),
            ("datetime", "UTC", "2013-03-31T03:59:59Z", Some("2013-03-31")),
            ("date", "America/New_York", "2013-03-31", Some("2013-03-31")),
            ("date", "UTC", "", None),
        ] {
            assert_eq!(date_of(time, zone, told).as_deref(), expected, "{time} {zone} {told}");
        }
    }

    #[test]
    fn a_day_with_few_rows_counts_for_little() {
        for (rows, days) in
            [(vec![], 0), (vec![0], 0), (vec![900], 1), (vec![450, 450], 2), (vec![900, 1, 2], 1), (vec![900; 30], 30)]
        {
            assert_eq!(effective_days(rows.clone()), days, "{rows:?}");
        }
    }

    #[test]
    fn the_last_days_are_kept() {
        let mut days: BTreeMap<Date, u64> = BTreeMap::new();
        let first = jiff::civil::date(2020, 1, 1);
        for place in (0..2_000).rev().chain(0..2_000) {
            if let Some(rows) = of_day(&mut days, first.saturating_add(jiff::Span::new().days(place))) {
                *rows += 1;
            }
        }
        assert_eq!(days.len(), MAX_DAYS);
        assert!(days.values().all(|rows| *rows == 2), "a day is kept whole or not at all");
    }
}
