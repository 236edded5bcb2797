//! Whether a package answers as the model does that its graph was exported from.

mod causes;

use anyhow::bail;

pub(super) use self::causes::Suspects;
use super::answered::AnsweredRows;
use super::expected::Expected;
use crate::cli::counted::{Listed, counted};
use crate::lifecycle::answer::Answer;
use crate::package::{Agreement, Package};
use crate::table::Schema;

/// How far a probability may be from the model's; a number, in proportion to its size.
const TOLERANCE: f64 = 1e-5;

/// As many rows are shown that differ.
const SHOWN: usize = 10;

/// The differences of all rows.
pub(super) struct Agreed {
    rows: usize,
    largest: f64,
    /// The place of each row that differs, with what was found and expected.
    apart: Vec<(usize, f64, f64)>,
    /// What explains all of them, where one thing does.
    cause: Option<String>,
}

impl Agreed {
    /// Compares the answers for all rows.
    pub(super) fn new(package: &Package, answered: &AnsweredRows, expected: &Expected) -> anyhow::Result<Self> {
        let columns = columns(package, expected)?;
        let scale = scale(package.schema(), expected);
        let found: Vec<Vec<f64>> = answered.answers().map(|answer| numbers(answer.as_answer())).collect();
        let mut agreed = Self { rows: found.len(), largest: 0.0, apart: Vec::new(), cause: None };
        for (row, (found, expected)) in found.iter().zip(expected.rows()).enumerate() {
            let (difference, found, expected) = worst(found, expected, &columns, scale);
            agreed.largest = agreed.largest.max(difference);
            if difference > TOLERANCE {
                agreed.apart.push((row, found, expected));
            }
        }
        if !agreed.apart.is_empty() {
            agreed.cause = causes::of_all(&Compared { package, found: &found, expected, columns: &columns, scale });
        }
        Ok(agreed)
    }

    /// Takes so many rows that differ, or tells of all, with what is known to be a cause.
    pub(super) fn accept(&self, most: usize, with: Option<&str>, suspects: &Suspects) -> anyhow::Result<Agreement> {
        if self.apart.len() > most {
            let mut rows = Listed::new(SHOWN);
            for row in &self.apart {
                rows.push(|| shown(row));
            }
            let causes = match &self.cause {
                Some(cause) => format!("The cause: {cause}"),
                None => suspects.to_string(),
            };
            bail!(
                "the graph answers otherwise than the model in {} of {}, by {} at most (allowed: {TOLERANCE:e}):\n{rows}\n{causes}",
                self.apart.len(),
                counted(self.rows, "row"),
                in_short(self.largest)
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

/// All that is compared: what was found and expected, and which column is of which class.
struct Compared<'a> {
    package: &'a Package,
    found: &'a [Vec<f64>],
    expected: &'a Expected,
    columns: &'a [Option<usize>],
    scale: f64,
}

/// Returns the largest difference of a row, with what was found and expected there.
fn worst(found: &[f64], expected: &[f64], columns: &[Option<usize>], scale: f64) -> (f64, f64, f64) {
    let mut worst = (0.0, 0.0, 0.0);
    for (found, column) in found.iter().zip(columns) {
        let Some(expected) = column.and_then(|column| expected.get(column)) else { continue };
        let difference = (found - expected).abs() / expected.abs().max(scale);
        if difference > worst.0 {
            worst = (difference, *found, *expected);
        }
    }
    worst
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
    let order = package.class_order();
    let by_place = || (0..classes.len()).map(|class| order.iter().position(|one| *one == class)).collect();
    let Some(names) = names else { return Ok(by_place()) };
    if let Some(named) = by_name(names, &texts) {
        return Ok(named.into_iter().map(Some).collect());
    }
    // The places of the graph's classes, as pandas and polars number columns without a name.
    let numbered: Vec<String> = order.iter().map(|class| texts[*class].clone()).collect();
    let places: Vec<String> = (0..numbered.len()).map(|place| place.to_string()).collect();
    let unnumbered: Vec<String> = names.iter().map(|name| name.trim_start_matches("column_").to_owned()).collect();
    let Some(columns) = by_name(&unnumbered, &places) else {
        bail!(
            "{file} calls its columns {}, but the classes of {:?} are {}: call them so, or 0 to {} in the order of the model's classes_",
            names.join(", "),
            &*label.name,
            texts.join(", "),
            classes.len() - 1
        );
    };
    Ok((0..classes.len()).map(|class| order.iter().position(|one| *one == class).map(|place| columns[place])).collect())
}

/// Returns the column of each class by its name: pandas calls true True, and whole numbers may have a fraction of zero.
fn by_name(names: &[String], classes: &[String]) -> Option<Vec<usize>> {
    let bare = |name: &str| name.strip_prefix("probability_").unwrap_or(name).to_owned();
    let is_alike = |name: &str, class: &str| {
        let numbers = name.parse::<f64>().ok().zip(class.parse::<f64>().ok());
        name.to_lowercase() == class.to_lowercase()
            || numbers.is_some_and(|(name, class)| name.total_cmp(&class).is_eq())
    };
    let found = |is_same: &dyn Fn(&str, &str) -> bool| -> Option<Vec<usize>> {
        let place = |class: &String| names.iter().position(|name| is_same(name, class) || is_same(&bare(name), class));
        let places: Vec<usize> = classes.iter().map(place).collect::<Option<_>>()?;
        (0..names.len()).all(|place| places.contains(&place)).then_some(places)
    };
    found(&|name, class| name == class).or_else(|| found(&is_alike))
}
