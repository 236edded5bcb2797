//! How good answers are of several classes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::sum::{Sum, share};
use super::calibration::{Calibration, CalibrationBin, expected_calibration_error};
use super::ranking::Ranking;
use crate::lifecycle::statistics::{loss, to_float};

/// Gathers answers and what happens.
#[derive(Debug, Clone)]
pub struct ClassOutcomes {
    classes: Vec<ClassRows>,
    log_loss: Sum,
    squared_error: Sum,
    calibration: Calibration,
    rankings: Vec<Ranking>,
}

#[derive(Debug, Clone, Copy, Default)]
struct ClassRows {
    right: u64,
    predicted: u64,
    happened: u64,
}

/// How good answers are of several classes. A macro figure is the mean over the classes that are predicted or happen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClassPerformance {
    /// The number of outcomes.
    pub rows: u64,
    /// The share of right answers.
    pub accuracy: f64,
    /// The macro precision: of the answers that are a class, the share that is right, 0 where none is that class.
    pub precision: f64,
    /// The macro recall: of what is a class, the share that is predicted, 0 where none is that class.
    pub recall: f64,
    /// The macro F1: the harmonic mean of precision and recall of a class.
    pub f1: f64,
    /// The mean area under the receiver operating characteristic, each class against all others; null where none has both.
    pub auc: Option<f64>,
    /// How far the exact area is from `auc` at the most.
    #[serde(default)]
    pub auc_error: f64,
    /// The log loss.
    pub log_loss: f64,
    /// The Brier score: the squared distance from what happens, summed over the classes, 0 to 2.
    pub brier: f64,
    /// The expected calibration error of the predicted class, by tenths of its probability.
    pub ece: f64,
    /// How often the predicted class is right, by tenths of its probability.
    pub calibration: Vec<CalibrationBin>,
    /// The classes, in the order of the schema's.
    pub classes: Vec<OneClass>,
}

/// How good answers are of one class among several.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OneClass {
    /// How many outcomes are this class.
    pub rows: u64,
    /// How many answers are.
    pub predicted: u64,
    /// How many of those are right.
    pub right: u64,
    /// The area under the receiver operating characteristic against all other classes.
    pub auc: Option<f64>,
}

impl OneClass {
    fn precision(&self) -> f64 {
        share(self.right, self.predicted)
    }

    fn recall(&self) -> f64 {
        share(self.right, self.rows)
    }

    fn f1(&self) -> f64 {
        share(2 * self.right, self.rows + self.predicted)
    }
}

impl ClassOutcomes {
    /// Begins with so many classes.
    pub fn new(classes: usize) -> Self {
        Self {
            classes: vec![ClassRows::default(); classes],
            log_loss: Sum::default(),
            squared_error: Sum::default(),
            calibration: Calibration::default(),
            rankings: vec![Ranking::among(classes); classes],
        }
    }

    /// Takes the probability of each class, the place of the class that is predicted, and of the one that happens. Answers and outcomes of
    /// other classes, and probabilities that are no numbers, are left out.
    pub fn add(&mut self, probabilities: &[f32], predicted: usize, happened: usize) {
        let count = self.classes.len();
        let is_known = predicted < count && happened < count && probabilities.len() == count;
        if !is_known || !probabilities.iter().all(|probability| probability.is_finite()) {
            return;
        }
        let is_right = predicted == happened;
        self.classes[predicted].predicted += 1;
        self.classes[happened].happened += 1;
        self.classes[happened].right += u64::from(is_right);
        self.log_loss.add(loss(&(probabilities[happened].into(), true)));
        let mut squared_error = 0.0;
        for ((class, &probability), ranking) in probabilities.iter().enumerate().zip(&mut self.rankings) {
            let is_it = class == happened;
            squared_error += (f64::from(probability) - f64::from(u8::from(is_it))).powi(2);
            ranking.add(probability, is_it);
        }
        self.squared_error.add(squared_error);
        self.calibration.add(probabilities[predicted].into(), is_right);
    }

    /// Adds what others of as many classes gathered.
    pub fn merge(&mut self, other: &Self) {
        for (ours, theirs) in self.classes.iter_mut().zip(&other.classes) {
            ours.right += theirs.right;
            ours.predicted += theirs.predicted;
            ours.happened += theirs.happened;
        }
        self.log_loss.merge(&other.log_loss);
        self.squared_error.merge(&other.squared_error);
        self.calibration.merge(&other.calibration);
        for (ours, theirs) in self.rankings.iter_mut().zip(&other.rankings) {
            ours.merge(theirs);
        }
    }

    /// Returns how good the answers are, or nothing without outcomes.
    pub fn performance(&self) -> Option<ClassPerformance> {
        let (rows, calibration) = (self.log_loss.count(), self.calibration.bins());
        let areas: Vec<_> = self.rankings.iter().map(Ranking::area).collect();
        let found = self.classes.iter().zip(&areas).map(|(class, area)| OneClass {
            rows: class.happened,
            predicted: class.predicted,
            right: class.right,
            auc: area.map(|area| area.value),
        });
        let classes: Vec<OneClass> = found.collect();
        let there = || classes.iter().filter(|class| class.rows + class.predicted > 0);
        Some(ClassPerformance {
            rows,
            accuracy: share(classes.iter().map(|class| class.right).sum(), rows),
            precision: mean(there().map(OneClass::precision))?,
            recall: mean(there().map(OneClass::recall))?,
            f1: mean(there().map(OneClass::f1))?,
            auc: mean(areas.iter().flatten().map(|area| area.value)),
            auc_error: mean(areas.iter().flatten().map(|area| area.error)).unwrap_or_default(),
            log_loss: self.log_loss.mean()?,
            brier: self.squared_error.mean()?,
            ece: expected_calibration_error(&calibration),
            calibration,
            classes,
        })
    }
}

fn mean(numbers: impl Iterator<Item = f64> + Clone) -> Option<f64> {
    let count = numbers.clone().count();
    (count > 0).then(|| numbers.sum::<f64>() / to_float(count as u64))
}
