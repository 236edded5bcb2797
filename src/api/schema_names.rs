//! Names for what a table decides: the handlers refer to these, and [`super::openapi`] says what they are.

use std::borrow::Cow;

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Makes a type of each name, whose schema is filled in with the table's.
macro_rules! named {
    ($($(#[$doc:meta])* $type:ident = $name:literal),* $(,)?) => {$(
        $(#[$doc])*
        pub(super) struct $type;

        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new().into()
            }
        }

        impl ToSchema for $type {
            fn name() -> Cow<'static, str> {
                $name.into()
            }
        }
    )*};
}

named! {
    /// A record as a client sends it.
    RecordSchema = "Record",
    /// One record, or a list of them.
    RecordsSchema = "Records",
    /// Records as a table.
    TableSchema = "Table",
    /// A prediction in short.
    AnswerSchema = "Prediction",
    /// One prediction, or a list of them.
    AnswersSchema = "Predictions",
    /// A prediction in full.
    FullAnswerSchema = "StoredPrediction",
    /// A page of an entity's predictions.
    HistorySchema = "History",
    /// The id of a prediction.
    PredictionIdSchema = "PredictionId",
    /// The name of the model that is served here.
    ModelNameSchema = "ModelName",
    /// What really happened, as a client tells it.
    NewOutcomeSchema = "NewOutcome",
    /// What really happened, and when that became known.
    RecordedOutcomeSchema = "RecordedOutcome",
    /// Outcomes of many predictions.
    NewOutcomesSchema = "NewOutcomes",
    /// Outcomes of many predictions as a table.
    OutcomeTableSchema = "OutcomeTable",
    /// What came of each outcome that was told.
    OutcomeAnswersSchema = "OutcomeAnswers",
}
