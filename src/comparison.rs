//! Champion against challenger: whether a new model may take the place of the one that serves.
//!
//! [`Comparison::of`] is the one place where that is decided: the challenger's log loss must be lower in 95 % of the bootstrap samples,
//! and in no group of class and sex may it be higher than the champion's by more than [`GROUP_BOUND`].

use std::collections::BTreeMap;

use fastrand::Rng;
use serde::Serialize;

use crate::model::{InferenceError, Model};
use crate::passenger::Passenger;
use crate::statistics::{Judged, auc, brier, log_loss, mean, to_float};

/// The share of bootstrap samples in which the challenger must be better.
pub const CONFIDENCE: f64 = 0.95;

/// How much higher a group's log loss may be.
pub const GROUP_BOUND: f64 = 0.02;

/// A group of fewer passengers is shown, but does not decide: chance alone would.
pub const GROUP_ROWS: usize = 30;

/// So many samples are drawn, with replacement, each as large as the data.
const SAMPLES: usize = 2000;

/// Draws the same samples each time.
const SEED: u64 = 1912;

/// Two models on the same labelled passengers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// How many passengers there are.
    pub rows: usize,
    /// How many of them the models were trained on, who tell nothing of how a model fares with others.
    pub seen: Seen,
    /// The model that serves.
    pub champion: Scores,
    /// The model that might.
    pub challenger: Scores,
    /// How much lower the challenger's log loss is, passenger by passenger.
    pub gain: Gain,
    /// By class and sex.
    pub groups: Vec<Group>,
    /// Whether the challenger may take the champion's place.
    pub promote: bool,
    /// Why not, in words.
    pub objections: Vec<String>,
}

/// How many passengers each model was trained on, as far as its package knows them again: see [`crate::history::History::is_known`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// The model that serves.
    pub champion: usize,
    /// The model that might.
    pub challenger: usize,
}

impl Seen {
    /// Counts them.
    pub fn new(champion: &Model, challenger: &Model, labelled: &[(Passenger, bool)]) -> Self {
        let by = |model: &Model| labelled.iter().filter(|(passenger, _)| model.was_trained_on(passenger)).count();
        Self { champion: by(champion), challenger: by(challenger) }
    }

    /// Returns whether neither model was trained on any of them, as far as their packages tell.
    pub fn is_none(self) -> bool {
        self == Self { champion: 0, challenger: 0 }
    }
}

/// How good a model was.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scores {
    /// The model's version.
    pub version: String,
    /// The share of right answers.
    pub accuracy: f64,
    /// The area under the receiver operating characteristic; null unless there are survivors and others.
    pub auc: Option<f64>,
    /// The log loss.
    pub log_loss: f64,
    /// The Brier score.
    pub brier: f64,
}

/// A difference of log losses, champion less challenger, and what a paired bootstrap says of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Gain {
    /// The mean.
    pub mean: f64,
    /// The end of the 95 % interval below it.
    pub lower: f64,
    /// The end above it.
    pub upper: f64,
    /// The share of samples in which the challenger is better.
    pub share_better: f64,
}

/// Passengers of one class and sex.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// `Pclass`: 1, 2 or 3.
    #[serde(rename = "Pclass")]
    pub class: u8,
    /// `female` or `male`.
    #[serde(rename = "Sex")]
    pub sex: &'static str,
    /// How many there are.
    pub rows: usize,
    /// The champion's log loss.
    pub champion_log_loss: f64,
    /// The challenger's.
    pub challenger_log_loss: f64,
}

impl Comparison {
    /// Compares two models, and decides; returns nothing where there are no passengers.
    pub fn of(
        champion: &Model,
        challenger: &Model,
        labelled: &[(Passenger, bool)],
    ) -> Result<Option<Self>, InferenceError> {
        let seen = Seen::new(champion, challenger, labelled);
        let (ours, theirs) = (judge(champion, labelled)?, judge(challenger, labelled)?);
        let (Some(champion), Some(challenger)) = (scores(champion, &ours), scores(challenger, &theirs)) else {
            return Ok(None);
        };
        let gains: Vec<f64> = ours.iter().zip(&theirs).map(|(ours, theirs)| loss(ours) - loss(theirs)).collect();
        let gain = bootstrap(&gains);
        let groups = groups(labelled, &ours, &theirs);
        let objections = objections(&gain, &groups);
        let promote = objections.is_empty();
        Ok(Some(Self { rows: labelled.len(), seen, champion, challenger, gain, groups, promote, objections }))
    }
}

/// Says why the challenger may not take the champion's place.
fn objections(gain: &Gain, groups: &[Group]) -> Vec<String> {
    let mut objections = Vec::new();
    if gain.share_better < CONFIDENCE {
        objections.push(format!(
            "its log loss is lower in {:.1} % of the bootstrap samples, and must be in {:.0} %",
            gain.share_better * 100.0,
            CONFIDENCE * 100.0
        ));
    }
    for group in groups.iter().filter(|group| group.rows >= GROUP_ROWS) {
        let worse = group.challenger_log_loss - group.champion_log_loss;
        if worse > GROUP_BOUND {
            objections.push(format!(
                "its log loss for class {}, {} is higher by {worse:.4}, and may be by {GROUP_BOUND}",
                group.class, group.sex
            ));
        }
    }
    objections
}

fn judge(model: &Model, labelled: &[(Passenger, bool)]) -> Result<Vec<Judged>, InferenceError> {
    let rows: Vec<_> = labelled.iter().map(|(passenger, _)| model.features(passenger)).collect();
    let probabilities = model.probabilities(&rows)?;
    Ok(probabilities.into_iter().map(f64::from).zip(labelled.iter().map(|(_, survived)| *survived)).collect())
}

fn scores(model: &Model, judged: &[Judged]) -> Option<Scores> {
    let threshold = f64::from(model.manifest().threshold);
    let right = |&(probability, survived): &Judged| f64::from(u8::from((probability >= threshold) == survived));
    Some(Scores {
        version: model.version().to_string(),
        accuracy: mean(judged.iter().map(right))?,
        auc: auc(judged),
        log_loss: log_loss(judged)?,
        brier: brier(judged)?,
    })
}

fn loss(judged: &Judged) -> f64 {
    log_loss(std::slice::from_ref(judged)).unwrap_or_default()
}

/// Draws samples with replacement, and returns what their means say.
fn bootstrap(gains: &[f64]) -> Gain {
    let mut random = Rng::with_seed(SEED);
    let mut draw =
        || (0..gains.len()).map(|_| gains[random.usize(..gains.len())]).sum::<f64>() / to_float(gains.len() as u64);
    let mut means: Vec<f64> = (0..SAMPLES).map(|_| draw()).collect();
    means.sort_by(f64::total_cmp);
    let tail = SAMPLES / 40;
    let better = means.iter().filter(|&&mean| mean > 0.0).count();
    Gain {
        mean: mean(gains.iter().copied()).unwrap_or_default(),
        lower: means[tail],
        upper: means[SAMPLES - 1 - tail],
        share_better: to_float(better as u64) / to_float(SAMPLES as u64),
    }
}

fn groups(labelled: &[(Passenger, bool)], ours: &[Judged], theirs: &[Judged]) -> Vec<Group> {
    let mut groups: BTreeMap<(u8, &'static str), [Vec<Judged>; 2]> = BTreeMap::new();
    for (((passenger, _), ours), theirs) in labelled.iter().zip(ours).zip(theirs) {
        let [champion, challenger] = groups.entry((passenger.class.number(), passenger.sex.as_str())).or_default();
        champion.push(*ours);
        challenger.push(*theirs);
    }
    let groups = groups.into_iter().filter_map(|((class, sex), [champion, challenger])| {
        Some(Group {
            class,
            sex,
            rows: champion.len(),
            champion_log_loss: log_loss(&champion)?,
            challenger_log_loss: log_loss(&challenger)?,
        })
    });
    groups.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gain_that_chance_would_give_is_no_reason() {
        let clear = bootstrap(&[0.1, 0.2, 0.15, 0.05].repeat(50));
        assert!(
            clear.share_better > 0.999 && clear.lower > 0.0 && clear.lower < clear.mean && clear.mean < clear.upper
        );
        let chance = bootstrap(&[1.0, -1.0, 0.5, -0.49].repeat(25));
        assert!((0.2..0.8).contains(&chance.share_better), "{chance:?}");
        assert_eq!(objections(&clear, &[]), Vec::<String>::new());
        assert_eq!(objections(&chance, &[]).len(), 1);
    }

    #[test]
    fn a_group_that_fares_worse_is_a_reason_if_it_is_not_small() {
        let clear = Gain { mean: 0.1, lower: 0.05, upper: 0.15, share_better: 1.0 };
        let group = |rows, challenger_log_loss| Group {
            class: 3,
            sex: "female",
            rows,
            champion_log_loss: 0.4,
            challenger_log_loss,
        };
        assert!(objections(&clear, &[group(30, 0.419), group(29, 0.9)]).is_empty());
        let objections = objections(&clear, &[group(30, 0.4301)]);
        assert_eq!(objections, ["its log loss for class 3, female is higher by 0.0301, and may be by 0.02"]);
    }
}
