//! A fault of a request, and where it stands.

use serde::Serialize;
use utoipa::ToSchema;

use crate::table::Fault;

/// A fault and where it stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Fault)]
pub(in crate::api) struct Pointed {
    #[serde(flatten)]
    place: Place,
    /// What was expected and what was found.
    detail: String,
}

/// Where a fault stands: in JSON or in a table.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum Place {
    /// JSON pointer (RFC 6901) into the body.
    Json {
        /// JSON pointer (RFC 6901) into the body.
        pointer: String,
    },
    /// Line of a table, the header being the first, and the column by its name where the fault is in a cell.
    Table {
        /// The header is line 1.
        line: u64,
        /// Left out where the line as a whole is at fault.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        column: Option<String>,
    },
}

impl Pointed {
    /// Points at a field of a record; `record` is the pointer of the record itself.
    pub(in crate::api) fn new(record: &str, fault: Fault) -> Self {
        let pointer = match fault.field {
            Some(field) => format!("{record}/{}", field.replace('~', "~0").replace('/', "~1")),
            None => record.to_owned(),
        };
        Self { place: Place::Json { pointer }, detail: fault.detail }
    }

    /// Points at a line of a table, or at a cell in it.
    pub(in crate::api) fn in_table(line: u64, fault: Fault) -> Self {
        Self { place: Place::Table { line, column: fault.field }, detail: fault.detail }
    }
}
