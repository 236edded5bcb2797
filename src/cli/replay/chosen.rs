//! Predictions that are chosen at random from all that are read.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::prediction::Prediction;

/// So many predictions at the most: those whose ids hash least, together with a seed. The order in which they are read does not matter.
#[derive(Debug)]
pub(super) struct Chosen {
    count: usize,
    seed: u64,
    predictions: BTreeMap<[u8; 32], Prediction>,
}

impl Chosen {
    pub(super) fn new(count: u32, seed: u64) -> Self {
        Self { count: count as usize, seed, predictions: BTreeMap::new() }
    }

    /// Takes those of a page that hash less than others.
    pub(super) fn take_from(&mut self, page: Vec<Prediction>) {
        for prediction in page {
            let rank = Sha256::digest(format!("{} {}", self.seed, prediction.id)).into();
            self.predictions.insert(rank, prediction);
            if self.predictions.len() > self.count {
                self.predictions.pop_last();
            }
        }
    }

    pub(super) fn into_predictions(self) -> Vec<Prediction> {
        self.predictions.into_values().collect()
    }
}
