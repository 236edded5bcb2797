//! The values of a field, as baselines and windows count them.

use jiff::Span;
use jiff::civil::{Date, date};

use crate::table::descriptor::Scalar;
use crate::table::field::{Domain, Field};
use crate::table::{Schema, Value};

const EPOCH: Date = date(1970, 1, 1);

const SECONDS_A_DAY: f64 = 86_400.0;

/// Returns the places of the fields that are watched: what a client sends, without the key, which is new for each record. The parts of a key
/// of several fields may repeat: a baseline has those that are as good as categories.
pub fn watched(schema: &Schema) -> impl Iterator<Item = usize> {
    schema.inputs().map(|(place, _)| place).filter(|place| !schema.key().contains(place) || schema.key().len() > 1)
}

/// Returns the number that a value is.
#[expect(clippy::cast_precision_loss, reason = "integers of a record are within 2^53")]
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(*number as f64),
        Value::Number(number) => Some(*number),
        _ => None,
    }
}

/// Returns a date or a moment in days since 1970-01-01T00:00Z.
#[expect(clippy::cast_precision_loss, reason = "seconds and milliseconds of 20,000 years are within 2^53")]
pub(super) fn days(value: &Value) -> Option<f64> {
    match value {
        Value::Date(date) => Some(date.duration_since(EPOCH).as_secs() as f64 / SECONDS_A_DAY),
        Value::Datetime(moment) => Some(moment.as_millisecond() as f64 / 1e3 / SECONDS_A_DAY),
        _ => None,
    }
}

/// Returns the date in UTC of days since 1970-01-01T00:00Z.
#[expect(clippy::cast_possible_truncation, reason = "what is beyond all dates has none")]
pub(super) fn date_of(days: f64) -> Option<Date> {
    EPOCH.checked_add(Span::new().try_days(days.floor() as i64).ok()?).ok()
}

/// Returns the place of a value among the [`categories`] of its field.
pub(super) fn category(value: &Value) -> Option<usize> {
    match value {
        Value::Category(category) => Some(*category as usize),
        Value::Boolean(value) => Some(usize::from(*value)),
        _ => None,
    }
}

/// Returns the categories of a field; those of a boolean are false and true.
pub(super) fn categories(field: &Field) -> Vec<Scalar> {
    match &field.domain {
        Domain::Boolean => vec![Scalar::Boolean(false), Scalar::Boolean(true)],
        Domain::Categories(categories) => categories.values().to_vec(),
        _ => vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        let told = |days: f64| date_of(days).map(|date| date.to_string());
        assert_eq!((told(0.0).as_deref(), told(15_876.7).as_deref()), (Some("1970-01-01"), Some("2013-06-20")));
        assert_eq!((told(-0.5).as_deref(), told(1e300)), (Some("1969-12-31"), None));
    }
}
