//! Whether a package answers as the model does that its graph was exported from.

use anyhow::bail;

use super::answered::AnsweredRows;
use super::expected::Expected;
use crate::cli::counted::counted;
use crate::lifecycle::answer::Answer;
use crate::package::{Agreement, Package};
use crate::table::Schema;

/// How far a probability may be from the model's; a number, in proportion to its size.
const TOLERANCE: f64 = 1e-5;

/// As many rows are shown that differ.
const SHOWN: usize = 10;

/// Where graphs are known to answer otherwise than their models.
const CAUSES: &str = "\
Known causes:
  - a tree's threshold in single precision: single rows flip. Train on float32 (X.astype(\"float32\")), or take them: --accept-differences
  - a scaler before a forest or XGBoost: many rows flip. Leave it out, trees need none
  - a sparse matrix before XGBoost, which takes its zeros as missing: ColumnTransformer(…, sparse_threshold=0)
  - skl2onnx: SimpleImputer(add_indicator=True), CalibratedClassifierCV over a pipeline, RandomForest fitted with NaN,
    HistGradientBoosting(categorical_features=…): fill in or encode in a step before, and calibrate inside the pipeline
  - onnxmltools: LightGBM's boosting_type=\"rf\" of numbers, XGBRegressor(objective=\"binary:logistic\"): use the classifier
  - rows of another order, other columns than the graph's (--inputs), or other classes (--classes)";

/// The differences of all rows.
pub(super) struct Agreed {
    rows: usize,
    largest: f64,
    /// The place of each row that differs, with what was found and expected.
    apart: Vec<(usize, f64, f64)>,
}

impl Agreed {
    /// Compares the answers for all rows.
    pub(super) fn new(package: &Package, answered: &AnsweredRows, expected: &Expected) -> anyhow::Result<Self> {
        let columns = columns(package, expected)?;
        let scale = scale(package.schema(), expected);
        let mut agreed = Self { rows: answered.len(), largest: 0.0, apart: Vec::new() };
        for (row, (answer, expected)) in answered.answers().zip(expected.rows()).enumerate() {
            let found = numbers(answer.as_answer());
            let mut worst = (0.0, 0.0, 0.0);
            for (class, &column) in columns.iter().enumerate() {
                let (Some(&found), Some(&expected)) =
                    (found.get(class), column.and_then(|column| expected.get(column)))
                else {
                    continue;
                };
                let difference = (found - expected).abs() / expected.abs().max(scale);
                if difference > worst.0 {
                    worst = (difference, found, expected);
                }
            }
            agreed.largest = agreed.largest.max(worst.0);
            if worst.0 > TOLERANCE {
                agreed.apart.push((row, worst.1, worst.2));
            }
        }
        Ok(agreed)
    }

    /// Takes so many rows that differ, or tells of all.
    pub(super) fn accept(&self, most: usize, with: Option<&str>) -> anyhow::Result<Agreement> {
        if self.apart.len() > most {
            let shown: Vec<String> = self.apart.iter().take(SHOWN).map(shown).collect();
            let more = self.apart.len().saturating_sub(SHOWN);
            let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
            bail!(
                "the graph answers otherwise than the model in {} of {}, by {} at most (allowed: {TOLERANCE:e}):\n{}{more}\n{CAUSES}",
                self.apart.len(),
                counted(self.rows, "row"),
                in_short(self.largest),
                shown.join("\n")
            );
        }
        Ok(Agreement {
            rows: self.rows as u64,
            with: with.map(str::to_owned),
            largest_difference: format!("{:.1e}", self.largest).parse().unwrap_or(self.largest),
            accepted: self.apart.iter().map(|(row, ..)| *row as u64 + 1).collect(),
        })
    }
}

fn shown((row, found, expected): &(usize, f64, f64)) -> String {
    format!("  row {}: {}, but the model gave {}", row + 1, in_short(*found), in_short(*expected))
}

fn in_short(number: f64) -> String {
    let rounded: f64 = format!("{number:.5e}").parse().unwrap_or(number);
    rounded.to_string()
}

fn numbers(answer: Answer<'_>) -> Vec<f64> {
    match answer {
        Answer::Binary { probability, .. } => vec![1.0 - f64::from(probability), probability.into()],
        Answer::Multiclass { probabilities, .. } => probabilities.iter().map(|&number| number.into()).collect(),
        Answer::Regression(value) => vec![value],
    }
}

/// Returns the size from which on a difference is one in proportion: 1 of probabilities, of numbers how far they spread.
#[expect(clippy::cast_precision_loss, reason = "no file has 2^53 rows")]
fn scale(schema: &Schema, expected: &Expected) -> f64 {
    if schema.classes().is_some() {
        return 1.0;
    }
    let numbers = &expected.numbers;
    let mean = numbers.iter().sum::<f64>() / numbers.len().max(1) as f64;
    let variance = numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / numbers.len().max(1) as f64;
    variance.sqrt().max(f64::MIN_POSITIVE)
}

/// Returns the column of what is expected for each class, in the schema's order; a single one is of the positive class, or the number.
fn columns(package: &Package, expected: &Expected) -> anyhow::Result<Vec<Option<usize>>> {
    let Expected { file, columns, names, .. } = expected;
    let Some(classes) = package.schema().classes() else {
        if *columns != 1 {
            bail!("{file} has {columns} columns, but the graph answers one number: save the model's predict(X)");
        }
        return Ok(vec![Some(0)]);
    };
    let label = package.schema().label_field();
    let texts: Vec<String> = classes.iter().map(|class| label.written(class).to_string()).collect();
    if *columns == 1 && classes.len() == 2 {
        return Ok(vec![None, Some(0)]);
    }
    if *columns != classes.len() {
        bail!(
            "{file} has {}, but {:?} has {} classes ({}): save the model's predict_proba(X)",
            counted(columns, "column"),
            &*label.name,
            classes.len(),
            texts.join(", ")
        );
    }
    let named = |text: &String| {
        let name = format!("probability_{text}");
        names.as_ref()?.iter().position(|column| column == text || *column == name)
    };
    let by_name: Option<Vec<usize>> = texts.iter().map(named).collect();
    if let Some(by_name) = by_name {
        return Ok(by_name.into_iter().map(Some).collect());
    }
    let order = package.class_order();
    Ok((0..classes.len()).map(|class| order.iter().position(|one| *one == class)).collect())
}
