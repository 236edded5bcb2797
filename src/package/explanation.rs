//! Why a package said what it said: how far each group of fields moved the answer from that of a record of which nothing is known.
//!
//! The method is the baseline Shapley value (Sundararajan and Najmi, "The many Shapley values for model explanation", 2020). A group is
//! "taken away" by putting the means of the training data in its place, and its contribution is the mean change that it makes when it
//! joins, over all orders in which groups can join. So it knows nothing of the model's inside, the contributions add up exactly, and for
//! a linear model each is the sum of coefficient × (value − mean).
//!
//! What is explained is the log-odds of the positive class, of the predicted one where there are several, or the predicted number.
//!
//! Up to [`MAX_EXACT_GROUPS`], the model is asked for every combination of groups. Beyond, for the same orders for each record, drawn
//! with a fixed seed in pairs of an order and its reverse (Mitchell et al., "Sampling permutations for Shapley value estimation", 2022).
//!
//! It tells what the model did, not why something happened; and it asks the model about records that cannot exist, where a model may
//! say anything.

use serde::Serialize;
use thiserror::Error;

use super::answer::{Answer, InferenceError};
use super::graph::Entry;
use super::load::Package;
use crate::table::Record;

/// Groups of which all combinations are asked for: 1,024.
pub const MAX_EXACT_GROUPS: usize = 10;

/// Rows that the explanations of one request may run through the graph: 0.2 s of a small network, some seconds of a forest.
const MAX_EVALUATIONS: usize = 1 << 19;

/// Rows that the explanation of one record by sampling takes, unless the fewest pairs take more.
const SAMPLED_EVALUATIONS: usize = 2048;

/// Pairs of orders at least, for a standard error that means something.
const MIN_PAIRS: usize = 8;

const SEED: u64 = 15;

/// How contributions were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Method {
    /// From every combination of groups.
    #[serde(rename = "exact")]
    Exact,
    /// From some orders of joining.
    #[serde(rename = "permutation sampling")]
    PermutationSampling,
}

/// A part of an explanation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contribution {
    /// What moved the answer: the place of a group in [`Package::groups`].
    pub group: usize,
    /// How far: in log-odds, or in the unit of the predicted number.
    pub amount: f64,
    /// The standard error of the amount, where it is an estimate.
    pub standard_error: Option<f64>,
}

/// The way from a record of which nothing is known to this one.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The class whose log-odds are explained, by its place in the schema's; none where the answer is a number.
    pub class: Option<usize>,
    /// What the model says of the record: log-odds, or the number.
    pub output: f64,
    /// What the model says of the means.
    pub baseline: f64,
    /// What leads from the one to the other, largest first; they add up to the difference.
    pub contributions: Box<[Contribution]>,
    /// How they were found.
    pub method: Method,
}

/// Why there is no explanation.
#[derive(Debug, Error)]
pub enum ExplainError {
    /// Too many records were to be explained at once.
    #[error("{records} records are too many to explain at once: {possible} can be")]
    TooMany {
        /// How many there were.
        records: usize,
        /// How many there may be.
        possible: usize,
    },
    /// The model gave no answer for a combination of groups.
    #[error(transparent)]
    Inference(#[from] InferenceError),
}

/// Explains what a package says of each record.
pub fn explain(package: &Package, records: &[Record]) -> Result<Vec<Explanation>, ExplainError> {
    let plan = Plan::new(package.groups().len());
    let possible = MAX_EVALUATIONS / plan.evaluations();
    if records.len() > possible {
        return Err(ExplainError::TooMany { records: records.len(), possible });
    }
    records.iter().map(|record| Ok(plan.explain(package, record)?)).collect()
}

/// Which rows are asked for.
#[derive(Debug)]
enum Plan {
    Exact { groups: usize },
    Sampled { orders: Vec<Box<[usize]>> },
}

impl Plan {
    fn new(groups: usize) -> Self {
        if groups <= MAX_EXACT_GROUPS { Self::Exact { groups } } else { Self::sampled(groups) }
    }

    fn sampled(groups: usize) -> Self {
        let pairs = (SAMPLED_EVALUATIONS / (2 * (groups - 1))).max(MIN_PAIRS);
        let mut random = fastrand::Rng::with_seed(SEED);
        let mut orders = Vec::with_capacity(2 * pairs);
        for _ in 0..pairs {
            let mut order: Box<[usize]> = (0..groups).collect();
            random.shuffle(&mut order);
            let reversed = order.iter().rev().copied().collect();
            orders.extend([order, reversed]);
        }
        Self::Sampled { orders }
    }

    /// Returns how many rows the explanation of one record takes.
    fn evaluations(&self) -> usize {
        match self {
            Self::Exact { groups } => 1 << groups,
            Self::Sampled { orders } => 2 + orders.iter().map(|order| order.len() - 1).sum::<usize>(),
        }
    }

    fn explain(&self, package: &Package, record: &Record) -> Result<Explanation, InferenceError> {
        let mut asked = Asked::new(package, record)?;
        let (output, baseline) = (asked.output, asked.baseline);
        let (mut contributions, method) = match self {
            Self::Exact { groups } => (exact(&mut asked, *groups)?, Method::Exact),
            Self::Sampled { orders } => (sampled(&mut asked, orders)?, Method::PermutationSampling),
        };
        contributions.sort_by(|one, other| other.amount.abs().total_cmp(&one.amount.abs()));
        Ok(Explanation { class: asked.class, output, baseline, contributions: contributions.into(), method })
    }
}

/// What a model says of rows between the means and a record.
struct Asked<'a> {
    package: &'a Package,
    record: Vec<Entry<'a>>,
    means: Vec<Entry<'a>>,
    class: Option<usize>,
    output: f64,
    baseline: f64,
    /// Rows that wait for a run of the graph.
    rows: Vec<Entry<'a>>,
    scores: Vec<f64>,
}

impl<'a> Asked<'a> {
    fn new(package: &'a Package, record: &'a Record) -> Result<Self, InferenceError> {
        let (record, means) = (package.entries(record), package.means());
        let answers = package.graph().answers(&[record.as_slice(), &means].concat())?;
        let class = match answers[0] {
            Answer::Binary { .. } => Some(1),
            Answer::Multiclass { label, .. } => Some(label),
            Answer::Regression { .. } => None,
        };
        let (output, baseline) = (score(&answers[0], class), score(&answers[1], class));
        let rows = Vec::with_capacity(package.graph().rows_at_once() * record.len());
        Ok(Self { package, record, means, class, output, baseline, rows, scores: Vec::new() })
    }

    /// Asks for a row in which these groups are the record's.
    fn ask(&mut self, is_present: impl Fn(usize) -> bool) -> Result<(), InferenceError> {
        let groups = self.package.group_of_columns().iter();
        let entries = groups.zip(self.record.iter().zip(&self.means));
        self.rows.extend(entries.map(|(group, (record, mean))| if is_present(*group) { *record } else { *mean }));
        if self.rows.len() >= self.package.graph().rows_at_once() * self.record.len() { self.run() } else { Ok(()) }
    }

    fn run(&mut self) -> Result<(), InferenceError> {
        let answers = self.package.graph().answers(&self.rows)?;
        self.scores.extend(answers.iter().map(|answer| score(answer, self.class)));
        self.rows.clear();
        Ok(())
    }

    /// Returns what the model says of the rows that were asked for, in order.
    fn scores(&mut self) -> Result<Vec<f64>, InferenceError> {
        self.run()?;
        Ok(std::mem::take(&mut self.scores))
    }
}

fn exact(asked: &mut Asked<'_>, groups: usize) -> Result<Vec<Contribution>, InferenceError> {
    for present in 0..1_usize << groups {
        asked.ask(|group| present & 1 << group != 0)?;
    }
    let scores = asked.scores()?;
    let contribution = |group| Contribution { group, amount: shapley(&scores, groups, group), standard_error: None };
    Ok((0..groups).map(contribution).collect())
}

/// Returns the mean change that a group makes when it joins others, over all orders of joining. A score stands at the number whose bits
/// are the groups that are present.
fn shapley(scores: &[f64], groups: usize, group: usize) -> f64 {
    let without = (0..scores.len()).filter(|present| present & 1 << group == 0);
    without.map(|others| weight(others.count_ones(), groups) * (scores[others | 1 << group] - scores[others])).sum()
}

/// Returns the share of orders in which exactly so many others have joined before: n! (N − 1 − n)! / N! for n of N groups.
fn weight(others: u32, groups: usize) -> f64 {
    let groups = u32::try_from(groups).unwrap_or(u32::MAX);
    let factorial = |number: u32| (1..=number).map(f64::from).product::<f64>();
    factorial(others) * factorial(groups - 1 - others) / factorial(groups)
}

fn sampled(asked: &mut Asked<'_>, orders: &[Box<[usize]>]) -> Result<Vec<Contribution>, InferenceError> {
    let groups = orders.first().map_or(0, |order| order.len());
    for order in orders {
        let mut is_present = vec![false; groups];
        // The last one to join makes the whole record, which is known.
        for &group in &order[..groups - 1] {
            is_present[group] = true;
            asked.ask(|group| is_present[group])?;
        }
    }
    let scores = asked.scores()?;
    let mut estimates = vec![Estimate::default(); groups];
    for (pair, scores) in orders.chunks_exact(2).zip(scores.chunks_exact(2 * (groups - 1))) {
        let mut moved = vec![0.0; groups];
        for (order, scores) in pair.iter().zip(scores.chunks_exact(groups - 1)) {
            let mut before = asked.baseline;
            for (&group, &after) in order.iter().zip(scores.iter().chain([&asked.output])) {
                moved[group] += (after - before) / 2.0;
                before = after;
            }
        }
        for (estimate, moved) in estimates.iter_mut().zip(moved) {
            estimate.add(moved);
        }
    }
    let contributions = estimates.iter().enumerate().map(|(group, estimate)| Contribution {
        group,
        amount: estimate.mean,
        standard_error: Some(estimate.standard_error()),
    });
    Ok(contributions.collect())
}

/// A mean and its spread, by Welford's method.
#[derive(Debug, Clone, Copy, Default)]
struct Estimate {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Estimate {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        let distance = value - self.mean;
        self.mean += distance / self.count;
        self.squares += distance * (value - self.mean);
    }

    fn standard_error(&self) -> f64 {
        (self.squares / (self.count - 1.0) / self.count).sqrt()
    }
}

/// Returns what is explained of an answer.
fn score(answer: &Answer, class: Option<usize>) -> f64 {
    match answer {
        Answer::Binary { probability, .. } => log_odds(*probability),
        Answer::Multiclass { label, probabilities } => log_odds(probabilities[class.unwrap_or(*label)]),
        Answer::Regression { value } => *value,
    }
}

/// Returns the natural logarithm of the odds; a probability that was rounded to 0 or 1 is taken for the nearest that is neither.
fn log_odds(probability: f32) -> f64 {
    let probability = f64::from(probability).clamp(f64::from(f32::MIN_POSITIVE), 1.0 - f64::from(f32::EPSILON) / 4.0);
    libm::log(probability / (1.0 - probability))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_of_all_combinations_of_others_add_up_to_one() {
        for groups in 1..=MAX_EXACT_GROUPS {
            let sum: f64 = (0..1_usize << (groups - 1)).map(|others| weight(others.count_ones(), groups)).sum();
            assert!((sum - 1.0).abs() < 1e-12, "{groups}: {sum}");
        }
    }

    #[test]
    fn the_shares_of_two_that_only_work_together_are_equal() {
        let scores: Vec<_> = (0..1 << 9).map(|present| if present & 5 == 5 { 3.0 } else { 1.0 }).collect();
        for (group, expected) in [(0, 1.0), (2, 1.0), (4, 0.0)] {
            assert!((shapley(&scores, 9, group) - expected).abs() < 1e-12, "{group}");
        }
    }

    #[test]
    fn rounded_probabilities_have_finite_log_odds() {
        assert!(log_odds(0.0).is_finite() && log_odds(1.0).is_finite());
        assert!((log_odds(0.5)).abs() < 1e-12);
    }

    #[test]
    fn orders_come_with_their_reverse_and_are_always_the_same() {
        let (Plan::Sampled { orders }, Plan::Sampled { orders: again }) = (Plan::new(30), Plan::new(30)) else {
            panic!("30 groups are too many for all combinations");
        };
        assert_eq!(orders, again);
        for pair in orders.chunks_exact(2) {
            assert!(pair[0].iter().eq(pair[1].iter().rev()));
        }
    }

    #[test]
    fn more_groups_never_take_more_than_a_request_may() {
        for groups in 1..2000 {
            let evaluations = Plan::new(groups).evaluations();
            assert!(MAX_EVALUATIONS / evaluations >= 1, "{groups}");
        }
    }
}
