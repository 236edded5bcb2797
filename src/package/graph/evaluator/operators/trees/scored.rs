//! The scores of trees, whatever numbers a file and its inputs have.

use std::sync::OnceLock;

use super::super::super::fault::{Fault, check_length};
use super::build;
use super::forest::Forest;
use super::source::{Ensemble, Numbers};

/// A forest, for inputs of each type.
pub(super) enum Trees {
    /// The file has floats: the same in double precision is made when doubles come.
    Float(Forest<f32>, OnceLock<Forest<f64>>),
    /// The file has doubles.
    Double(Forest<f64>),
}

/// Takes the scores of a forest, whatever they are computed in.
macro_rules! with_scores {
    ($trees:expr, $input:expr, $targets:expr, $aggregate:expr, ($rows:ident, $scores:ident) => $result:expr) => {{
        let (rows, columns) = $input.rows_and_columns()?;
        let $rows = rows;
        match ($trees, $input.data()) {
            (Trees::Float(forest, _), Data::Float(values)) => {
                let mut $scores = forest.scores(values, columns, $targets, $aggregate)?;
                $result
            }
            (Trees::Float(forest, wide), Data::Double(values)) => {
                let forest = wide.get_or_init(|| forest.widened());
                let mut $scores = forest.scores(values, columns, $targets, $aggregate)?;
                $result
            }
            (Trees::Float(forest, _), _) => {
                let mut $scores = forest.scores(&$input.floats()?, columns, $targets, $aggregate)?;
                $result
            }
            (Trees::Double(forest), Data::Double(values)) => {
                let mut $scores = forest.scores(values, columns, $targets, $aggregate)?;
                $result
            }
            (Trees::Double(forest), _) => {
                let values: Vec<f64> = $input.floats()?.iter().map(|&value| value.into()).collect();
                let mut $scores = forest.scores(&values, columns, $targets, $aggregate)?;
                $result
            }
        }
    }};
}
pub(super) use with_scores;

impl Trees {
    pub(super) fn new(ensemble: &Ensemble<'_>) -> Result<Self, Fault> {
        Ok(match (&ensemble.thresholds, &ensemble.weights) {
            (Numbers::Float(thresholds), Numbers::Float(weights)) => {
                Self::Float(build::forest(ensemble, thresholds, weights)?, OnceLock::new())
            }
            (thresholds, weights) => Self::Double(build::forest(ensemble, &thresholds.wide(), &weights.wide())?),
        })
    }
}

/// What is added to the scores.
pub(super) fn base_values(numbers: &Numbers<'_>, targets: usize) -> Result<Vec<f64>, Fault> {
    let base = numbers.wide().into_owned();
    if base.iter().any(|number| number.is_nan()) {
        return Err(Fault::new("numbers in base_values", "NaN"));
    }
    match base.len() {
        0 | 1 => Ok(base),
        count => check_length("base_values", targets, count).map(|()| base),
    }
}
