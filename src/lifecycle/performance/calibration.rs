//! How often what is given a probability happens, by tenths of the probability.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::sum::{Sum, share};
use crate::lifecycle::statistics::{TENTHS, to_float};

/// A tenth of the probabilities' range.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CalibrationBin {
    /// Where it begins; it ends before the next, and the last one with 1.
    pub from: f64,
    /// The number of answers in it.
    pub rows: u64,
    /// Their mean probability.
    pub mean_probability: f64,
    /// The share of those that happen.
    pub rate: f64,
}

/// Gathers probabilities and what happens.
#[derive(Debug, Clone, Copy, Default)]
pub struct Calibration([(Sum, u64); TENTHS.len()]);

impl Calibration {
    /// Takes a probability, and what happens.
    pub fn add(&mut self, probability: f64, happened: bool) {
        let tenth = TENTHS.iter().rposition(|&from| probability >= from).unwrap_or_default();
        let (sum, events) = &mut self.0[tenth];
        sum.add(probability);
        *events += u64::from(happened);
    }

    /// Adds what another gathered.
    pub fn merge(&mut self, other: &Self) {
        for ((sum, events), (their_sum, their_events)) in self.0.iter_mut().zip(&other.0) {
            sum.merge(their_sum);
            *events += their_events;
        }
    }

    /// Returns the tenths; those without probabilities are left out.
    pub fn bins(&self) -> Vec<CalibrationBin> {
        let bins = TENTHS.iter().zip(&self.0).filter_map(|(&from, (sum, events))| {
            let rows = sum.count();
            Some(CalibrationBin { from, rows, mean_probability: sum.mean()?, rate: share(*events, rows) })
        });
        bins.collect()
    }
}

/// Returns the expected calibration error: how far mean probability and rate are apart in a tenth, averaged over all answers.
pub fn expected_calibration_error(bins: &[CalibrationBin]) -> f64 {
    let rows: u64 = bins.iter().map(|bin| bin.rows).sum();
    let distance = |bin: &CalibrationBin| to_float(bin.rows) * (bin.mean_probability - bin.rate).abs();
    bins.iter().map(distance).sum::<f64>() / to_float(rows.max(1))
}
