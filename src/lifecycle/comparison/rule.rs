//! The rule by which a challenger takes the champion's place.
//!
//! The challenger's loss must be lower in 95 % of the bootstrap samples, and in no group may it be higher than the champion's by more than
//! a bound. The loss of classes is the log loss, and the bound [`GROUP_BOUND`]; that of numbers is the squared error, and the bound
//! so many of the outcomes' variance.
//!
//! Where the schema has a time, the samples are of whole days, and fewer than [`ENOUGH_DAYS`] days are not judged: the champion stays.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::super::answer::{Answer, Outcome, loss};
use super::super::baseline::Baseline;
use super::super::days::{ENOUGH_DAYS, RecordDays};
use super::super::performance::{Outcomes, Performance};
use super::super::sum::Sum;
use super::bootstrap::Gain;
use super::group::{self, GroupKey};
use crate::table::{Record, Schema, Task, counted};

/// The share of bootstrap samples in which the challenger must be better.
pub const CONFIDENCE: f64 = 0.95;

/// How much higher a group's log loss may be; of numbers, the squared error in units of the outcomes' variance.
pub const GROUP_BOUND: f64 = 0.02;

/// A smaller group is shown, but does not decide: chance alone would.
pub const GROUP_ROWS: u64 = 30;

/// A labelled record with the answers of two models.
#[derive(Debug, Clone, Copy)]
pub struct Pair<'a> {
    /// The record.
    pub record: &'a Record,
    /// The answer of the model that serves.
    pub champion: Answer<'a>,
    /// The answer of the model that might.
    pub challenger: Answer<'a>,
    /// What really happens.
    pub outcome: Outcome,
}

/// Two models on the same labelled records.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The number of records.
    pub rows: u64,
    /// The number of days that they are of, by which samples are drawn; null where the schema has no time.
    pub days: Option<u64>,
    /// Whether there is enough to judge: at least eight days, where the schema has a time.
    pub judged: bool,
    /// By what the models are compared.
    pub loss: LossKind,
    /// The model that serves.
    pub champion: Performance,
    /// The model that might.
    pub challenger: Performance,
    /// How much lower the challenger's loss is, by samples of records, or of whole days where the schema has a time.
    pub gain: Gain,
    /// By the values of the schema's `compare_by`; none where it names no field.
    pub groups: Vec<Group>,
    /// How much higher a group's loss may be.
    pub group_bound: f64,
    /// Whether the challenger may take the champion's place.
    pub promote: bool,
    /// Why not, in words.
    pub objections: Vec<String>,
}

/// By what models are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LossKind {
    /// Of classes.
    LogLoss,
    /// Of numbers.
    SquaredError,
}

impl LossKind {
    /// Returns the loss by which models of a task are compared.
    pub fn from_task(task: Task) -> Self {
        match task {
            Task::Binary | Task::Multiclass => Self::LogLoss,
            Task::Regression => Self::SquaredError,
        }
    }

    /// Returns what a person reads.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::LogLoss => "log loss",
            Self::SquaredError => "squared error",
        }
    }
}

/// Records that have the same values in the fields of `compare_by`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// The values, by the fields' names.
    pub values: Map<String, Json>,
    /// The number of records.
    pub rows: u64,
    /// The champion's mean loss.
    pub champion_loss: f64,
    /// The challenger's.
    pub challenger_loss: f64,
}

impl Comparison {
    /// Compares two models by their answers to labelled records, and decides. Records whose answer or outcome is not of the schema's task
    /// are left out; without any other, there is nothing to compare. The champion's baseline divides numbers into bins, where there is one.
    pub fn from_pairs<'a>(
        schema: &Schema,
        baseline: Option<&Baseline>,
        pairs: impl IntoIterator<Item = Pair<'a>>,
    ) -> Option<Self> {
        let mut gathered = Gathered::new(schema, baseline);
        for pair in pairs {
            gathered.add(schema, &pair);
        }
        gathered.decide(schema.task())
    }
}

struct Gathered {
    champion: Outcomes,
    challenger: Outcomes,
    /// Of a schema without a time.
    gains: Vec<f64>,
    /// Of a schema with one: by day, those of records without a time together.
    days: Option<(RecordDays, BTreeMap<Option<Date>, Sum>)>,
    groups: BTreeMap<GroupKey, (Map<String, Json>, Sum, Sum)>,
}

impl Gathered {
    fn new(schema: &Schema, baseline: Option<&Baseline>) -> Self {
        let outcomes = || Outcomes::new(schema, baseline);
        let days = RecordDays::new(schema).map(|record_days| (record_days, BTreeMap::new()));
        Self { champion: outcomes(), challenger: outcomes(), gains: vec![], days, groups: BTreeMap::new() }
    }

    fn add(&mut self, schema: &Schema, pair: &Pair<'_>) {
        let losses = loss(pair.champion, pair.outcome).zip(loss(pair.challenger, pair.outcome));
        let Some((ours, theirs)) = losses.filter(|(ours, theirs)| ours.is_finite() && theirs.is_finite()) else {
            return;
        };
        self.champion.add(pair.champion, pair.outcome);
        self.challenger.add(pair.challenger, pair.outcome);
        match &mut self.days {
            Some((record_days, days)) => days.entry(record_days.date(pair.record)).or_default().add(ours - theirs),
            None => self.gains.push(ours - theirs),
        }
        if !schema.compare_by().is_empty() {
            let group = self.groups.entry(GroupKey::new(schema, pair.record));
            let (_, champion, challenger) =
                group.or_insert_with(|| (group::values(schema, pair.record), Sum::default(), Sum::default()));
            champion.add(ours);
            challenger.add(theirs);
        }
    }

    fn decide(self, task: Task) -> Option<Comparison> {
        let loss = LossKind::from_task(task);
        let (gain, rows, days) = match &self.days {
            None => (Gain::from_pairs(&self.gains)?, self.gains.len() as u64, None),
            Some((_, days)) => {
                let sums: Vec<Sum> = days.values().copied().collect();
                let rows = sums.iter().map(Sum::count).sum();
                (Gain::from_days(&sums)?, rows, Some(days.keys().flatten().count()))
            }
        };
        let group_bound = match &self.champion {
            Outcomes::Regression(outcomes) => GROUP_BOUND * outcomes.variance()?,
            Outcomes::Binary(_) | Outcomes::Multiclass(_) => GROUP_BOUND,
        };
        let groups = self.groups.into_values().filter_map(|(values, champion, challenger)| {
            let rows = champion.count();
            Some(Group { values, rows, champion_loss: champion.mean()?, challenger_loss: challenger.mean()? })
        });
        let groups: Vec<Group> = groups.collect();
        let judged = days.is_none_or(|days| days >= ENOUGH_DAYS);
        let objections = match days.filter(|_| !judged) {
            Some(days) => vec![too_few(days)],
            None => objections(loss, &gain, &groups, group_bound),
        };
        Some(Comparison {
            rows,
            days: days.map(|days| days as u64),
            judged,
            loss,
            champion: self.champion.performance()?,
            challenger: self.challenger.performance()?,
            gain,
            groups,
            group_bound,
            promote: objections.is_empty(),
            objections,
        })
    }
}

/// Says that so few days are not judged.
fn too_few(days: usize) -> String {
    format!("not judged: the rows are of {}, and must be of {ENOUGH_DAYS} at least", counted(days, "day"))
}

/// Says why the challenger may not take the champion's place.
fn objections(loss: LossKind, gain: &Gain, groups: &[Group], bound: f64) -> Vec<String> {
    let mut objections = Vec::new();
    let name = loss.in_words();
    if gain.share_better < CONFIDENCE {
        objections.push(format!(
            "its {name} is lower in {:.1} % of the bootstrap samples, and must be in {:.0} %",
            gain.share_better * 100.0,
            CONFIDENCE * 100.0
        ));
    }
    for group in groups.iter().filter(|group| group.rows >= GROUP_ROWS) {
        let worse = group.challenger_loss - group.champion_loss;
        if worse > bound {
            let values = group::in_words(&group.values);
            objections.push(match loss {
                LossKind::LogLoss => format!("its {name} for {values} is higher by {worse:.4}, and may be by {bound}"),
                LossKind::SquaredError => {
                    format!("its {name} for {values} is higher by {worse:.4e}, and may be by {bound:.4e}")
                }
            });
        }
    }
    objections
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_group_that_fares_worse_is_a_reason_if_it_is_not_small() {
        let clear = Gain { mean: 0.1, lower: 0.05, upper: 0.15, share_better: 1.0 };
        let group = |rows, challenger_loss| Group {
            values: json!({"region": "north", "size": 3}).as_object().unwrap().clone(),
            rows,
            champion_loss: 0.4,
            challenger_loss,
        };
        let found = |groups: &[Group]| objections(LossKind::LogLoss, &clear, groups, GROUP_BOUND);
        assert!(found(&[group(30, 0.419), group(29, 0.9)]).is_empty());
        let expected = "its log loss for region north, size 3 is higher by 0.0301, and may be by 0.02";
        assert_eq!(found(&[group(30, 0.4301)]), [expected]);
        let chance = Gain { share_better: 0.5, ..clear };
        assert_eq!(
            objections(LossKind::SquaredError, &chance, &[group(30, 0.5)], 0.05),
            [
                "its squared error is lower in 50.0 % of the bootstrap samples, and must be in 95 %",
                "its squared error for region north, size 3 is higher by 1.0000e-1, and may be by 5.0000e-2",
            ]
        );
    }
}
