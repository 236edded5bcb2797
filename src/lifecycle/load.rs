//! Loads a baseline from its text.

use std::fmt;

use thiserror::Error;

use super::baseline::{AnswerBaseline, Baseline, Distribution, FieldBaseline, NumberBaseline};
use super::daily::{DailyBaseline, DailyCounts};

/// The most records that a baseline counts.
const MAX_ROWS: u64 = 1 << 53;

/// A text that is no baseline: each fault with its place, a JSON pointer.
#[derive(Debug, Error)]
#[error("{}", .0.join("; "))]
pub struct BaselineError(Vec<String>);

/// Reads and checks the text of `baseline.json`.
pub fn baseline(text: &[u8]) -> Result<Baseline, BaselineError> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let baseline: Baseline = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| BaselineError(vec![format!("{}: {}", error.path(), error.inner())]))?;
    json.end().map_err(|error| BaselineError(vec![error.to_string()]))?;
    let faults = faults(&baseline);
    if faults.is_empty() { Ok(baseline) } else { Err(BaselineError(faults)) }
}

fn faults(baseline: &Baseline) -> Vec<String> {
    let mut faults = Faults(vec![]);
    for (name, feature) in &baseline.features {
        faults.of_number(&format!("/features/{}", escape(name)), feature);
    }
    for (name, field) in &baseline.fields {
        faults.of_distribution(&format!("/fields/{}", escape(name)), &field.values);
    }
    if let Some(label) = &baseline.label {
        faults.of_distribution("/label", label);
    }
    match baseline.predictions.as_ref().map(|predictions| &predictions.answers) {
        Some(AnswerBaseline::Binary { counts, .. }) if counts.len() != 10 => {
            faults.push("/predictions/counts", format_args!("has {} tenths, but must have 10", counts.len()));
        }
        Some(AnswerBaseline::Regression { values }) => faults.of_number("/predictions/values", values),
        _ => {}
    }
    if let Some(days) = &baseline.by_day {
        faults.of_days(baseline, days);
    }
    faults.0
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

struct Faults(Vec<String>);

impl Faults {
    fn push(&mut self, pointer: &str, detail: impl fmt::Display) {
        self.0.push(format!("{pointer}: {detail}"));
    }

    fn of_distribution(&mut self, pointer: &str, values: &Distribution) {
        match values {
            Distribution::Number(number) | Distribution::Days(number) => self.of_number(pointer, number),
            Distribution::Text(text) => {
                self.of_number(&format!("{pointer}/length"), &text.length);
                let Some(known) = &text.known else { return };
                if !known.hashes.is_sorted() {
                    self.push(&format!("{pointer}/known/hashes"), "must ascend");
                }
                let top = known.top.iter().try_fold(0_u64, |rows, text| rows.checked_add(text.rows));
                if top.is_none_or(|rows| rows > text.length.rows()) {
                    self.push(&format!("{pointer}/known/top"), "counts more texts than there are");
                }
            }
            Distribution::Category(categories) => {
                let rows = categories.top.iter().map(|category| category.rows).chain([categories.rest.rows]);
                self.of_rows(pointer, rows);
            }
        }
    }

    fn of_days(&mut self, baseline: &Baseline, by_day: &DailyBaseline) {
        let columns = by_day.features.iter().map(|(name, counts)| {
            (
                format!("/by_day/features/{}", escape(name)),
                counts,
                baseline.features.get(name).map(|it| it.counts.len()),
            )
        });
        let fields = by_day.fields.iter().map(|(name, counts)| {
            (
                format!("/by_day/fields/{}", escape(name)),
                counts,
                baseline.fields.get(name).map(FieldBaseline::daily_bins),
            )
        });
        let answers = baseline.predictions.as_ref().map(|predictions| predictions.answers.daily_bins());
        let predictions = by_day.predictions.iter().map(|counts| ("/by_day/predictions".to_owned(), counts, answers));
        for (pointer, DailyCounts(days), bins) in columns.chain(fields).chain(predictions) {
            self.of_rows(&pointer, days.iter().flatten().copied());
            if days.len() != by_day.dates.len() {
                let dates = by_day.dates.len();
                self.push(&pointer, format_args!("has {} days, but there are {dates} dates", days.len()));
            }
            match bins {
                None => self.push(&pointer, "is of no column of the whole"),
                Some(bins) if days.iter().any(|day| day.len() != bins) => {
                    self.push(&pointer, format_args!("must have {bins} counts a day"));
                }
                Some(_) => {}
            }
        }
    }

    fn of_rows(&mut self, pointer: &str, mut rows: impl Iterator<Item = u64>) {
        if rows.try_fold(0, |sum: u64, rows| sum.checked_add(rows).filter(|sum| *sum <= MAX_ROWS)).is_none() {
            self.push(pointer, format_args!("counts more than {MAX_ROWS} records"));
        }
    }

    fn of_number(&mut self, pointer: &str, number: &NumberBaseline) {
        self.of_rows(&format!("{pointer}/counts"), number.counts.iter().copied());
        let ascends = |numbers: &[f64]| numbers.is_sorted_by(|left, right| left < right);
        let NumberBaseline { edges, counts, values, value_counts, .. } = number;
        if counts.len() != edges.len() + 1 {
            let detail = format!("has {} bins, but must have one more than there are edges", counts.len());
            self.push(&format!("{pointer}/counts"), detail);
        }
        for (name, numbers) in [("edges", edges), ("values", values)] {
            if !ascends(numbers) {
                self.push(&format!("{pointer}/{name}"), "must ascend");
            }
        }
        let (name, of_values) = value_counts.as_ref().map_or(("counts", counts), |counts| ("value_counts", counts));
        if of_values.len() != values.len() && !(values.is_empty() && of_values.iter().all(|&count| count == 0)) {
            let detail = format!("has {} counts for {} values", of_values.len(), values.len());
            self.push(&format!("{pointer}/{name}"), detail);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_fault_of_a_text_is_named_with_its_place() {
        let number = json!({"edges": [2, 1], "counts": [1, u64::MAX], "values": [0, 3], "value_counts": [1]});
        let text = json!({
            "rows": 3, "features": {"a/b": number},
            "fields": {"c": {"missing": 0, "kind": "text", "length": {"edges": [], "counts": [], "values": []}}},
            "predictions": {"task": "binary", "counts": [1, 2]},
        });
        let error = baseline(text.to_string().as_bytes()).unwrap_err().to_string();
        let expected = [
            "/features/a~1b/counts: counts more than 9007199254740992 records",
            "/features/a~1b/counts: has 2 bins, but must have one more than there are edges",
            "/features/a~1b/edges: must ascend",
            "/features/a~1b/value_counts: has 1 counts for 2 values",
            "/fields/c/length/counts: has 0 bins, but must have one more than there are edges",
            "/predictions/counts: has 2 tenths, but must have 10",
        ];
        assert_eq!(error, expected.join("; "));
        let error = baseline(br#"{"rows": -1}"#).unwrap_err().to_string();
        assert!(error.starts_with("rows: "), "{error}");
    }
}
