//! What a client is told of a prediction.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::ser::{Serialize, SerializeMap, Serializer};
use utoipa::ToSchema;

use crate::explanation::{Contribution, Explanation};
use crate::features::Features;
use crate::passenger::{Passenger, Port};
use crate::prediction::{Outcome, Prediction, format_time};

/// A prediction in short: the answer to a passenger.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(as = Prediction)]
pub(super) struct Answer<'a> {
    /// Names the prediction: it follows from the passenger and the model's version.
    #[schema(pattern = "^([0-9]+-)?[0-9a-f]{32}$", example = "1070-11d08092d515798f5405b9f12c5230ab")]
    id: String,
    /// The client's own, if it gave one.
    #[serde(rename = "PassengerId")]
    passenger_id: Option<u64>,
    /// 1 where the probability reaches the model's threshold, else 0.
    #[serde(rename = "Survived")]
    #[schema(minimum = 0, maximum = 1)]
    survived: u8,
    /// The probability of survival.
    #[schema(minimum = 0, maximum = 1)]
    probability: f32,
    /// The version of the model that said so.
    model_version: &'a str,
    /// When the prediction was first made; null where nothing was stored.
    #[schema(format = DateTime)]
    created_at: Option<String>,
    /// The logarithm of the odds of survival. With `explain=true` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    log_odds: Option<f64>,
    /// The same for the average passenger. With `explain=true` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    baseline_log_odds: Option<f64>,
    /// What leads from the one to the other, largest first. With `explain=true` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<Vec<Contribution>>)]
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
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(as = StoredPrediction)]
pub(super) struct FullAnswer<'a> {
    #[serde(flatten)]
    answer: Answer<'a>,
    /// The passenger as it was read; it can be posted again.
    passenger: PassengerObject<'a>,
    /// What the model read, by the features' names.
    #[schema(value_type = HashMap<String, Option<f32>>)]
    features: FeatureObject<'a>,
    /// What really happened, once somebody told.
    outcome: Option<OutcomeObject>,
}

/// What really happened to a passenger.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(as = Outcome)]
pub(super) struct OutcomeObject {
    /// 1 for a passenger who survived, else 0.
    #[serde(rename = "Survived")]
    #[schema(minimum = 0, maximum = 1)]
    survived: u8,
    /// When that was told first.
    #[schema(format = DateTime)]
    recorded_at: String,
}

impl From<Outcome> for OutcomeObject {
    fn from(outcome: Outcome) -> Self {
        Self { survived: outcome.survived.into(), recorded_at: format_time(outcome.recorded_at) }
    }
}

impl<'a> From<&'a Prediction> for FullAnswer<'a> {
    fn from(prediction: &'a Prediction) -> Self {
        Self {
            answer: prediction.into(),
            passenger: PassengerObject::from(&prediction.passenger),
            features: FeatureObject(&prediction.features),
            outcome: prediction.outcome.map(OutcomeObject::from),
        }
    }
}

/// A passenger as Kaggle spells it: what is answered can be posted again.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(as = StoredPassenger)]
#[serde(rename_all = "PascalCase")]
struct PassengerObject<'a> {
    passenger_id: Option<u64>,
    pclass: u8,
    name: Option<&'a str>,
    sex: &'static str,
    age: Option<f64>,
    sib_sp: Option<u8>,
    parch: Option<u8>,
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

const APPLICATION_JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A body that is JSON already.
#[derive(Debug)]
pub(super) struct JsonText<'a>(pub(super) &'a str);

impl IntoResponse for JsonText<'_> {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, APPLICATION_JSON)], self.0.to_owned()).into_response()
    }
}

/// A body of JSON.
#[derive(Debug)]
pub(super) struct Json<T>(pub(super) T);

impl<T: serde::Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(header::CONTENT_TYPE, APPLICATION_JSON)], body).into_response(),
            Err(_) => super::error::ApiError::Panicked.into_response(),
        }
    }
}
