//! What came of outcomes that were told, as a list or as a table.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::api::answer::OutcomeObject;
use crate::api::answer_table::TEXT_CSV;
use crate::api::error::ApiError;
use crate::api::records::Places;
use crate::outcome::Subject;
use crate::prediction::columns::cell;
use crate::prediction::format_time;
use crate::service::Recorded;
use crate::store::Recording;
use crate::table::fault::in_words;
use crate::table::output_cell::{ColumnType, OutputCell, OutputColumn};
use crate::table::{Fault, Schema, csv_text};

/// What came of one outcome.
#[derive(Debug)]
pub(super) enum OutcomeAnswer {
    /// The prediction was found.
    Met(Recorded),
    /// There is no such prediction.
    NotFound(&'static str),
    /// What was told is no outcome.
    Invalid(Vec<Fault>),
}

impl OutcomeAnswer {
    /// Says what came of an outcome of this subject.
    pub(super) fn of(subject: Subject, recorded: Option<Recorded>) -> Self {
        match (recorded, subject) {
            (Some(recorded), _) => Self::Met(recorded),
            (None, Subject::Prediction(_)) => Self::NotFound("there is no prediction with this id"),
            (None, Subject::LatestOf(_)) => Self::NotFound("there is no prediction with this key"),
        }
    }

    /// Returns the one word for it.
    fn result(&self) -> &'static str {
        match self {
            Self::Met(Recorded { recording, .. }) => match recording {
                Recording::Recorded(_) => "recorded",
                Recording::Stands(_) => "stands",
                Recording::Corrected(_) => "corrected",
                Recording::Contradicts(_) => "contradicts",
            },
            Self::NotFound(_) => "not_found",
            Self::Invalid(_) => "invalid",
        }
    }

    /// Returns what is wrong with it, as a request for it alone would be told.
    fn problem(&self, place: usize, places: &Places) -> Option<ApiError> {
        match self {
            Self::Met(Recorded { recording: Recording::Contradicts(outcome), .. }) => {
                Some(ApiError::OutcomeConflict(outcome.clone()))
            }
            Self::Met(_) => None,
            Self::NotFound(detail) => Some(ApiError::NotFound(detail)),
            Self::Invalid(faults) => {
                let pointed = faults.iter().map(|fault| places.pointed(place, fault.clone()));
                Some(ApiError::InvalidOutcome(pointed.collect()))
            }
        }
    }
}

/// What came of all outcomes, in their order.
#[derive(Debug)]
pub(super) struct OutcomeAnswers<'a> {
    pub(super) schema: &'a Schema,
    pub(super) places: Places,
    pub(super) answered: Vec<OutcomeAnswer>,
}

impl Serialize for OutcomeAnswers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((0..self.answered.len()).map(|place| AnswerObject { answers: self, place }))
    }
}

struct AnswerObject<'a> {
    answers: &'a OutcomeAnswers<'a>,
    place: usize,
}

impl Serialize for AnswerObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let OutcomeAnswers { schema, places, answered } = self.answers;
        let answered = &answered[self.place];
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("result", answered.result())?;
        if let OutcomeAnswer::Met(Recorded { id, recording }) = answered {
            map.serialize_entry("id", &id.to_string())?;
            OutcomeObject { schema, outcome: recording.outcome() }.serialize_into(&mut map)?;
        }
        if let Some(problem) = answered.problem(self.place, places) {
            map.serialize_entry("problem", &problem)?;
        }
        map.end()
    }
}

/// The columns of a table beside the label.
const OWN: [&str; 4] = ["known_at", "id", "result", "detail"];

impl OutcomeAnswers<'_> {
    /// Answers with a table: the outcome that stands, then what came of what was told.
    pub(super) fn table(&self) -> Response {
        let label = self.schema.label_field();
        let own = OWN.into_iter().map(|name| {
            let name = if name == &*label.name { format!("outcome_{name}") } else { name.to_owned() };
            OutputColumn::new(name, ColumnType::Text)
        });
        let columns = [OutputColumn::new(&*label.name, ColumnType::of(label))].into_iter().chain(own).collect();
        let texts: Vec<[String; 4]> = (0..self.answered.len()).map(|place| self.texts(place)).collect();
        let rows = self.answered.iter().zip(&texts).map(|(answered, texts)| {
            let label = match answered {
                OutcomeAnswer::Met(Recorded { recording, .. }) => cell(&recording.outcome().label),
                _ => OutputCell::Missing,
            };
            let texts =
                texts.iter().map(|text| if text.is_empty() { OutputCell::Missing } else { OutputCell::Text(text) });
            [label].into_iter().chain(texts).collect()
        });
        match csv_text::write(columns, rows) {
            Ok(text) => ([(header::CONTENT_TYPE, TEXT_CSV)], text).into_response(),
            Err(_) => ApiError::Panicked.into_response(),
        }
    }

    /// Returns the cells of a row behind the label, as [`OWN`] names them; an empty one is missing.
    fn texts(&self, place: usize) -> [String; 4] {
        let answered = &self.answered[place];
        let (known_at, id) = match answered {
            OutcomeAnswer::Met(Recorded { id, recording }) => {
                (format_time(recording.outcome().known_at), id.to_string())
            }
            _ => Default::default(),
        };
        let detail = match answered {
            OutcomeAnswer::Invalid(faults) => in_words(faults),
            other => other.problem(place, &self.places).map(|problem| problem.detail()).unwrap_or_default(),
        };
        [known_at, id, answered.result().to_owned(), detail]
    }
}
