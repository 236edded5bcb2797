//! `POST /predict`

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;

use super::answer::{Answer, Json};
use super::base_path::BasePath;
use super::body::Passengers;
use super::csv::{self, Table};
use super::error::ApiError;
use super::openapi::{AnswersSchema, PassengersSchema, TableSchema, examples};
use crate::explanation::Explanation;
use crate::metrics::Measurement;
use crate::passenger::Passenger;
use crate::prediction::Prediction;
use crate::service::{PredictionService, ServiceError};
use crate::store::Put;

/// How many predictions of a list were new.
pub(super) const CREATED: HeaderName = HeaderName::from_static("lifeboat-created");

/// How a client would have its answer.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Options {
    /// Whether the answer is to be a table for the Kaggle competition: `PassengerId` and `Survived`. Every passenger must have a
    /// `PassengerId` then, and there is no room for explanations.
    #[param(default = false)]
    kaggle: bool,
    /// Whether the answer is to say why: how far each thing about a passenger moved the log-odds from the average passenger's.
    #[param(default = false)]
    explain: bool,
    /// Whether predictions are to be stored.
    #[param(default = true)]
    store: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { kaggle: false, explain: false, store: true }
    }
}

/// Predicts one passenger or a list of them, and stores each prediction that is new.
///
/// The same passenger is the same prediction, however often and concurrently it is posted: the answer is that of the first time.
/// A list or a table is answered by a list in the same order, or by a table to whoever accepts `text/csv`.
#[utoipa::path(
    post,
    path = "/predict",
    tag = "predictions",
    params(Options),
    request_body(content(
        (PassengersSchema = "application/json", examples(
            ("one" = (summary = "One passenger", value = json!(examples::becker()))),
            ("list" = (summary = "A list", value = json!([examples::becker(), examples::kelly()]))),
            ("least" = (summary = "The least that is asked for", value = json!({"Pclass": 3, "Sex": "male"}))),
        )),
        (TableSchema = "text/csv", example = json!(examples::TABLE)),
    )),
    responses(
        (
            status = 200,
            description = "The predictions were there already, were of a list, or were not to be stored.",
            content((AnswersSchema = "application/json"), (String = "text/csv")),
            headers(("lifeboat-created" = u32, description = "How many predictions of a list were new.")),
        ),
        (
            status = 201,
            description = "The prediction of the one passenger was stored by this request.",
            content((Answer = "application/json", example = json!(examples::answer())), (String = "text/csv")),
            headers(("location" = String, description = "Where the prediction is.")),
            links(
                ("prediction" = (operation_id = "prediction", parameters(("id" = "$response.body#/id")))),
                ("outcome" = (operation_id = "record_outcome", parameters(("id" = "$response.body#/id")))),
                ("history" = (operation_id = "history", parameters(("passenger_id" = "$response.body#/PassengerId")))),
            )
        ),
    )
)]
pub(super) async fn predict(
    State(service): State<PredictionService>,
    options: Result<Query<Options>, QueryRejection>,
    request: Request,
) -> Result<Response, ApiError> {
    let malformed = |detail: &str| ApiError::Malformed(detail.to_owned());
    let Query(options) =
        options.map_err(|_| malformed("the query may hold kaggle, explain and store, each once and true or false"))?;
    if options.kaggle && options.explain {
        return Err(malformed("a table for Kaggle has no room for explanations: ask for kaggle or explain, not both"));
    }
    let table =
        if options.kaggle { Some(Table::Kaggle) } else { csv::is_preferred(request.headers()).then_some(Table::Full) };
    let base = BasePath::of(request.extensions());
    let (passengers, is_one) = match Passengers::read(request, options.kaggle).await? {
        Passengers::One(passenger) => (vec![*passenger], true),
        Passengers::Many(passengers) => (passengers, false),
    };
    let predicted = Predicted::of(passengers, options, &service).await?;
    let mut body = match table {
        Some(table) => table.of(&predicted),
        None if is_one => Json(predicted.answers().next()).into_response(),
        None => Json(predicted.answers().collect::<Vec<_>>()).into_response(),
    };
    if let Some(measurement) = predicted.measurement.clone() {
        body.extensions_mut().insert(measurement);
    }
    Ok(if is_one { predicted.placed(body, &base) } else { predicted.counted(body) })
}

/// What became of the passengers of a request, in their order.
#[derive(Debug)]
pub(super) struct Predicted {
    pub(super) predictions: Vec<Prediction>,
    /// One for each prediction, where they were asked for.
    pub(super) explanations: Option<Vec<Explanation>>,
    pub(super) is_stored: bool,
    /// What storing them took.
    measurement: Option<Measurement>,
}

impl Predicted {
    async fn of(
        passengers: Vec<Passenger>,
        options: Options,
        service: &PredictionService,
    ) -> Result<Self, ServiceError> {
        let (predictions, measurement) = if options.store {
            let (puts, measurement) = service.predict(passengers).await?;
            (puts.into_iter().map(Put::into_prediction).collect(), Some(measurement))
        } else {
            (service.preview(passengers)?, None)
        };
        let mut predicted = Self { predictions, explanations: None, is_stored: options.store, measurement };
        if options.explain {
            let rows = predicted.predictions.iter().map(|prediction| prediction.features).collect();
            predicted.explanations = Some(service.explain(rows).await?);
        }
        Ok(predicted)
    }

    fn answers(&self) -> impl Iterator<Item = Answer<'_>> {
        self.predictions.iter().enumerate().map(|(index, prediction)| {
            let answer = Answer::from(prediction);
            let answer = if self.is_stored { answer } else { answer.unstored() };
            match &self.explanations {
                Some(explanations) => answer.explained(&explanations[index]),
                None => answer,
            }
        })
    }

    /// Returns how many of the predictions were stored by this request.
    fn created(&self) -> u64 {
        self.measurement.as_ref().map_or(0, |measurement| measurement.created)
    }

    /// Answers `201` with the place of the one prediction where this request stored it, else `200`; the body is the same.
    fn placed(&self, body: Response, base: &BasePath) -> Response {
        if self.created() == 0 {
            return body;
        }
        let location = format!("{base}/predictions/{}", self.predictions[0].id);
        (StatusCode::CREATED, [(header::LOCATION, location)], body).into_response()
    }

    /// Answers how many of a list were new.
    fn counted(&self, body: Response) -> Response {
        ([(CREATED, HeaderValue::from(self.created()))], body).into_response()
    }
}
