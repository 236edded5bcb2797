//! What a manifest may tell of its training beside what serving needs.

use comfy_table::CellAlignment;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::counted::counted;
use super::super::table::{plain_table, text};
use super::positive;
use crate::table::Schema;

/// What a manifest may tell beside what serving needs.
#[derive(Debug, Deserialize)]
pub(super) struct Story {
    pub(super) algorithm: Option<String>,
    training: Option<Training>,
    cross_validation: Option<CrossValidation>,
    evaluation: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Training {
    rows: Option<u64>,
    positives: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct CrossValidation {
    #[serde(default)]
    models: Vec<Candidate>,
}

/// A model that was compared, with its metrics on records that it was not fitted to.
#[derive(Debug, Deserialize)]
struct Candidate {
    name: String,
    chosen: bool,
    #[serde(flatten)]
    metrics: Map<String, Value>,
}

impl Story {
    /// Says how many rows the model was trained on.
    pub(super) fn trained_on(&self, schema: &Schema) -> Option<String> {
        let training = self.training.as_ref()?;
        let positives = training.positives.zip(positive(schema));
        let positives = positives.map_or_else(String::new, |(count, called)| format!(", {count} of them {called}"));
        Some(format!("{} {}{positives}", training.rows?, schema.noun().many))
    }

    /// Tells how good the model is by its evaluation: its figures, and on what they were counted.
    pub(super) fn figures(&self) -> String {
        let Some(Value::Object(evaluation)) = &self.evaluation else { return String::new() };
        let mut table = plain_table();
        let on = evaluation.get("on").and_then(Value::as_str);
        let rows = evaluation.get("rows").and_then(Value::as_u64).map(|rows| counted(rows, "row"));
        let rows = rows.into_iter().chain(on.map(|on| format!("of {on}"))).collect::<Vec<_>>().join(" ");
        if !rows.is_empty() {
            table.add_row(["evaluated on".to_owned(), rows]);
        }
        for (name, value) in evaluation.iter().filter(|(name, _)| *name != "rows") {
            if let Some(number) = value.as_f64() {
                let title = SHOWN.iter().find(|(shown, _)| shown == name).map_or(name.as_str(), |(_, title)| title);
                table.add_row([title.to_owned(), format!("{number:.4}")]);
            }
        }
        text(&mut table)
    }

    /// Tells which models were compared, the chosen one marked.
    pub(super) fn candidates(&self) -> String {
        let models = self.cross_validation.as_ref().map_or(&[][..], |validation| &validation.models);
        if models.is_empty() { String::new() } else { compare(models) }
    }
}

/// The figures that are shown where candidates have them, and what they are called.
const SHOWN: [(&str, &str); 8] = [
    ("accuracy", "accuracy"),
    ("auc", "AUC"),
    ("log_loss", "log loss"),
    ("brier", "Brier"),
    ("calibration_slope", "slope"),
    ("rmse", "RMSE"),
    ("mae", "MAE"),
    ("r2", "R²"),
];

fn compare(candidates: &[Candidate]) -> String {
    let is_known = |(name, _): &(&str, &str)| candidates.iter().any(|candidate| candidate.metrics.contains_key(*name));
    let shown: Vec<(&str, &str)> = SHOWN.into_iter().filter(is_known).collect();
    let mut table = plain_table();
    let titles = shown.iter().map(|(_, title)| *title);
    table.set_header(["cross-validated"].into_iter().chain(titles).chain([""]));
    for candidate in candidates {
        let number = |name: &str| candidate.metrics.get(name).and_then(Value::as_f64);
        let numbers =
            shown.iter().map(|(name, _)| number(name).map_or_else(|| "-".to_owned(), |value| format!("{value:.4}")));
        let chosen = if candidate.chosen { "<- this package" } else { "" };
        table.add_row([candidate.name.clone()].into_iter().chain(numbers).chain([chosen.to_owned()]));
    }
    for column in table.column_iter_mut().skip(1).take(shown.len()) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    text(&mut table)
}
