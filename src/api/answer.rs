//! What a client is told of a prediction.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::explanation::{Contribution, Explanation};
use crate::features::Features;
use crate::passenger::{Passenger, Port};
use crate::prediction::{Prediction, format_time};

/// A prediction in short: the answer to a passenger.
#[derive(Debug, serde::Serialize)]
pub(super) struct Answer<'a> {
    id: String,
    #[serde(rename = "PassengerId")]
    passenger_id: Option<u64>,
    #[serde(rename = "Survived")]
    survived: u8,
    probability: f32,
    model_version: &'a str,
    /// Null where nothing was stored.
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_odds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline_log_odds: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contributions: Option<&'a [Contribution]>,
}

impl<'a> Answer<'a> {
    /// Says that the prediction was not stored.
    pub(super) fn unstored(self) -> Self {
        Self { created_at: None, ..self }
    }

    /// Says why the model answered so.
    pub(super) fn explained(self, explanation: &'a Explanation) -> Self {
        Self {
            log_odds: Some(explanation.log_odds),
            baseline_log_odds: Some(explanation.baseline_log_odds),
            contributions: Some(&explanation.contributions),
            ..self
        }
    }
}

impl<'a> From<&'a Prediction> for Answer<'a> {
    fn from(prediction: &'a Prediction) -> Self {
        Self {
            id: prediction.id.to_string(),
            passenger_id: prediction.passenger.passenger_id,
            survived: prediction.survived.into(),
            probability: prediction.probability,
            model_version: &prediction.model_version,
            created_at: Some(format_time(prediction.created_at)),
            log_odds: None,
            baseline_log_odds: None,
            contributions: None,
        }
    }
}

/// A prediction in full: with the passenger as it was normalised and the features that the model read.
#[derive(Debug, serde::Serialize)]
pub(super) struct FullAnswer<'a> {
    #[serde(flatten)]
    answer: Answer<'a>,
    passenger: PassengerObject<'a>,
    features: FeatureObject<'a>,
}

impl<'a> From<&'a Prediction> for FullAnswer<'a> {
    fn from(prediction: &'a Prediction) -> Self {
        Self {
            answer: prediction.into(),
            passenger: PassengerObject::from(&prediction.passenger),
            features: FeatureObject(&prediction.features),
        }
    }
}

/// A passenger as Kaggle spells it: what is answered can be posted again.
#[derive(Debug, serde::Serialize)]
#[serde(rename_all = "PascalCase")]
struct PassengerObject<'a> {
    passenger_id: Option<u64>,
    pclass: u8,
    name: Option<&'a str>,
    sex: &'static str,
    age: Option<f64>,
    sib_sp: u8,
    parch: u8,
    ticket: Option<&'a str>,
    fare: Option<f64>,
    cabin: Option<&'a str>,
    embarked: Option<&'static str>,
}

impl<'a> From<&'a Passenger> for PassengerObject<'a> {
    fn from(passenger: &'a Passenger) -> Self {
        Self {
            passenger_id: passenger.passenger_id,
            pclass: passenger.class.number(),
            name: passenger.name.as_deref(),
            sex: passenger.sex.as_str(),
            age: passenger.age,
            sib_sp: passenger.sib_sp,
            parch: passenger.parch,
            ticket: passenger.ticket.as_deref(),
            fare: passenger.fare,
            cabin: passenger.cabin.as_deref(),
            embarked: passenger.embarked.map(Port::as_str),
        }
    }
}

#[derive(Debug)]
struct FeatureObject<'a>(&'a Features);

impl Serialize for FeatureObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        for (name, value) in self.0.named() {
            object.serialize_entry(name, &value)?;
        }
        object.end()
    }
}

/// A body of JSON.
#[derive(Debug)]
pub(super) struct Json<T>(pub(super) T);

impl<T: serde::Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        const APPLICATION_JSON: HeaderValue = HeaderValue::from_static("application/json");
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(header::CONTENT_TYPE, APPLICATION_JSON)], body).into_response(),
            Err(_) => super::error::ApiError::Panicked.into_response(),
        }
    }
}
