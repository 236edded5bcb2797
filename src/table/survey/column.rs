//! What one column of a table holds.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::table::field::{is_date, is_datetime};
use crate::table::value::{MAX_INTEGER, trim};

/// As many different values are kept; of a column that has more, only their number is not known.
const MAX_DISTINCT: usize = 10_000;

/// What stands for a missing value in files, as pandas reads them by default.
const MISSING_TEXTS: [&str; 18] = [
    "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL",
    "NaN", "None", "n/a", "nan", "null",
];

/// What one column of a table holds.
#[derive(Debug, Clone)]
pub struct ColumnSurvey {
    /// Its name.
    pub name: Box<str>,
    /// Rows without anything.
    empty: u64,
    /// Rows with a text that stands for a missing value, by that text.
    missing_texts: BTreeMap<&'static str, u64>,
    /// Rows with a value.
    pub(super) values: u64,
    /// Values that a file writes as texts.
    pub(super) texts: u64,
    pub(super) integers: u64,
    pub(super) numbers: u64,
    /// Numbers that begin with zeros, as codes do: `007`.
    pub(super) padded: u64,
    pub(super) booleans: u64,
    pub(super) dates: u64,
    pub(super) datetimes: u64,
    /// Lists and objects.
    pub(super) nested: u64,
    /// A value that is no number.
    pub(super) text: Option<Box<str>>,
    least: f64,
    greatest: f64,
    sum: f64,
    longest: usize,
    distinct: BTreeMap<Box<str>, u64>,
    has_more: bool,
}

impl ColumnSurvey {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            empty: 0,
            missing_texts: BTreeMap::new(),
            values: 0,
            texts: 0,
            integers: 0,
            numbers: 0,
            padded: 0,
            booleans: 0,
            dates: 0,
            datetimes: 0,
            nested: 0,
            text: None,
            least: f64::INFINITY,
            greatest: f64::NEG_INFINITY,
            sum: 0.0,
            longest: 0,
            distinct: BTreeMap::new(),
            has_more: false,
        }
    }

    pub(super) fn add_missing(&mut self) {
        self.empty += 1;
    }

    /// Takes a cell of a format in which all is text.
    pub(super) fn add_cell_of_text(&mut self, cell: &str, has_decimal_comma: bool) {
        let text = trim(cell);
        if text.is_empty() {
            return self.add_missing();
        }
        if let Some(missing) = MISSING_TEXTS.iter().find(|missing| **missing == text) {
            *self.missing_texts.entry(missing).or_default() += 1;
            return;
        }
        let with_point = has_decimal_comma && text.bytes().filter(|byte| *byte == b',').count() == 1;
        let number = if with_point { text.replace(',', ".").parse() } else { text.parse::<f64>() };
        match number {
            Ok(number) if number.is_finite() => {
                self.texts += 1;
                self.padded += u64::from(is_padded(text));
                self.count_number(number, text.parse::<i64>().is_ok());
                self.booleans += u64::from(matches!(text, "0" | "1"));
                self.count_value(text);
            }
            _ => {
                self.booleans += u64::from(matches!(text, "true" | "True" | "TRUE" | "false" | "False" | "FALSE"));
                self.add_text(text);
            }
        }
    }

    /// Takes a text that is one even where it looks like a number.
    pub(super) fn add_text(&mut self, text: &str) {
        let text = trim(text);
        if text.is_empty() {
            return self.add_missing();
        }
        self.texts += 1;
        self.dates += u64::from(is_date(text));
        self.datetimes += u64::from(is_datetime(text));
        if self.text.is_none() {
            self.text = Some(text.into());
        }
        self.count_value(text);
    }

    #[expect(clippy::cast_precision_loss, reason = "only bounds and a mean are made of it")]
    pub(super) fn add_integer(&mut self, number: i64) {
        self.booleans += u64::from(matches!(number, 0 | 1));
        self.count_number(number as f64, true);
        self.count_value(&number.to_string());
    }

    pub(super) fn add_number(&mut self, number: f64) {
        if !number.is_finite() {
            return self.add_missing();
        }
        self.count_number(number, false);
        self.count_value(&number.to_string());
    }

    pub(super) fn add_boolean(&mut self, truth: bool) {
        self.booleans += 1;
        self.text.get_or_insert_with(|| truth.to_string().into());
        self.count_value(if truth { "true" } else { "false" });
    }

    pub(super) fn add_json(&mut self, value: &Json) {
        match value {
            Json::Null => self.add_missing(),
            Json::Bool(truth) => self.add_boolean(*truth),
            Json::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(integer), _) => self.add_integer(integer),
                (None, Some(number)) => self.add_number(number),
                (None, None) => self.add_missing(),
            },
            Json::String(text) => self.add_text(text),
            Json::Array(_) | Json::Object(_) => {
                self.nested += 1;
                self.values += 1;
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "the limit is exact")]
    fn count_number(&mut self, number: f64, is_integer: bool) {
        self.numbers += 1;
        self.integers += u64::from(is_integer && number.abs() <= MAX_INTEGER as f64);
        self.least = self.least.min(number);
        self.greatest = self.greatest.max(number);
        self.sum += number;
    }

    fn count_value(&mut self, text: &str) {
        self.values += 1;
        self.longest = self.longest.max(text.chars().count());
        if let Some(count) = self.distinct.get_mut(text) {
            *count += 1;
        } else if self.distinct.len() < MAX_DISTINCT {
            self.distinct.insert(text.into(), 1);
        } else {
            self.has_more = true;
        }
    }

    /// Returns the number of rows with a value.
    pub fn values(&self) -> u64 {
        self.values
    }

    /// Returns the number of rows without a value.
    pub fn missing(&self) -> u64 {
        self.empty + self.missing_texts.values().sum::<u64>()
    }

    /// Returns the texts that stand for a missing value.
    pub fn missing_texts(&self) -> impl Iterator<Item = &'static str> {
        self.missing_texts.keys().copied()
    }

    /// Returns the least and the greatest number, where there is one.
    pub fn range(&self) -> Option<(f64, f64)> {
        (self.numbers > 0).then_some((self.least, self.greatest))
    }

    /// Returns the mean of the numbers, where there is one.
    #[expect(clippy::cast_precision_loss, reason = "no file has 2^53 rows")]
    pub fn mean(&self) -> Option<f64> {
        (self.numbers > 0).then(|| self.sum / self.numbers as f64)
    }

    /// Returns the length of the longest value in characters.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// Returns the different values with how often each occurs, unless there are too many.
    pub fn distinct(&self) -> Option<&BTreeMap<Box<str>, u64>> {
        (!self.has_more).then_some(&self.distinct)
    }
}

fn is_padded(number: &str) -> bool {
    let digits = number.trim_start_matches(['+', '-']).as_bytes();
    matches!(digits, [b'0', b'0'..=b'9', ..])
}
