//! `POST /predict`

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;

use super::answer::{Answer, Json};
use super::answer_table::{self, Table};
use super::base_path::BasePath;
use super::error::ApiError;
use super::explained::Explained;
use super::records::{Places, Records};
use super::schema_names::{AnswerSchema, AnswersSchema, RecordsSchema, TableSchema};
use crate::metrics::Measurement;
use crate::package::Package;
use crate::package::explanation::Explanation;
use crate::prediction::columns::AnswerRow;
use crate::prediction::{Prediction, format_time};
use crate::service::{PredictionService, ServiceError};
use crate::store::Put;
use crate::table::Record;

/// How many predictions of a list were new.
pub(super) const CREATED: HeaderName = HeaderName::from_static("lifeboat-created");

/// How a client would have its answer.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Options {
    /// Whether the answer is to be a table as Kaggle's competitions take it: key and label alone. Every record must have a whole key
    /// then, and there is no room for explanations.
    #[param(default = false)]
    kaggle: bool,
    /// Whether the answer is to say why: how far each group of fields moved it from that of the average record.
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

/// Predicts one record or a list of them, and stores each prediction that is new.
///
/// The same record is the same prediction, however often and concurrently it is posted: the answer is that of the first time.
/// A list or a table is answered by a list in the same order, or by a table to whoever accepts `text/csv`.
#[utoipa::path(
    post,
    path = "/predict",
    tag = "predictions",
    params(Options),
    request_body(content(
        (RecordsSchema = "application/json"),
        (TableSchema = "text/csv"),
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
            description = "The prediction of the one record was stored by this request.",
            content((AnswerSchema = "application/json"), (String = "text/csv")),
            headers(("location" = String, description = "Where the prediction is.")),
            links(
                ("prediction" = (operation_id = "prediction", parameters(("id" = "$response.body#/id")))),
                ("outcome" = (operation_id = "record_outcome", parameters(("id" = "$response.body#/id")))),
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
    let table = if options.kaggle {
        Some(Table::Kaggle)
    } else {
        answer_table::is_preferred(request.headers()).then_some(Table::Full)
    };
    let base = BasePath::of(request.extensions());
    let package = service.package();
    let Records { records, places } = Records::read(request, package.schema(), options.kaggle).await?;
    let predicted = Predicted::new(records, options, &service).await;
    let mut predicted =
        predicted.map_err(|error| ApiError::unanswered(error, |row, fault| places.pointed(row, fault)))?;
    let is_one = matches!(places, Places::Body);
    let mut body = match table {
        Some(table) => table.response(package, predicted.explanations.is_some(), predicted.rows()),
        None if is_one => Json(predicted.answers(package).next()).into_response(),
        None => Json(predicted.answers(package).collect::<Vec<_>>()).into_response(),
    };
    let created = predicted.measurement.as_ref().map_or(0, |measurement| measurement.created);
    if let Some(measurement) = predicted.measurement.take() {
        body.extensions_mut().insert(measurement);
    }
    match predicted.predictions.first().filter(|_| is_one) {
        Some(prediction) if created > 0 => placed(&mut body, prediction, &base)?,
        Some(_) => {}
        None => drop(body.headers_mut().insert(CREATED, HeaderValue::from(created))),
    }
    Ok(body)
}

/// What became of the records of a request, in their order.
#[derive(Debug)]
struct Predicted {
    records: Vec<Record>,
    /// One for each record.
    predictions: Vec<Prediction>,
    /// One for each prediction, where they were asked for.
    explanations: Option<Vec<Explanation>>,
    is_stored: bool,
    /// What storing them took.
    measurement: Option<Measurement>,
}

impl Predicted {
    async fn new(records: Vec<Record>, options: Options, service: &PredictionService) -> Result<Self, ServiceError> {
        let (predictions, measurement) = if options.store {
            let predicted = service.predict(&records).await?;
            let measurement = Measurement::new(service.package().schema(), &records, &predicted);
            (predicted.puts.into_iter().map(Put::into_prediction).collect(), Some(measurement))
        } else {
            (service.preview(&records)?, None)
        };
        let explanations = if options.explain { Some(service.explain(records.clone()).await?) } else { None };
        Ok(Self { records, predictions, explanations, is_stored: options.store, measurement })
    }

    fn answers<'a>(&'a self, package: &'a Package) -> impl Iterator<Item = Answer<'a>> {
        self.predictions.iter().enumerate().map(move |(index, prediction)| {
            let answer = Answer::new(package.schema(), prediction);
            let answer = if self.is_stored { answer } else { answer.unstored() };
            match &self.explanations {
                Some(explanations) => answer.explained(Explained { package, explanation: &explanations[index] }),
                None => answer,
            }
        })
    }

    fn rows(&self) -> impl Iterator<Item = AnswerRow<'_>> {
        self.predictions.iter().enumerate().map(|(index, prediction)| AnswerRow {
            record: &self.records[index],
            answer: &prediction.answer,
            model_version: &prediction.model_version,
            id: Some(prediction.id.to_string()),
            created_at: self.is_stored.then(|| format_time(prediction.created_at)),
            explanation: self.explanations.as_ref().map(|explanations| &explanations[index]),
        })
    }
}

/// Answers `201` with the place of the one prediction, which this request stored; the body is the same.
fn placed(response: &mut Response, prediction: &Prediction, base: &BasePath) -> Result<(), ApiError> {
    let location = format!("{base}/predictions/{}", prediction.id);
    *response.status_mut() = StatusCode::CREATED;
    // The parts of a path and of an id can always stand in a header.
    let location = HeaderValue::try_from(location).map_err(|_| ApiError::Panicked)?;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(())
}
