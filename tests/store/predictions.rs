//! Predictions as the service makes them, without a store.

use std::sync::LazyLock;

use jiff::Timestamp;
use lifeboat::model::Model;
use lifeboat::passenger::json::Parsed;
use lifeboat::prediction::Prediction;
use lifeboat::service;
use serde_json::{Value, json};

use crate::fixtures::passengers::numbered;

static MODEL: LazyLock<Model> = LazyLock::new(|| Model::load(None).unwrap());

/// Returns a time that many milliseconds after some moment.
pub(crate) fn at(milliseconds: i64) -> Timestamp {
    const MOMENT: i64 = 1_795_428_904_211;
    Timestamp::from_millisecond(MOMENT + milliseconds).unwrap()
}

/// Predicts for a passenger that a client describes so.
pub(crate) fn prediction(passenger: &Value, created_at: Timestamp) -> Prediction {
    let Parsed(passenger) = serde_json::from_str(&passenger.to_string()).unwrap();
    service::predict(&MODEL, vec![passenger.unwrap()], created_at).unwrap().remove(0)
}

/// Predicts for the passenger of this number.
pub(crate) fn of_number(number: u64, created_at: Timestamp) -> Prediction {
    prediction(&numbered(number), created_at)
}

/// Predicts for a passenger of this `PassengerId` who differs from its other selves by its fare.
pub(crate) fn of_passenger(passenger_id: u64, fare: u32, created_at: Timestamp) -> Prediction {
    let passenger = json!({"PassengerId": passenger_id, "Pclass": 3, "Sex": "male", "Fare": fare});
    prediction(&passenger, created_at)
}
