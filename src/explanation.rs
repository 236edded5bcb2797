//! Why a model said what it said: how far each group of features moved the log-odds from those of the average passenger.
//!
//! The method is the baseline Shapley value (Sundararajan and Najmi, "The many Shapley values for model explanation", 2020) of nine
//! groups of features. A group is "taken away" by setting its features to their means in the training data, the model is asked for
//! every combination of groups, and a group's contribution is the mean change that it makes, over all orders in which groups can
//! join. So it knows nothing of the model's inside, the contributions add up exactly, and for a linear model each is the sum of
//! coefficient × (value − mean).
//!
//! It tells what the model did, not why a passenger lived or died; and it asks the model about passengers who cannot exist, such as
//! a man with half of the title Mrs, where a model may say anything.

use serde::Serialize;
use utoipa::ToSchema;

use crate::features::{FEATURE_COUNT, FEATURE_NAMES, Features};
use crate::model::{InferenceError, Model};

/// How many groups there are.
const GROUPS: u32 = 9;

/// So many combinations of groups there are.
const COMBINATIONS: usize = 1 << GROUPS;

/// What a person understands as one thing about a passenger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Ticket class, and what it means for a woman or a man.
    Class,
    /// Sex, and the title in the name.
    SexAndTitle,
    /// Age, whether it is known, and childhood.
    Age,
    /// Relatives aboard.
    Family,
    /// The fare, alone and per person.
    Fare,
    /// Port of embarkation.
    Port,
    /// The deck of the cabin, and whether it is known.
    Cabin,
    /// What stands before the ticket's number.
    Ticket,
    /// How earlier passengers of the same party fared: those on the same or a neighbouring ticket, or of the same family.
    Party,
}

impl Group {
    /// Every group, in the order of the features.
    pub const ALL: [Self; GROUPS as usize] = [
        Self::Class,
        Self::SexAndTitle,
        Self::Age,
        Self::Family,
        Self::Fare,
        Self::Port,
        Self::Cabin,
        Self::Ticket,
        Self::Party,
    ];

    /// Returns the group of a feature.
    const fn of(feature: &str) -> Self {
        match feature.as_bytes() {
            b"class_1" | b"class_2" | b"class_3" | b"female_class_3" | b"man_class_1" => Self::Class,
            [b't', b'i', b't', b'l', b'e', b'_', ..] | b"female" => Self::SexAndTitle,
            b"age" | b"age_missing" | b"child" => Self::Age,
            b"sib_sp" | b"parch" | b"family_size" | b"alone" | b"large_family" | b"female_large_family" => Self::Family,
            b"log_fare" | b"log_fare_per_person" => Self::Fare,
            b"port_q" => Self::Port,
            [b'd', b'e', b'c', b'k', b'_', ..] => Self::Cabin,
            [b't', b'i', b'c', b'k', b'e', b't', b'_', ..] => Self::Ticket,
            [b'h', b'i', b's', b't', b'o', b'r', b'y', b'_', ..] => Self::Party,
            _ => panic!("every feature belongs to a group"),
        }
    }
}

/// The group of each feature; a feature without one does not compile.
const GROUP_OF_FEATURE: [Group; FEATURE_COUNT] = {
    let mut groups = [Group::Class; FEATURE_COUNT];
    let mut feature = 0;
    while feature < FEATURE_COUNT {
        groups[feature] = Group::of(FEATURE_NAMES[feature]);
        feature += 1;
    }
    groups
};

/// A part of an explanation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Contribution {
    /// What moved the log-odds.
    pub group: Group,
    /// How far, and towards survival where it is positive.
    pub log_odds: f64,
}

/// The way from the average passenger to this one.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The natural logarithm of the odds of survival, as the model has them for the passenger.
    pub log_odds: f64,
    /// The same for a passenger whose every feature is the mean of the training data.
    pub baseline_log_odds: f64,
    /// What leads from the one to the other, largest first; they add up to the difference.
    pub contributions: [Contribution; GROUPS as usize],
}

impl Explanation {
    /// The names of an explanation's columns in a table.
    pub const COLUMNS: [&str; GROUPS as usize + 2] = [
        "log_odds",
        "baseline_log_odds",
        "contribution_class",
        "contribution_sex_and_title",
        "contribution_age",
        "contribution_family",
        "contribution_fare",
        "contribution_port",
        "contribution_cabin",
        "contribution_ticket",
        "contribution_party",
    ];

    /// Returns the numbers of [`Self::COLUMNS`].
    pub fn in_columns(&self) -> [f64; GROUPS as usize + 2] {
        let mut numbers = [0.0; GROUPS as usize + 2];
        (numbers[0], numbers[1]) = (self.log_odds, self.baseline_log_odds);
        for contribution in &self.contributions {
            numbers[2 + contribution.group as usize] = contribution.log_odds;
        }
        numbers
    }
}

/// Explains what the model says of these features.
pub fn explain(model: &Model, features: &Features) -> Result<Explanation, InferenceError> {
    let baseline = model.baseline();
    let rows: Vec<_> = (0..COMBINATIONS).map(|present| combine(features, baseline, present)).collect();
    let log_odds: Vec<_> = model.probabilities(&rows)?.into_iter().map(log_odds).collect();
    let mut contributions = Group::ALL.map(|group| Contribution { group, log_odds: shapley(&log_odds, group) });
    contributions.sort_by(|one, other| other.log_odds.abs().total_cmp(&one.log_odds.abs()));
    Ok(Explanation { log_odds: log_odds[COMBINATIONS - 1], baseline_log_odds: log_odds[0], contributions })
}

/// Returns the features of the groups whose bits are set, and the baseline of the others.
fn combine(features: &Features, baseline: &Features, present: usize) -> Features {
    let mut row = *baseline;
    for (place, group) in GROUP_OF_FEATURE.into_iter().enumerate() {
        if present & bit(group) != 0 {
            row.0[place] = features.0[place];
        }
    }
    row
}

fn bit(group: Group) -> usize {
    1 << group as usize
}

/// Returns the mean change that a group makes when it joins others, over all orders of joining.
fn shapley(log_odds: &[f64], group: Group) -> f64 {
    let without = (0..COMBINATIONS).filter(|present| present & bit(group) == 0);
    without.map(|others| weight(others.count_ones()) * (log_odds[others | bit(group)] - log_odds[others])).sum()
}

/// Returns the share of orders in which exactly so many others have joined before: n! (N − 1 − n)! / N! for n of N groups.
fn weight(others: u32) -> f64 {
    let factorial = |number: u32| f64::from((1..=number).product::<u32>());
    factorial(others) * factorial(GROUPS - 1 - others) / factorial(GROUPS)
}

/// Returns the natural logarithm of the odds; a probability that was rounded to 0 or 1 is taken for the nearest that is neither.
fn log_odds(probability: f32) -> f64 {
    let probability = f64::from(probability).clamp(f64::from(f32::MIN_POSITIVE), 1.0 - f64::from(f32::EPSILON) / 4.0);
    (probability / (1.0 - probability)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_as_groups_are() {
        for group in Group::ALL {
            let name = serde_json::to_value(group).unwrap();
            assert_eq!(Explanation::COLUMNS[2 + group as usize].strip_prefix("contribution_"), name.as_str());
        }
    }

    #[test]
    fn the_weights_of_all_combinations_of_others_add_up_to_one() {
        let sum: f64 = (0..COMBINATIONS / 2).map(|others| weight(others.count_ones())).sum();
        assert!((sum - 1.0).abs() < 1e-12, "{sum}");
    }

    #[test]
    fn the_shares_of_two_that_only_work_together_are_equal() {
        let both = bit(Group::Class) | bit(Group::Age);
        let log_odds: Vec<_> =
            (0..COMBINATIONS).map(|present| if present & both == both { 3.0 } else { 1.0 }).collect();
        for (group, expected) in [(Group::Class, 1.0), (Group::Age, 1.0), (Group::Fare, 0.0)] {
            assert!((shapley(&log_odds, group) - expected).abs() < 1e-12, "{group:?}");
        }
    }

    #[test]
    fn rounded_probabilities_have_finite_log_odds() {
        assert!(log_odds(0.0).is_finite() && log_odds(1.0).is_finite());
        assert!((log_odds(0.5)).abs() < 1e-12);
    }
}
