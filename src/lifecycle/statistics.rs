//! How far two samples differ, and what a probability costs. Each is the textbook's, and agrees with scipy and scikit-learn.

use std::f64::consts::PI;

use statrs::function::gamma::checked_gamma_ur;

/// What a bin counts for beside what is in it, so that an empty one has a logarithm.
const PSEUDO_COUNT: f64 = 0.5;

/// Below this, the Kolmogorov distribution's other series converges faster.
const KOLMOGOROV_MIDDLE: f64 = 1.18;

/// So many terms of either series are more than a double can tell apart.
const KOLMOGOROV_TERMS: u32 = 20;

/// What a test says of two samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TestResult {
    /// How far they differ.
    pub statistic: f64,
    /// How likely so great a difference is between two samples of one population, 0 to 1.
    pub p_value: f64,
}

/// Returns the population stability index of two histograms over the same bins: the sum of (a − e) · ln(a / e) over the bins' shares,
/// where each bin counts half an observation more than it holds.
///
/// By convention 0.1 is a moderate shift, and 0.25 a major one.
pub fn population_stability_index(expected: &[u64], actual: &[u64]) -> f64 {
    let (expected, actual) = (shares(expected), shares(actual));
    expected.zip(actual).map(|(expected, actual)| (actual - expected) * (actual / expected).ln()).sum()
}

fn shares(counts: &[u64]) -> impl Iterator<Item = f64> {
    let total = counts.iter().map(|&count| to_float(count) + PSEUDO_COUNT).sum::<f64>();
    counts.iter().map(move |&count| (to_float(count) + PSEUDO_COUNT) / total)
}

/// Compares two samples of a number by the Kolmogorov–Smirnov test, each given as its distinct values in ascending order with how
/// often they occur; the p-value is that of the limiting distribution. Returns nothing where a sample is empty.
pub fn kolmogorov_smirnov(left: &[(f64, u64)], right: &[(f64, u64)]) -> Option<TestResult> {
    let total = |sample: &[(f64, u64)]| to_float(sample.iter().map(|(_, count)| count).sum());
    let (left_total, right_total) = (total(left), total(right));
    if left_total == 0.0 || right_total == 0.0 {
        return None;
    }
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    let (mut left_seen, mut right_seen, mut statistic) = (0, 0, 0.0_f64);
    loop {
        let next = match (left.peek(), right.peek()) {
            (Some((left, _)), Some((right, _))) => left.min(*right),
            (Some((value, _)), None) | (None, Some((value, _))) => *value,
            (None, None) => break,
        };
        left_seen += left.next_if(|(value, _)| *value <= next).map_or(0, |(_, count)| *count);
        right_seen += right.next_if(|(value, _)| *value <= next).map_or(0, |(_, count)| *count);
        statistic = statistic.max((to_float(left_seen) / left_total - to_float(right_seen) / right_total).abs());
    }
    let scale = (left_total * right_total / (left_total + right_total)).sqrt();
    Some(TestResult { statistic, p_value: kolmogorov(scale * statistic) })
}

/// Returns how likely the Kolmogorov distribution exceeds a value.
fn kolmogorov(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let terms = (1..=KOLMOGOROV_TERMS).map(f64::from);
    if value < KOLMOGOROV_MIDDLE {
        let term = |k: f64| (-(2.0 * k - 1.0).powi(2) * PI.powi(2) / (8.0 * value * value)).exp();
        return 1.0 - (2.0 * PI).sqrt() / value * terms.map(term).sum::<f64>();
    }
    let term = |k: f64| (-2.0 * k * k * value * value).exp();
    let signs = [1.0, -1.0].into_iter().cycle();
    2.0 * terms.zip(signs).map(|(k, sign)| sign * term(k)).sum::<f64>()
}

/// Compares two samples of a category by Pearson's chi-squared test of homogeneity, without a correction; categories that neither
/// sample has do not count. Returns nothing where a sample is empty or there is but one category.
pub fn chi_squared(left: &[u64], right: &[u64]) -> Option<TestResult> {
    let categories: Vec<(f64, f64)> =
        left.iter().zip(right).map(|(&l, &r)| (to_float(l), to_float(r))).filter(|(l, r)| l + r > 0.0).collect();
    let (left_total, right_total) = categories.iter().fold((0.0, 0.0), |(l, r), pair| (l + pair.0, r + pair.1));
    if left_total == 0.0 || right_total == 0.0 || categories.len() < 2 {
        return None;
    }
    let total = left_total + right_total;
    let deviation = |found: f64, expected: f64| (found - expected).powi(2) / expected;
    let statistic = categories
        .iter()
        .map(|&(l, r)| deviation(l, (l + r) * left_total / total) + deviation(r, (l + r) * right_total / total));
    let statistic = statistic.sum::<f64>();
    let degrees_of_freedom = to_float(categories.len() as u64 - 1);
    // The function is not defined at 0, where nothing differs.
    let p_value = if statistic > 0.0 { checked_gamma_ur(degrees_of_freedom / 2.0, statistic / 2.0).ok()? } else { 1.0 };
    Some(TestResult { statistic, p_value })
}

/// A probability, and what happened.
pub type Judged = (f64, bool);

/// Returns −ln of the probability that was given to what happened; one of nothing counts as the smallest that a double tells from
/// nothing beside 1, as in scikit-learn.
pub fn loss(&(probability, happened): &Judged) -> f64 {
    let given = if happened { probability } else { 1.0 - probability };
    -given.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln()
}

/// Returns the squared distance of a probability from what happened, as 0 or 1.
pub fn squared_error(&(probability, happened): &Judged) -> f64 {
    (probability - f64::from(u8::from(happened))).powi(2)
}

/// Where the tenths of probabilities begin.
pub const TENTHS: [f64; 10] = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/// Returns a count as a number; one beyond 2^53 is rounded.
#[expect(clippy::cast_precision_loss, reason = "nobody counts so far")]
pub fn to_float(count: u64) -> f64 {
    count as f64
}
