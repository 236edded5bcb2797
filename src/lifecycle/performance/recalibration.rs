//! Slope and intercept of the calibration: the logistic regression of what happens on the log-odds that were given.
//!
//! A calibrated model has slope 1 and intercept 0. Below 1, its probabilities are too extreme.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::lifecycle::statistics::to_float;

const MAX_STEPS: u32 = 100;

/// How often a step is halved before the search ends.
const MAX_HALVINGS: usize = 40;

/// A shorter step is near the end of the search.
const NEAR: f64 = 1e-5;

/// A likelihood whose curvature is below this share of its size has no single highest point.
const FLAT: f64 = 1e-14;

/// Probabilities with the same log-odds, and how many of them happen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Their log-odds.
    pub log_odds: f64,
    /// How many happen.
    pub happened: f64,
    /// How many do not.
    pub not: f64,
}

/// How the log-odds that were given lead to those of what happens: `intercept + slope · log-odds`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Recalibration {
    /// 1 where probabilities are neither too extreme nor too timid.
    pub slope: f64,
    /// 0 where, with slope 1, probabilities are neither too high nor too low.
    pub intercept: f64,
}

/// Returns the log-odds of a probability; 0 and 1 count as the nearest that a double tells from them beside 1.
pub fn log_odds(probability: f64) -> f64 {
    let inside = if probability.is_nan() { 0.5 } else { probability.clamp(f64::EPSILON, 1.0 - f64::EPSILON) };
    inside.ln() - (-inside).ln_1p()
}

impl Recalibration {
    /// Fits points of ascending log-odds by Newton's method.
    ///
    /// Returns nothing where the likelihood has no highest point: where only one of the two happens, where some log-odds part those that
    /// happen from those that do not, or where all log-odds are equal.
    pub fn fit(points: &[Point]) -> Option<Self> {
        if is_separated(points) {
            return None;
        }
        let mut found = Self { slope: 1.0, intercept: 0.0 };
        for _ in 0..MAX_STEPS {
            let step = found.step(points)?;
            if step.0.abs().max(step.1.abs()) < NEAR {
                // Each further step doubles the digits that are right, while the likelihood shows no more than half of them.
                let near = found.moved(step, 1.0);
                return Some(near.step(points).map_or(near, |last| near.moved(last, 1.0)));
            }
            found = found.uphill(step, points)?;
        }
        None
    }

    fn moved(self, (slope, intercept): (f64, f64), size: f64) -> Self {
        Self { slope: self.slope + size * slope, intercept: self.intercept + size * intercept }
    }

    /// Takes a step, or as much of it as leads to a greater likelihood.
    fn uphill(self, step: (f64, f64), points: &[Point]) -> Option<Self> {
        let likelihood = self.log_likelihood(points);
        let sizes = std::iter::successors(Some(1.0), |size| Some(size / 2.0)).take(MAX_HALVINGS);
        sizes.map(|size| self.moved(step, size)).find(|next| next.log_likelihood(points) > likelihood)
    }

    fn log_likelihood(&self, points: &[Point]) -> f64 {
        let of = |point: &Point| {
            let log_odds = self.intercept + self.slope * point.log_odds;
            // −ln(1 + e^x) without overflow: of what happens by −x, of what does not by x.
            -point.happened * softplus(-log_odds) - point.not * softplus(log_odds)
        };
        points.iter().map(of).sum()
    }

    /// Returns Newton's step, or nothing where the likelihood is flat.
    fn step(&self, points: &[Point]) -> Option<(f64, f64)> {
        let (mut by_intercept, mut by_slope) = (0.0, 0.0);
        let (mut curve, mut mixed, mut curve_of_slope) = (0.0, 0.0, 0.0);
        for point in points {
            let probability = 1.0 / (1.0 + (-self.intercept - self.slope * point.log_odds).exp());
            let rows = point.happened + point.not;
            let residual = point.happened - rows * probability;
            let weight = rows * probability * (1.0 - probability);
            by_intercept += residual;
            by_slope += residual * point.log_odds;
            curve += weight;
            mixed += weight * point.log_odds;
            curve_of_slope += weight * point.log_odds * point.log_odds;
        }
        let determinant = curve * curve_of_slope - mixed * mixed;
        let is_curved = determinant > FLAT * curve * curve_of_slope;
        is_curved.then(|| {
            let slope = (curve * by_slope - mixed * by_intercept) / determinant;
            let intercept = (curve_of_slope * by_intercept - mixed * by_slope) / determinant;
            (slope, intercept)
        })
    }
}

/// Returns ln(1 + e^x).
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// Returns whether some log-odds part those that happen from those that do not.
fn is_separated(points: &[Point]) -> bool {
    let ends = |rows: fn(&Point) -> f64| {
        let having = || points.iter().filter(move |point| rows(point) > 0.0).map(|point| point.log_odds);
        (having().reduce(f64::min), having().reduce(f64::max))
    };
    match (ends(|point| point.happened), ends(|point| point.not)) {
        ((Some(low), Some(high)), (Some(low_of_not), Some(high_of_not))) => high_of_not <= low || high <= low_of_not,
        _ => true,
    }
}

/// Returns points of probabilities and what happens, each by itself.
pub fn points(judged: &[(f64, bool)]) -> Vec<Point> {
    let point = |&(probability, happened): &(f64, bool)| Point {
        log_odds: log_odds(probability),
        happened: to_float(u64::from(happened)),
        not: to_float(u64::from(!happened)),
    };
    judged.iter().map(point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_line_fits_best_has_none() {
        let separated = [(0.1, false), (0.4, false), (0.4, true), (0.9, true)];
        let backwards = [(0.1, true), (0.2, true), (0.8, false)];
        let equal = [(0.5, true), (0.5, false), (0.5, true)];
        let one_kind = [(0.2, true), (0.7, true)];
        for judged in [&separated[..], &backwards, &equal, &one_kind, &[]] {
            assert_eq!(Recalibration::fit(&points(judged)), None, "{judged:?}");
        }
    }

    #[test]
    fn extreme_probabilities_are_fitted() {
        let judged = [(0.0, true), (0.0, false), (1.0, true), (1.0, false), (0.3, false), (0.6, true)];
        let found = Recalibration::fit(&points(&judged)).unwrap();
        assert!(found.slope.abs() < 0.1 && found.intercept.is_finite(), "{found:?}");
    }

    #[test]
    fn calibrated_probabilities_have_slope_one() {
        let mut random = fastrand::Rng::with_seed(4);
        let mut row = |_| {
            let probability = random.f64();
            (probability, random.f64() < probability)
        };
        let judged: Vec<(f64, bool)> = (0..20_000).map(&mut row).collect();
        let found = Recalibration::fit(&points(&judged)).unwrap();
        assert!((found.slope - 1.0).abs() < 0.05 && found.intercept.abs() < 0.05, "{found:?}");
    }
}
