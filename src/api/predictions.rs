//! `GET /predictions/{id}`, and `GET /predictions` with the fields of a key: an entity's predictions

use std::borrow::Cow;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::answer::{Answer, FullAnswer, Json};
use super::base_path::BasePath;
use super::error::ApiError;
use super::finish::Revalidated;
use super::schema_names::{FullAnswerSchema, HistorySchema, PredictionIdSchema};
use super::whole_key::without_null;
use crate::identity::{Entity, MAX_ENTITY_BYTES, PredictionId};
use crate::service::PredictionService;
use crate::store::Cursor;
use crate::table::Schema;

const LIMIT: &str = "limit";
const CURSOR: &str = "cursor";

const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 100;

pub(super) const NO_PREDICTION: ApiError = ApiError::NotFound("there is no prediction with this id");

/// Returns a stored prediction, with the record as it was read and the features.
#[utoipa::path(
    get,
    path = "/predictions/{id}",
    tag = "predictions",
    params(("id" = PredictionIdSchema, Path, description = "The prediction's id.")),
    responses((status = 200, body = FullAnswerSchema, description = "The prediction."))
)]
pub(super) async fn prediction(
    State(service): State<PredictionService>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let prediction = service.prediction(&parse_id(id)?).await?.ok_or(NO_PREDICTION)?;
    let names = match prediction.features {
        Some(_) => service.feature_names(&prediction.model_version).await?,
        None => None,
    };
    let answer = FullAnswer::new(service.package().schema(), &prediction, names.as_deref());
    Ok(Revalidated(Json(answer)).into_response())
}

/// Reads an id. A text that cannot be one is, for the client, an id that does not exist.
pub(super) fn parse_id(id: Result<Path<String>, PathRejection>) -> Result<PredictionId, ApiError> {
    id.ok().and_then(|Path(id)| id.parse().ok()).ok_or(NO_PREDICTION)
}

/// A page of an entity's predictions.
#[derive(Serialize)]
struct History<'a> {
    /// Newest first.
    predictions: Vec<Answer<'a>>,
    /// Where the next page is; null on the last one.
    next: Option<String>,
}

/// Returns the name of an option of a page, which gives way to a field of the key that is called so.
pub(super) fn option_name<'a>(schema: &Schema, option: &'a str) -> Cow<'a, str> {
    match schema.column(option) {
        Some(column) if schema.key().contains(&column.field()) => format!("page_{option}").into(),
        _ => option.into(),
    }
}

/// Which entity, and which page of its predictions.
#[derive(Debug, Default)]
struct Page {
    /// The values of the key's fields as the query has them, by their place in the key.
    key: Vec<Option<String>>,
    limit: Option<String>,
    cursor: Option<String>,
}

impl Page {
    /// Reads a query: the fields of the key, `limit` and `cursor`, each once.
    fn read(schema: &Schema, query: &str) -> Result<Self, ApiError> {
        let mut page = Self { key: vec![None; schema.key().len()], ..Self::default() };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let place =
                schema.column(&name).and_then(|column| schema.key().iter().position(|&key| key == column.field()));
            let slot = match place {
                Some(place) => &mut page.key[place],
                None if *name == *option_name(schema, LIMIT) => &mut page.limit,
                None if *name == *option_name(schema, CURSOR) => &mut page.cursor,
                None => {
                    return Err(ApiError::Malformed(format!("the query may hold {}, each once", Self::names(schema))));
                }
            };
            if slot.replace(value.into_owned()).is_some() {
                return Err(ApiError::Malformed(format!("the query may hold {}, each once", Self::names(schema))));
            }
        }
        Ok(page)
    }

    fn names(schema: &Schema) -> String {
        let key = schema.key().iter().map(|&place| &*schema.fields()[place].name);
        let limit = option_name(schema, LIMIT);
        let names: Vec<&str> = key.chain([&*limit]).collect();
        format!("{} and {}", names.join(", "), option_name(schema, CURSOR))
    }

    /// Returns the entity that the query names by the fields of the key.
    fn entity(&self, schema: &Schema) -> Result<Entity, ApiError> {
        if self.key.is_empty() {
            return Err(ApiError::NotFound("this table has no key: its predictions are found by their ids"));
        }
        let (mut values, mut faults) = (Vec::new(), Vec::new());
        for (&place, text) in schema.key().iter().zip(&self.key) {
            let field = &schema.fields()[place];
            match text.as_deref().map(|text| field.read_from_file(text)) {
                Some(Ok(Some(value))) => values.push((field, value)),
                Some(Err(detail)) => faults.push(format!("{} {}", field.name, without_null(&detail))),
                None | Some(Ok(None)) => faults.push(format!("{} is required", field.name)),
            }
        }
        if !faults.is_empty() {
            return Err(ApiError::Malformed(faults.join("; ")));
        }
        let entity = Entity::from_values(values.iter().map(|(field, value)| (*field, value)));
        entity.ok_or_else(|| {
            ApiError::Malformed(format!("the key is longer than the {MAX_ENTITY_BYTES} bytes of one that is stored"))
        })
    }

    /// Returns the query of the page after this one.
    fn next(&self, schema: &Schema, limit: usize, after: Cursor) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (&place, text) in schema.key().iter().zip(&self.key) {
            query.append_pair(&schema.fields()[place].name, text.as_deref().unwrap_or_default());
        }
        let (limit, after) = (limit.to_string(), after.to_string());
        query
            .append_pair(&option_name(schema, LIMIT), &limit)
            .append_pair(&option_name(schema, CURSOR), &after)
            .finish()
    }
}

/// Returns an entity's predictions, newest first, a page at a time. The fields of the table's key name the entity.
#[utoipa::path(
    get,
    path = "/predictions",
    tag = "predictions",
    params(
        ("limit" = Option<u64>, Query, minimum = 1, maximum = 100, description = "The most predictions on a page; 20 otherwise."),
        ("cursor" = Option<String>, Query, description = "Where the page begins: a part of `next` of the page before."),
    ),
    responses((status = 200, body = HistorySchema, description = "A page of predictions; an empty one where there is none."))
)]
pub(super) async fn history(
    State(service): State<PredictionService>,
    uri: Uri,
    base: BasePath,
) -> Result<Response, ApiError> {
    let schema = service.package().schema();
    let page = Page::read(schema, uri.query().unwrap_or_default())?;
    let entity = page.entity(schema)?;
    let limit = limit(page.limit.as_deref())?;
    let after: Option<Cursor> = page
        .cursor
        .as_deref()
        .map(str::parse)
        .transpose()
        .map_err(|error| ApiError::Malformed(format!("cursor is {error}")))?;
    // One more than asked for tells whether there is a next page.
    let found = service.history(&entity, after, limit + 1).await?;
    let shown = &found[..found.len().min(limit)];
    let next = shown
        .last()
        .filter(|_| found.len() > limit)
        .map(|last| format!("{base}/predictions?{}", page.next(schema, limit, Cursor::after(last))));
    let predictions = shown.iter().map(|prediction| Answer::new(schema, prediction)).collect();
    Ok(Json(History { predictions, next }).into_response())
}

fn limit(text: Option<&str>) -> Result<usize, ApiError> {
    match text.map_or(Ok(DEFAULT_LIMIT), str::parse) {
        Ok(limit) if (1..=MAX_LIMIT).contains(&limit) => Ok(limit),
        _ => Err(ApiError::Malformed(format!("limit must be an integer from 1 to {MAX_LIMIT}"))),
    }
}
