//! Predictions as a table of comma-separated values.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::error::ApiError;
use super::negotiation::choices;
use crate::package::Package;
use crate::prediction::columns::{AnswerColumns, AnswerRow, Part};
use crate::table::WriteError;
use crate::table::csv_text;

/// The media type of a table.
pub(super) const TEXT_CSV: HeaderValue = HeaderValue::from_static("text/csv; charset=utf-8; header=present");

/// Which columns a table of predictions has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    /// All that the JSON answer has.
    Full,
    /// Key and label, as Kaggle's competitions take them.
    Kaggle,
}

impl Table {
    /// Writes predictions down, with a column for each group where they are explained.
    pub(super) fn response<'a>(
        self,
        package: &Package,
        is_explained: bool,
        rows: impl Iterator<Item = AnswerRow<'a>>,
    ) -> Response {
        match self.text(package, is_explained, rows) {
            Ok(text) => ([(header::CONTENT_TYPE, TEXT_CSV)], text).into_response(),
            Err(_) => ApiError::Panicked.into_response(),
        }
    }

    fn text<'a>(
        self,
        package: &Package,
        is_explained: bool,
        rows: impl Iterator<Item = AnswerRow<'a>>,
    ) -> Result<Vec<u8>, WriteError> {
        let part = match self {
            Self::Full => Part::Stored,
            Self::Kaggle => Part::KeyAndLabel,
        };
        let groups = if is_explained { package.groups() } else { &[] };
        let columns = AnswerColumns::new(package.schema(), part, groups);
        let rows: Vec<AnswerRow<'a>> = rows.collect();
        csv_text::write(columns.columns().to_vec(), rows.iter().map(|row| columns.cells(row)))
    }
}

/// Tells whether a client would rather have CSV than JSON.
pub(super) fn is_preferred(headers: &HeaderMap) -> bool {
    let (mut csv, mut json) = (0.0, 0.0_f32);
    for (media_type, weight) in choices(headers.get_all(header::ACCEPT)) {
        match media_type.to_ascii_lowercase().as_str() {
            "text/csv" => csv = weight,
            "application/json" | "application/*" | "*/*" => json = json.max(weight),
            _ => {}
        }
    }
    csv > json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_is_answered_to_those_who_would_rather_have_it() {
        let is_preferred = |accept: &'static str| {
            is_preferred(&HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]))
        };
        for accept in ["text/csv", "Text/CSV", "text/csv, */*;q=0.8", "application/json;q=0.5, text/csv;q=0.6"] {
            assert!(is_preferred(accept), "{accept}");
        }
        for accept in ["", "*/*", "text/html", "text/csv;q=0", "text/csv, application/json", "text/csv;q=0.1, */*"] {
            assert!(!is_preferred(accept), "{accept}");
        }
    }
}
