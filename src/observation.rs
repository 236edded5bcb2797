//! What monitoring reads of a stored prediction: its features and its answer, and of the passenger only what is missing.

use std::sync::Arc;

use jiff::Timestamp;

use crate::features::Features;
use crate::passenger::Passenger;
use crate::prediction::{Prediction, Shadow};

/// A prediction without its passenger.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// What the model read.
    pub features: Features,
    /// The probability of survival, 0 to 1.
    pub probability: f32,
    /// Whether the probability reached the model's threshold.
    pub survived: bool,
    /// The version of the model package.
    pub model_version: Arc<str>,
    /// When the prediction was first made, to the millisecond.
    pub created_at: Timestamp,
    /// The fields in which the passenger has no value.
    pub missing: MissingFields,
    /// Whether the passenger survived, once somebody told.
    pub outcome: Option<bool>,
    /// What another model said of the same passenger.
    pub shadow: Option<Shadow>,
}

impl From<&Prediction> for Observation {
    fn from(prediction: &Prediction) -> Self {
        Self {
            features: prediction.features,
            probability: prediction.probability,
            survived: prediction.survived,
            model_version: Arc::clone(&prediction.model_version),
            created_at: prediction.created_at,
            missing: MissingFields::new(|field| prediction.passenger.is_missing(field)),
            outcome: prediction.outcome.map(|outcome| outcome.survived),
            shadow: prediction.shadow.clone(),
        }
    }
}

/// A set of fields in which a passenger has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingFields([bool; Passenger::OPTIONAL.len()]);

impl MissingFields {
    /// Asks of each field, by Kaggle's name, whether it has no value.
    pub(crate) fn new(is_missing: impl Fn(&str) -> bool) -> Self {
        Self(Passenger::OPTIONAL.map(is_missing))
    }

    /// Reads a number that has a bit for each field, the lowest for the first, which is 1 where there is no value.
    pub(crate) fn from_bits(bits: u8) -> Self {
        Self(std::array::from_fn(|place| bits >> place & 1 == 1))
    }

    /// Tells of each field, in the order of the fields, whether it has no value.
    pub(crate) fn by_place(self) -> [bool; Passenger::OPTIONAL.len()] {
        self.0
    }
}
