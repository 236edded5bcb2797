//! What a package answers for labelled rows, and what that tells.

use serde_json::{Value as Json, json};

use crate::cli::answered::{Answered, answered};
use crate::lifecycle::answer::Outcome;
use crate::lifecycle::baseline::Baseline;
use crate::lifecycle::builder::BaselineBuilder;
use crate::lifecycle::performance::Outcomes;
use crate::lifecycle::stored::StoredAnswer;
use crate::package::{MEASURED_BY_PACK, Package, PastError};
use crate::table::record::Labelled;

/// Labelled rows with the package's answers.
pub(super) struct AnsweredRows {
    rows: Vec<Labelled>,
    answered: Vec<Answered>,
}

impl AnsweredRows {
    /// Asks the package for all rows.
    pub(super) fn new(package: &Package, rows: Vec<Labelled>) -> anyhow::Result<Self> {
        let row = |error: &anyhow::Error| match error.downcast_ref() {
            Some(PastError::Inference(error)) => error.row(),
            _ => None,
        };
        let answered = answered(package, &rows).map_err(|error| match row(&error) {
            Some(row) => error.context(format!("the record in row {}", row + 1)),
            None => error,
        })?;
        Ok(Self { rows, answered })
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn answers(&self) -> impl Iterator<Item = &StoredAnswer> {
        self.answered.iter().map(|(_, answer)| answer)
    }

    /// Returns what the rows look like, with the package's own answers.
    pub(super) fn baseline(&self, package: &Package) -> Baseline {
        let mut builder = BaselineBuilder::new(package.schema(), package.feature_names());
        for (row, (features, answer)) in self.rows.iter().zip(&self.answered) {
            builder.add(&row.record, features, row.label.as_ref(), Some(answer.as_answer()));
        }
        builder.build(Some("of the training data"))
    }

    /// Returns how good the answers are, in figures.
    pub(super) fn evaluation(&self, package: &Package, on: &str) -> Json {
        let mut outcomes = Outcomes::new(package.schema(), None);
        for (row, answer) in self.rows.iter().zip(self.answers()) {
            if let Some(outcome) = row.label.as_ref().and_then(|label| Outcome::from_label(package.schema(), label)) {
                outcomes.add(answer.as_answer(), outcome);
            }
        }
        let mut evaluation = json!({"on": on, "measured_by": MEASURED_BY_PACK, "rows": 0});
        let Json::Object(figures) = json!(outcomes.performance()) else { return evaluation };
        for (name, figure) in figures {
            if let Some(number) = figure.as_f64() {
                let whole = figure.as_u64().map(Json::from);
                evaluation[name] = whole.unwrap_or_else(|| json!(rounded(number)));
            }
        }
        evaluation
    }
}

/// Rounds to six significant digits.
fn rounded(number: f64) -> f64 {
    format!("{number:.5e}").parse().unwrap_or(number)
}
